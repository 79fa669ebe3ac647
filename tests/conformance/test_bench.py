"""How requests are sent again, together, or once, on targets that behave oddly."""

from __future__ import annotations

import gzip
import itertools
import json
from contextlib import suppress
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import pytest

from conformance.answer import Kind
from conformance.bench import Bench, Sent, Unusable
from conformance.budget import Limits
from conformance.transport import Transport
from tests.conformance.loopback import Asked, Said, accepting, serving
from tests.conformance.targets import LIVERIG, target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLENTY = Limits(max_requests=1000, max_accepted=1000, timeout=10)
ODD = b"histdata-odd"
# Seconds that a client waits in these tests.
SHORT = 0.4


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A bench at a target that answers by the test's own function."""
    answer: Callable[[Asked], Said] = request.param
    with serving(answer) as loopback, Transport(loopback.url, PLENTY, {}) as transport:
        yield Bench(
            target(LIVERIG, "current"), transport, watcher=lambda _: None, seed=1, in_time=9.0, repeats=1
        )


def hanging_up(when: Callable[[Asked], bool]) -> Callable[[Asked], Said]:
    """Accepts, but closes the connection to some requests."""
    accepts = accepting()
    return lambda asked: Said(None) if when(asked) else accepts(asked)


def every(period: int) -> Callable[[Asked], bool]:
    counted = itertools.count(1)
    return lambda _: next(counted) % period == 0


@pytest.mark.parametrize("bench", [hanging_up(lambda asked: ODD in asked.body)], indirect=True)
def test_a_request_that_always_ends_the_connection_has_made_the_server_fail(bench: Bench) -> None:
    twin = bench.accepted_twin("dateTimeLog")
    sent = bench.send("odd", replace(twin.call, body=twin.call.body | {"source": ODD.decode()}), twin=twin)
    assert sent.answer.kind is Kind.CRASHED
    assert "closed the connection" in sent.answer.text


@pytest.mark.parametrize("bench", [hanging_up(every(2))], indirect=True)
def test_a_connection_that_is_closed_now_and_then_is_no_answer(bench: Bench) -> None:
    twin = bench.accepted_twin("dateTimeLog")
    again = [bench.send(f"again {number}", twin.call, twin=twin) for number in range(6)]
    assert {sent.answer.kind for sent in again} == {Kind.ACCEPTED}


@pytest.mark.parametrize("bench", [hanging_up(lambda _: True)], indirect=True)
def test_a_target_that_has_accepted_nothing_yet_may_just_not_be_there(bench: Bench) -> None:
    with pytest.raises(Unusable, match="no answer"):
        bench.twin("dateTimeLog")


def waiting(when: Callable[[Asked], bool]) -> Callable[[Asked], Said]:
    """Accepts, but lets some requests wait for longer than a client does."""
    accepts = accepting()

    def answer(asked: Asked) -> Said:
        if when(asked):
            Event().wait(3 * SHORT)
        return accepts(asked)

    return answer


@pytest.mark.parametrize(
    "when, shown", [(lambda asked: ODD in asked.body, [SHORT]), (every(2), [])], ids=["always", "at times"]
)
def test_who_leaves_a_request_without_an_answer_is_late_where_that_comes_of_the_request(
    when: Callable[[Asked], bool], shown: list[float]
) -> None:
    seconds: list[float] = []

    def watch(sent: Sent) -> None:
        if not sent.answer.exchange.status:
            seconds.append(sent.answer.exchange.seconds)

    limits = replace(PLENTY, timeout=SHORT)
    with serving(waiting(when)) as loopback, Transport(loopback.url, limits, {}) as transport:
        bench = Bench(target(LIVERIG, "current"), transport, watcher=watch, seed=1, in_time=0.1, repeats=1)
        twin = bench.accepted_twin("dateTimeLog")
        odd = replace(twin.call, body=twin.call.body | {"source": ODD.decode()})
        with suppress(Unusable):
            bench.send("odd", odd, twin=twin)
    assert seconds == shown


def two_lengths(when: Callable[[Asked], bool]) -> Callable[[Asked], Said]:
    """Accepts, but gives some answers a second length, which no client can make sense of."""
    accepts = accepting()

    def answer(asked: Asked) -> Said:
        said = accepts(asked)
        return replace(said, headers={**said.headers, "Content-Length": "3"}) if when(asked) else said

    return answer


def shown_by(bench: Bench) -> list[str]:
    """What the watches are told of damaged answers from now on."""
    shown: list[str] = []
    bench._watcher = lambda sent: shown.extend(filter(None, [sent.answer.exchange.damage]))
    return shown


@pytest.mark.parametrize("bench", [two_lengths(lambda asked: ODD in asked.body)], indirect=True)
def test_an_answer_that_is_damaged_each_time_is_shown_to_the_watches_and_proves_nothing(bench: Bench) -> None:
    twin = bench.accepted_twin("dateTimeLog")
    shown = shown_by(bench)
    odd = replace(twin.call, body=twin.call.body | {"source": ODD.decode()})
    before = bench.transport.budget.sent
    for sent in (3, 4):  # what is shown once is not asked for again
        with pytest.raises(Unusable, match="no answer"):
            bench.send("odd", odd, twin=twin)
        assert bench.transport.budget.sent == before + sent
    assert shown == ["its Content-Length contradicts itself"]


@pytest.mark.parametrize("bench", [two_lengths(every(2))], indirect=True)
def test_two_damaged_answers_are_a_hiccup_and_three_are_none(bench: Bench) -> None:
    twin = bench.accepted_twin("dateTimeLog")
    shown = shown_by(bench)
    told = []
    for number in range(3):
        sent = bench.send(f"again {number}", twin.call, twin=twin)
        assert sent.answer.kind is Kind.ACCEPTED
        told.append(len(shown))
    assert told == [0, 0, 1]


def packing(asked: Asked) -> Said:
    """Packs whatever it says, asked or not."""
    said = {"success": f"00000000-0000-4000-8000-{len(asked.body):012}"}
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return Said(200, gzip.compress(json.dumps(said).encode()), headers)


@pytest.mark.parametrize("bench", [accepting(), packing], indirect=True)
def test_a_burst_is_answered_like_any_other_request(bench: Bench) -> None:
    twin = bench.accepted_twin("dateTimeLog")
    together = bench.burst("together", [twin.call] * 4, twin=twin)
    assert [sent.name for sent in together] == [f"together ({number})" for number in range(1, 5)]
    assert all(sent.answer.document.keys() == {"success"} for sent in together)
    assert all(json.loads(sent.answer.exchange.request_body or b"") == twin.call.body for sent in together)
