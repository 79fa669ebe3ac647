from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.bench import Bench, Sent
from conformance.budget import Limits
from conformance.call import Call
from conformance.common.answer import in_time, no_crash, no_leak
from conformance.transport import Transport
from conformance.verdict import Sign
from tests.conformance.targets import LIVERIG, calls, exchange, target

LIMITS = Limits(max_requests=0, max_accepted=0)
TRACEBACK = 'Traceback (most recent call last):\n  File "/srv/app/main.py", line 3, in f\nKeyError: 1'


@pytest.fixture(scope="module")
def bench() -> Bench:
    of = target(LIVERIG, "current")
    transport = Transport("http://127.0.0.1:9", LIMITS, {})
    return Bench(of, transport, watcher=lambda _: None, seed=1, in_time=2.0, repeats=1)


def sent(bench: Bench, status: int, body: Any, call: Call | None = None, seconds: float = 0.0) -> Sent:
    given = replace(exchange(status, body), seconds=seconds)
    asked = call or calls(bench.target)["dateTimeLog"]
    return Sent("a case", asked, bench.target.classify(given))


@pytest.mark.parametrize(
    "text",
    [
        TRACEBACK,
        "java.lang.NullPointerException\n\tat com.example.Sync.request(Sync.java:84)",
        "TypeError\n    at Object.<anonymous> (/usr/src/app/index.js:10:15)",
        "   at Example.Sync.Request(String body) in C:\\src\\Sync.cs:line 42",
        "panic: oops\n\ngoroutine 17 [running]:",
        "cannot open '/var/lib/plugin/config.xml'",
        "C:\\Program Files\\plugin\\config.ini is missing",
        "failed: /opt/liverig/conf/liverig.properties",
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_what_only_a_runtime_prints_is_a_leak(bench: Bench, text: str, as_json: bool) -> None:
    body = {"failure": {"detail": [text]}} if as_json else text.encode()
    (seen,) = no_leak(bench, sent(bench, 400, body))
    assert seen.sign is Sign.BROKEN
    assert seen.finding is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "an error occurred: exception while looking for the rig",
        "/signals/0/workspace is missing",
        "body /timeWindow/start: is not a date-time",
        "https://store.example/var/files/000.parquet",
        "see https://docs.example/usr/guide/errors.html",
        "the source /etc is unknown",
        "at least one of start, end (both for a time log)",
        "use application/json; charset=utf-8",
        "ratio 1/2, path a/b/c.d",
    ],
)
def test_words_for_a_person_are_no_leak(bench: Bench, text: str) -> None:
    (seen,) = no_leak(bench, sent(bench, 400, {"failure": text}))
    assert seen.sign is Sign.KEPT


@pytest.mark.parametrize("quoted", ["'{}' is unknown", "no source {}.", '"{}"', "({})"])
@pytest.mark.parametrize("where", ["body", "query"])
def test_a_path_that_the_request_named_itself_is_no_leak(bench: Bench, quoted: str, where: str) -> None:
    path = "/home/wells/Norwegian Sea/log.las"
    named = "/home/wells/log.las" if where == "query" else path
    call = (
        Call("POST", (("qualifier", named),), {}, {})
        if where == "query"
        else Call("POST", (), {}, {"source": [{"x": named}]})
    )
    (seen,) = no_leak(bench, sent(bench, 400, {"failure": quoted.format(named)}, call))
    assert seen.sign is Sign.KEPT


@pytest.mark.parametrize(
    "method, status, signs",
    [
        ("POST", 500, [Sign.BROKEN]),
        ("POST", 501, [Sign.BROKEN]),
        ("POST", 503, [Sign.BROKEN]),
        ("PATCH", 501, []),
        ("PATCH", 500, [Sign.BROKEN]),
        ("POST", 499, [Sign.KEPT]),
        ("POST", 200, [Sign.KEPT]),
    ],
)
def test_a_failing_server_is_seen_but_501_answers_a_method(
    bench: Bench, method: str, status: int, signs: list[Sign]
) -> None:
    seen = list(no_crash(bench, sent(bench, status, {}, Call(method, body={}))))
    assert [s.sign for s in seen] == signs


@pytest.mark.parametrize("seconds, sign", [(0.0, Sign.KEPT), (2.0, Sign.KEPT), (2.001, Sign.BROKEN)])
def test_an_answer_comes_within_the_profiles_bound(bench: Bench, seconds: float, sign: Sign) -> None:
    (seen,) = in_time(bench, sent(bench, 200, {}, seconds=seconds))
    assert seen.sign is sign


def test_a_secret_that_lies_where_an_answer_is_cut_is_not_shown_in_part() -> None:
    of = target(LIVERIG, "current")
    secret = "a-very-secret-word"
    for length in range(270, 310):
        transport = Transport("http://127.0.0.1:9", LIMITS, {"WORD": secret})
        place = Bench(of, transport, watcher=lambda _: None, seed=1, in_time=2.0, repeats=1)
        body = json.dumps({"failure": "x" * length + secret + "y" * 50}).encode()
        assert "a-very" not in place.text(of.classify(exchange(400, body)))
