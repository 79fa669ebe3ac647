"""Tokens that are nearly right: sent as they are, and shown to nobody."""

from __future__ import annotations

import subprocess

import pytest

from conformance.bench import Bench
from conformance.budget import Limits
from conformance.check import CHECKS
from conformance.transport import Transport
from tests.conformance.loopback import accepting, serving
from tests.conformance.targets import ENVIRON, NORTECH, target

PLENTY = Limits(max_requests=100, max_accepted=100, timeout=10)


@pytest.mark.parametrize("token", ["aaaa1111.BbbbBbbb2222.cccc3333", "0123456789abcdefABCDEF"])
def test_a_token_that_is_nearly_right_is_made_by_the_shell_and_never_shown(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENVIRON, "HISTDATA_NORTECH_TOKEN", token)
    of = target(NORTECH, "documented")
    with serving(accepting()) as loopback, Transport(loopback.url, PLENTY, of.secrets) as transport:
        bench = Bench(of, transport, watcher=lambda _: None, seed=1, in_time=9.0, repeats=1)
        list(CHECKS["nortech.auth.near_token"].run(bench))
        near = [sent.answer.exchange for sent in bench.sent if sent.twin is not None]
        assert len(near) == 8
        (name,) = of.secrets
        for exchange in near:
            header = dict(exchange.request_headers)["Authorization"]
            command = transport.curl(exchange)
            shown = transport.redact(header)
            for part in (token[:6], token.swapcase()[:6]):
                assert part not in command
                assert part not in shown
            said = subprocess.run(
                ["sh", "-c", f'curl() {{ printf "%s\\n" "$@"; }}; {command}'],
                capture_output=True,
                check=True,
                timeout=20,
                encoding="latin-1",
                env={name: token, "PATH": "/usr/bin:/bin"},
            )
            assert f"Authorization: {header}\n" in said.stdout
