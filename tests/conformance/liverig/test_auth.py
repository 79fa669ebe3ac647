"""LiveRig's credentials: wrong ones near the right ones, sent where some are needed, and shown to nobody."""

from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from conformance.bench import Bench
from conformance.budget import Limits
from conformance.check import CHECKS
from conformance.transport import Transport
from conformance.verdict import Sign
from tests.conformance.loopback import Asked, Said, accepting, serving
from tests.conformance.targets import ENVIRON, LIVERIG, target

if TYPE_CHECKING:
    from collections.abc import Callable

PLENTY = Limits(max_requests=100, max_accepted=100, timeout=10)
USER, PASSWORD = "operator", "Zx81-Spectrum-Qv"
KINDS: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str]]] = {
    "basic": (
        {"kind": "basic", "user_env": "OWN_USER", "password_env": "OWN_PASSWORD"},
        {"OWN_USER": USER, "OWN_PASSWORD": PASSWORD},
        {"authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()},
    ),
    "bearer": (
        {"kind": "bearer", "token_env": "OWN_TOKEN"},
        {"OWN_TOKEN": PASSWORD},
        {"authorization": f"Bearer {PASSWORD}"},
    ),
    "session": (
        {"kind": "session", "cookie_env": "OWN_COOKIE", "csrf_env": "OWN_CSRF"},
        {"OWN_COOKIE": PASSWORD, "OWN_CSRF": "csrf-4711-value"},
        {"cookie": f"JSESSIONID={PASSWORD}"},
    ),
}
CHECKED = ("wrong", "scheme_case", "malformed")


def judged(
    kind: str, lets_in: Callable[[dict[str, str]], bool], monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, set[Sign]], list[str], list[str]]:
    """The signs of each check, the commands, and what of each request may be shown."""
    auth, environ, _ = KINDS[kind]
    for name, value in environ.items():
        monkeypatch.setitem(ENVIRON, name, value)
    of = target(LIVERIG, "current", auth=auth)
    accepts = accepting()

    def answer(asked: Asked) -> Said:
        headers = {name.lower(): value for name, value in asked.headers.items()}
        return accepts(asked) if lets_in(headers) else Said(401, {"failure": "Sign in"})

    with serving(answer) as loopback, Transport(loopback.url, PLENTY, of.secrets) as transport:
        bench = Bench(of, transport, watcher=lambda _: None, seed=1, in_time=9.0, repeats=1)
        signs = {name: {o.sign for o in CHECKS[f"liverig.auth.{name}"].run(bench)} for name in CHECKED}
        exchanges = [sent.answer.exchange for sent in bench.sent]
        shown = [transport.redact(str(exchange.request_headers)) for exchange in exchanges]
        return signs, [transport.curl(exchange) for exchange in exchanges], shown


def right(kind: str) -> Callable[[dict[str, str]], bool]:
    """Lets in whoever has the right credentials, the scheme in any letter case."""
    ((header, value),) = KINDS[kind][2].items()
    scheme, _, rest = value.partition(" ")
    return lambda headers: (
        headers.get(header, "").partition(" ")[2] == rest
        and headers.get(header, "").partition(" ")[0].lower() == scheme.lower()
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_knows_its_users_keeps_all_and_no_secret_is_shown(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs, commands, shown = judged(kind, right(kind), monkeypatch)
    absent = {Sign.ABSENT} if kind == "session" else {Sign.KEPT}
    assert signs == {"wrong": {Sign.KEPT}, "scheme_case": absent, "malformed": absent}
    for part in (PASSWORD[:9], PASSWORD.swapcase()[:9], base64.b64encode(PASSWORD[:9].encode()).decode()):
        assert not any(part in text for text in (*commands, *shown))


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_lets_in_whoever_names_something_is_found(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (header,) = KINDS[kind][2]
    signs, _, _ = judged(kind, lambda headers: header in headers, monkeypatch)
    assert signs["wrong"] == {Sign.BROKEN}


def test_where_no_credentials_are_needed_none_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    signs, _, _ = judged("basic", lambda _: True, monkeypatch)
    assert signs == {key: {Sign.ABSENT} for key in CHECKED}


def test_the_shell_sends_the_scheme_in_the_letters_that_were_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    _, commands, _ = judged("basic", right("basic"), monkeypatch)
    (command,) = [c for c in commands if "Authorization: basic" in c]
    environ: dict[str, Any] = KINDS["basic"][1] | {"PATH": "/usr/bin:/bin"}
    said = subprocess.run(
        ["sh", "-c", f'curl() {{ printf "%s\\n" "$@"; }}; {command}'],
        capture_output=True,
        check=True,
        timeout=20,
        text=True,
        env=environ,
    )
    assert KINDS["basic"][2]["authorization"].replace("Basic", "basic") in said.stdout
