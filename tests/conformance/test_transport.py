from __future__ import annotations

import base64
import contextlib
import email.utils
import json
import os
import shutil
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.redaction import Redaction
from conformance.transport import (
    BudgetExhausted,
    Exchange,
    Limits,
    NoAnswer,
    Transport,
    TransportError,
    Unreachable,
    exchange_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLENTY = Limits(max_requests=1000, max_accepted=1000, timeout=5)


@dataclass
class Target:
    """A server that records the bytes of what it gets and answers by a script, 200 when that has ended."""

    url: str = ""
    seen: list[tuple[str, str, list[tuple[str, str]], bytes]] = field(default_factory=list)
    script: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, _, _, body in self.seen]

    def header(self, name: str, index: int = -1) -> str | None:
        return next((v for k, v in self.seen[index][2] if k.lower() == name.lower()), None)


def answer(status: int, body: bytes = b"{}", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def write(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    return write


def drop(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without a word."""
    handler.close_connection = True


@contextlib.contextmanager
def serving() -> Iterator[Target]:
    target = Target()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Without it, Nagle and delayed ACK hold each second answer on a kept connection back for 40 ms.
        disable_nagle_algorithm = True

        def _any(self) -> None:
            if self.headers.get("Transfer-Encoding"):
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            else:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with lock:
                target.seen.append((self.command, self.path, list(self.headers.items()), body))
                write = target.script.pop(0) if target.script else answer(200)
            write(self)

        def __getattr__(self, name: str) -> object:
            if name.startswith("do_"):
                return self._any
            raise AttributeError(name)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    target.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield target
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def target() -> Iterator[Target]:
    with serving() as running:
        yield running


@dataclass
class Clock:
    """Time that passes only when someone sleeps."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def patient(target: Target, clock: Clock, limits: Limits) -> Transport:
    return Transport(target.url, limits, {}, clock=clock, sleep=clock.sleep, wall_clock=clock)


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


def test_the_budget_counts_each_request_of_either_way_in(target: Target) -> None:
    with Transport(target.url, Limits(max_requests=3, max_accepted=9), {}) as transport:
        transport.request("GET", "/")
        transport.session.get(f"{target.url}/")
        transport.raw(transport.wire(requests.Request("GET", "/")))
        for send in (
            lambda: transport.request("GET", "/"),
            lambda: transport.session.get(f"{target.url}/"),
            lambda: transport.raw(b"GET / HTTP/1.1\r\n\r\n"),
        ):
            with pytest.raises(BudgetExhausted) as stopped:
                send()
            assert "3 requests" in stopped.value.reason
    assert transport.sent == len(target.seen) == 3


@settings(
    deadline=None,
    derandomize=True,
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    statuses=st.lists(st.sampled_from([200, 400]), min_size=30, max_size=30),
    ceiling=st.integers(0, 8),
    workers=st.integers(1, 8),
)
def test_no_more_are_accepted_than_allowed_whatever_the_threads(
    target: Target, statuses: list[int], ceiling: int, workers: int
) -> None:
    target.seen.clear()
    target.script = [answer(status) for status in statuses]
    seen: list[Exchange] = []
    with Transport(target.url, Limits(max_requests=30, max_accepted=ceiling), {}) as transport:
        transport.count_accepted(lambda exchange: exchange.status == 200)
        transport.on_exchange(seen.append)

        def send(_: int) -> bool:
            try:
                transport.request("POST", "/", data=b"{}")
            except BudgetExhausted:
                return False
            return True

        with ThreadPoolExecutor(workers) as pool:
            sent = sum(pool.map(send, range(30)))
    accepted = sum(exchange.status == 200 for exchange in seen)
    assert transport.accepted == accepted <= ceiling
    assert transport.sent == sent == len(target.seen) == len(seen)
    # Nothing allowed was held back: either the ceiling or the budget was really reached.
    assert accepted == ceiling or sent == 30


def test_a_lost_answer_uses_up_the_ceiling_but_is_not_counted_as_accepted(target: Target) -> None:
    target.script = [drop]
    with Transport(target.url, Limits(max_requests=9, max_accepted=1), {}) as transport:
        transport.count_accepted(lambda exchange: exchange.status == 200)
        with pytest.raises(NoAnswer):
            transport.request("POST", "/")
        with pytest.raises(BudgetExhausted, match="1 accepted"):
            transport.request("POST", "/")
    assert transport.accepted == 0
    assert len(target.seen) == 1


def test_requests_keep_their_distance(target: Target) -> None:
    clock = Clock()
    with patient(target, clock, Limits(max_requests=99, max_accepted=9, rate=4)) as transport:
        for _ in range(5):
            transport.request("GET", "/")
    assert clock.slept == [0.25] * 4


def test_the_time_limit_ends_the_run_before_a_request_that_would_start_too_late(target: Target) -> None:
    clock = Clock()
    with patient(target, clock, Limits(max_requests=99, max_accepted=9, rate=1, max_time=3)) as transport:
        for _ in range(3):
            transport.request("GET", "/")
        with pytest.raises(BudgetExhausted, match="time limit of 3 s"):
            transport.request("GET", "/")
    assert len(target.seen) == 3


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_busy_target_is_obeyed_and_asked_again(target: Target, status: int, form: str) -> None:
    clock = Clock(now=1_700_000_000.0)
    value = "7" if form == "seconds" else email.utils.formatdate(clock.now + 7, usegmt=True)
    target.script = [answer(status, Retry_After=value)] * 2
    with patient(target, clock, PLENTY) as transport:
        exchange = transport.request("POST", "/", data=b"same")
    assert (exchange.status, exchange.retries, transport.sent) == (200, 2, 3)
    # A date is a point in time: asked for twice, it has come the second time.
    assert clock.slept == ([7, 7] if form == "seconds" else [7])
    assert target.bodies == [b"same"] * 3


@pytest.mark.parametrize(
    "busy",
    [
        answer(503),
        answer(429),
        answer(429, Retry_After="soon"),
        answer(429, Retry_After="61"),
        answer(400, Retry_After="1"),
    ],
    ids=["503", "429", "unreadable", "too long", "not busy"],
)
def test_what_cannot_be_waited_out_is_the_answer(
    target: Target, busy: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    clock = Clock()
    target.script = [busy]
    with patient(target, clock, PLENTY) as transport:
        assert transport.request("GET", "/").status in {400, 429, 503}
    assert clock.slept == []


def test_a_target_that_is_always_busy_is_given_up(target: Target) -> None:
    clock = Clock()
    target.script = [answer(429, Retry_After="1")] * 50
    with patient(target, clock, PLENTY) as transport:
        assert transport.request("GET", "/").status == 429
    assert 2 < len(target.seen) < 20


def test_waiting_for_a_busy_target_counts_as_time(target: Target) -> None:
    clock = Clock()
    target.script = [answer(429, Retry_After="10")] * 50
    limits = Limits(max_requests=99, max_accepted=9, max_time=25)
    with patient(target, clock, limits) as transport, pytest.raises(BudgetExhausted, match="time limit"):
        transport.request("GET", "/")
    assert len(target.seen) == 3


def test_a_connection_closed_between_two_requests_is_replaced_and_costs_nothing(target: Target) -> None:
    with Transport(target.url, PLENTY, {}) as transport:
        transport.request("GET", "/first")
        target.script = [drop]
        exchange = transport.request("GET", "/second")
        assert (exchange.retries, transport.sent) == (1, 2)


def test_once_an_idle_connection_was_closed_each_request_has_one_of_its_own(target: Target) -> None:
    with Transport(target.url, PLENTY, {}) as transport:
        transport.request("GET", "/first")
        target.script = [drop]
        transport.request("GET", "/second")
        target.script = [drop]
        with pytest.raises(NoAnswer, match="closed the connection without an answer"):
            transport.request("GET", "/third")
        assert target.seen[-1][1] == "/third"
        assert transport.sent == 3


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


def cut_short(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    handler.close_connection = True


def no_http(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"hello there\r\n\r\n")
    handler.close_connection = True


def bad_chunk(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc")
    handler.close_connection = True


def bad_coding(handler: BaseHTTPRequestHandler) -> None:
    answer(200, b"not gzip", Content_Encoding="gzip")(handler)


@pytest.mark.parametrize(
    "broken, way",
    [(broken, way) for broken in (cut_short, no_http, bad_chunk, bad_coding) for way in ("request", "raw")],
)
def test_a_broken_answer_is_no_answer(
    target: Target, broken: Callable[[BaseHTTPRequestHandler], None], way: str
) -> None:
    target.script = [broken]
    with Transport(target.url, PLENTY, {}) as transport, pytest.raises(NoAnswer) as caught:
        transport.request("GET", "/") if way == "request" else transport.raw(b"GET / HTTP/1.1\r\n\r\n")
    # What is no HTTP at all may be another server; what began as an answer is one.
    assert (caught.value.damage is not None) is (way == "request" and broken is not no_http)


def with_hints(handler: BaseHTTPRequestHandler) -> None:
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

    def stay_silent(_: BaseHTTPRequestHandler) -> None:
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
