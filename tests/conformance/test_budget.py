from __future__ import annotations

import email.utils
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.budget import BudgetExhausted, Limits
from conformance.transport import Transport
from conformance.trouble import NoAnswer
from tests.conformance.scripted import PLENTY, Target, answer, drop, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.exchange import Exchange
    from tests.conformance.loopback import Handler


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
    assert transport.budget.sent == len(target.seen) == 3


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
        transport.budget.count_accepted(lambda exchange: exchange.status == 200)
        transport.budget.on_exchange(seen.append)

        def send(_: int) -> bool:
            try:
                transport.request("POST", "/", data=b"{}")
            except BudgetExhausted:
                return False
            return True

        with ThreadPoolExecutor(workers) as pool:
            sent = sum(pool.map(send, range(30)))
    accepted = sum(exchange.status == 200 for exchange in seen)
    assert transport.budget.accepted == accepted <= ceiling
    assert transport.budget.sent == sent == len(target.seen) == len(seen)
    # Nothing allowed was held back: either the ceiling or the budget was really reached.
    assert accepted == ceiling or sent == 30


def test_a_lost_answer_uses_up_the_ceiling_but_is_not_counted_as_accepted(target: Target) -> None:
    target.script = [drop]
    with Transport(target.url, Limits(max_requests=9, max_accepted=1), {}) as transport:
        transport.budget.count_accepted(lambda exchange: exchange.status == 200)
        with pytest.raises(NoAnswer):
            transport.request("POST", "/")
        with pytest.raises(BudgetExhausted, match="1 accepted"):
            transport.request("POST", "/")
    assert transport.budget.accepted == 0
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
    assert (exchange.status, exchange.retries, transport.budget.sent) == (200, 2, 3)
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
def test_what_cannot_be_waited_out_is_the_answer(target: Target, busy: Callable[[Handler], None]) -> None:
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
