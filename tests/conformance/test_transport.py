from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import threading
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.budget import Limits
from conformance.exchange import exchange_of
from conformance.redaction import Redaction
from conformance.transport import Transport
from conformance.trouble import NoAnswer, TransportError, Unreachable
from tests.conformance.scripted import PLENTY, Target, answer, drop, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conformance.loopback import Handler


@pytest.fixture
def target() -> Iterator[Target]:
    with serving() as running:
        yield running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_exchange_is_what_was_sent_and_what_came(target: Target) -> None:
    target.script = [answer(418, b'{"a": 1}', X_Twice="1")]
    with Transport(target.url, PLENTY, {}, headers={"Authorization": "Bearer t"}) as transport:
        exchange = transport.request("PUT", "/p?q=a%20b", data=b"\x00\xff", headers={"X-Own": "1"})
    assert (exchange.method, exchange.url) == ("PUT", f"{target.url}/p?q=a%20b")
    assert (exchange.status, exchange.json(), exchange.header("x-twice")) == (418, {"a": 1}, "1")
    assert exchange.request_body == b"\x00\xff"
    assert target.seen[0][:2] == ("PUT", "/p?q=a%20b")
    assert target.bodies == [b"\x00\xff"]
    assert target.header("authorization") == "Bearer t"
    assert dict(exchange.request_headers).items() <= dict(target.seen[0][2]).items()


def test_a_request_may_go_without_a_configured_header_or_with_its_own(target: Target) -> None:
    with Transport(target.url, PLENTY, {}, headers={"Authorization": "Bearer t"}) as transport:
        transport.request("GET", "/", headers={"authorization": None})
        transport.request("GET", "/", headers={"authorization": "Bearer other"})
    assert [target.header("authorization", i) for i in (0, 1)] == [None, "Bearer other"]


def test_credentials_stay_with_the_target(target: Target) -> None:
    with (
        serving() as store,
        Transport(target.url, PLENTY, {}, headers={"Authorization": "secret"}) as transport,
    ):
        transport.request("GET", f"{store.url}/000.parquet")
        assert store.header("authorization") is None


def test_no_redirect_is_followed_no_cookie_kept_and_no_proxy_taken_from_the_environment(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("no_proxy", "")
    target.script = [answer(302, Location="/elsewhere", Set_Cookie="a=b")]
    with Transport(target.url, PLENTY, {}) as transport:
        response = transport.session.get(f"{target.url}/")
        assert exchange_of(response).status == 302
        transport.request("GET", "/")
    assert len(target.seen) == 2
    assert target.header("cookie") is None


def test_a_connection_closed_between_two_requests_is_replaced_and_costs_nothing(target: Target) -> None:
    with Transport(target.url, PLENTY, {}) as transport:
        transport.request("GET", "/first")
        target.script = [drop]
        exchange = transport.request("GET", "/second")
        assert (exchange.retries, transport.budget.sent) == (1, 2)


def test_once_an_idle_connection_was_closed_each_request_has_one_of_its_own(target: Target) -> None:
    with Transport(target.url, PLENTY, {}) as transport:
        transport.request("GET", "/first")
        target.script = [drop]
        transport.request("GET", "/second")
        target.script = [drop]
        with pytest.raises(NoAnswer, match="closed the connection without an answer"):
            transport.request("GET", "/third")
        assert target.seen[-1][1] == "/third"
        assert transport.budget.sent == 3


def test_a_fresh_connection_closed_without_an_answer_is_not_tried_again(target: Target) -> None:
    target.script = [drop]
    with Transport(target.url, PLENTY, {}) as transport, pytest.raises(NoAnswer):
        transport.request("POST", "/")
    assert len(target.seen) == 1


def test_a_target_that_speaks_no_tls_is_told_in_words(target: Target) -> None:
    with (
        Transport(target.url.replace("http://", "https://"), PLENTY, {}) as transport,
        pytest.raises(Unreachable, match="could not connect: what listens there speaks no TLS"),
    ):
        transport.request("GET", "/")


def test_nobody_there_is_said_in_words() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with Transport(url, PLENTY, {}) as transport:
        with pytest.raises(Unreachable, match="could not connect: connection refused"):
            transport.request("GET", "/")
        with pytest.raises(Unreachable, match="connection refused"):
            transport.raw(b"GET / HTTP/1.1\r\n\r\n")


def cut_short(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    handler.close_connection = True


def no_http(handler: Handler) -> None:
    handler.wfile.write(b"hello there\r\n\r\n")
    handler.close_connection = True


def bad_chunk(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc")
    handler.close_connection = True


def bad_coding(handler: Handler) -> None:
    answer(200, b"not gzip", Content_Encoding="gzip")(handler)


@pytest.mark.parametrize(
    "broken, way",
    [(broken, way) for broken in (cut_short, no_http, bad_chunk, bad_coding) for way in ("request", "raw")],
)
def test_a_broken_answer_is_no_answer(target: Target, broken: Callable[[Handler], None], way: str) -> None:
    target.script = [broken]
    with Transport(target.url, PLENTY, {}) as transport, pytest.raises(NoAnswer) as caught:
        transport.request("GET", "/") if way == "request" else transport.raw(b"GET / HTTP/1.1\r\n\r\n")
    # What is no HTTP at all may be another server; what began as an answer is one.
    assert (caught.value.damage is not None) is (way == "request" and broken is not no_http)


def with_hints(handler: Handler) -> None:
    for interim in (b"102 Processing\r\n\r\n", b"103 Early Hints\r\nLink: </a>\r\n\r\n"):
        handler.wfile.write(b"HTTP/1.1 " + interim)
    answer(200, b"the answer")(handler)


@pytest.mark.parametrize("way", ["request", "raw"])
def test_an_interim_answer_is_read_past(target: Target, way: str) -> None:
    target.script = [with_hints]
    with Transport(target.url, PLENTY, {}) as transport:
        exchange = (
            transport.request("GET", "/") if way == "request" else transport.raw(b"GET / HTTP/1.1\r\n\r\n")
        )
    assert (exchange.status, exchange.body) == (200, b"the answer")


def test_silence_is_no_answer(target: Target) -> None:
    released = threading.Event()

    def stay_silent(_: Handler) -> None:
        released.wait(30)

    target.script = [stay_silent] * 2
    try:
        with Transport(target.url, Limits(max_requests=9, max_accepted=9, timeout=0.2), {}) as transport:
            with pytest.raises(NoAnswer, match="timed out"):
                transport.request("GET", "/")
            with pytest.raises(NoAnswer, match="timed out"):
                transport.raw(b"GET / HTTP/1.1\r\n\r\n", read_timeout=0.1)
    finally:
        released.set()


def test_raw_bytes_arrive_as_they_are(target: Target) -> None:
    payload = b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nX-Odd:   \xe9\r\n\r\nabcdef"
    with Transport(target.url, PLENTY, {}) as transport:
        exchange = transport.raw(payload)
    assert exchange.status == 200
    assert (exchange.method, exchange.url, exchange.request_body) == ("POST", f"{target.url}/x", b"abcdef")
    assert target.seen[0][:2] == ("POST", "/x")
    assert target.bodies[0] == b"abc"


def test_a_body_shorter_than_announced_can_be_told_to_end(target: Target) -> None:
    with Transport(target.url, PLENTY, {}) as transport:
        transport.raw(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n\r\nabc", half_close=True)
    assert target.bodies == [b"abc"]


def test_an_error_shows_no_secret() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with Transport(url, PLENTY, {"TOKEN": "s3cret"}) as transport, pytest.raises(TransportError) as error:
        transport.request("GET", "/?token=s3cret")
    assert "s3cret" not in str(error.value)
    assert "$TOKEN" in str(error.value)


secrets = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=6, max_size=12)


@settings(derandomize=True, max_examples=60)
@given(secret=secrets, user=st.text(st.characters(codec="ascii", categories=["L"]), max_size=5))
def test_no_form_of_a_secret_gets_through_redaction(secret: str, user: str) -> None:
    basic = base64.b64encode(f"{user}:{secret}".encode()).decode()
    url = requests.Request("GET", "http://h/", params={"k": secret}).prepare().url
    shown = Redaction({"TOKEN": secret}).text(f"{secret}|Basic {basic}|{url}|{json.dumps(secret)}")
    assert secret not in shown
    assert basic not in shown
    assert shown.count("$TOKEN") == 4


def test_a_captured_exchange_can_be_shown(target: Target) -> None:
    target.script = [answer(401, b'{"token": "s3cret"}', X_Echo="s3cret")]
    with Transport(target.url, PLENTY, {"TOKEN": "s3cret"}) as transport:
        exchange = transport.request("POST", "/", data=b"s3cret", headers={"Authorization": "Bearer s3cret"})
    shown = transport.redacted(exchange)
    assert b"s3cret" in exchange.body
    assert "s3cret" not in str((shown.request_headers, shown.request_body, shown.headers, shown.body))
    assert dict(shown.request_headers)["Authorization"] == "Bearer $TOKEN"


NOISE = {"user-agent", "accept-encoding", "connection", "content-length", "host"}
SECRETS = {"HISTDATA_A": "pa'ss\"w$o\\rd", "HISTDATA_B": "tökén!"}


def heard(target: Target, index: int) -> tuple[str, str, list[tuple[str, str]], bytes]:
    method, path, headers, body = target.seen[index]
    return method, path, sorted((k, v) for k, v in headers if k.lower() not in NOISE), body


def bodies() -> st.SearchStrategy[bytes | None]:
    awkward = ["@file", "a'b\"c$d`e\\f%g", "line\nline\r\n\n", "ünï→", "\x00\x01\x7f", "%s%%\\n", "", "-x"]
    parts = st.sampled_from(awkward) | st.text(max_size=20) | st.sampled_from(sorted(SECRETS.values()))
    text = st.lists(parts, max_size=4).map(lambda ps: "".join(ps).encode("utf-8", "surrogatepass"))
    return st.none() | text | st.binary(max_size=40)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@settings(
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "QUERY"]),
    path=st.sampled_from(["/", "/a/../b", "/a%2Fb?x=[1]&y={z}", "/?q=a'b\"c$d", "/~%E2%82%AC?a=b&a=c;d"]),
    query=st.sampled_from([None, SECRETS["HISTDATA_A"], "plain"]),
    value=st.sampled_from(["v", "", "a\"b'c$d`e\\f", "\xe9\xff", SECRETS["HISTDATA_A"] + "x", "*"]),
    auth=st.sampled_from(
        [None, f"Bearer {SECRETS['HISTDATA_A']}", ("user", SECRETS["HISTDATA_A"]), ("u", "plain"), "Basic !"]
    ),
    content_type=st.sampled_from([None, "application/json", "text/plain; charset=bogus"]),
    body=bodies(),
)
def test_the_curl_command_sends_the_same_request_and_tells_no_secret(
    target: Target,
    method: str,
    path: str,
    query: str | None,
    value: str,
    auth: str | tuple[str, str] | None,
    content_type: str | None,
    body: bytes | None,
) -> None:
    target.seen.clear()
    if method == "HEAD":
        body = None
    headers = {"X-Value": value}
    if content_type:
        headers["Content-Type"] = content_type
    if isinstance(auth, str):
        headers["Authorization"] = auth
    with Transport(target.url, PLENTY, SECRETS) as transport:
        exchange = transport.request(
            method,
            path,
            headers=headers,
            data=body,
            params={"k": query} if query else None,
            auth=auth if isinstance(auth, tuple) else None,
        )
        command = transport.curl(exchange)
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        capture_output=True,
        timeout=30,
        check=False,
        env={**os.environ, **SECRETS},
    )
    assert done.returncode == 0, (command, done.stderr)
    if query == SECRETS["HISTDATA_A"]:
        # Written as %xx throughout, which is the same query to any server.
        target.seen[:] = [(m, unquote(p), h, b) for m, p, h, b in target.seen]
    assert heard(target, 1) == heard(target, 0), command
    assert not any(secret in command for secret in SECRETS.values())


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_a_large_body_does_not_outgrow_a_shell_argument(target: Target) -> None:
    with Transport(target.url, PLENTY, {}) as transport:
        exchange = transport.request("POST", "/", data=b"[" + b" " * 1_500_000 + b"]")
        done = subprocess.run(
            ["/bin/sh"], input=transport.curl(exchange).encode(), capture_output=True, timeout=60, check=True
        )
    assert b"200" in done.stdout
    assert heard(target, 1) == heard(target, 0)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_raw_bytes_have_a_command_too(target: Target) -> None:
    payload = b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\n\x00'%"
    with Transport(target.url, PLENTY, {}) as transport:
        command = transport.curl(transport.raw(payload))
        done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, timeout=30, check=False)
    assert b" 200 " in done.stdout
    assert target.seen[0] == target.seen[1]
