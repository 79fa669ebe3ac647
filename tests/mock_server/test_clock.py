"""The mock's clock."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.clock import EARLIEST_US, LATEST_US, MAX_SPEED, MIN_SPEED, Clock, ClockError, Mode, real_us

REAL_US = 1_700_000_000_000_000
seconds = st.floats(0, 1e9)
later = st.integers(0, 10**15)
instants = st.integers(EARLIEST_US, LATEST_US)


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    modes: list[Mode] = ["time", "manual", "immediate"]
    mode = draw(st.sampled_from(modes))
    speed = draw(st.floats(MIN_SPEED, MAX_SPEED)) if mode == "time" else None
    return Clock().set(REAL_US, mode=mode, speed=speed, now_us=draw(instants | st.none()))


def test_the_usual_clock_is_the_real_time() -> None:
    assert Clock().now_us(REAL_US) == REAL_US


@given(clocks(), later, later)
def test_a_clock_goes_forwards_only_and_stays_in_the_calendar(clock: Clock, first: int, second: int) -> None:
    once = clock.now_us(REAL_US + first)
    again = clock.now_us(REAL_US + first + second)

    assert EARLIEST_US <= once <= again <= LATEST_US
    assert clock.now_us(REAL_US - second) <= once


@given(clocks(), clocks(), later)
def test_another_mode_goes_on_from_where_the_clock_is(clock: Clock, other: Clock, passed: int) -> None:
    at = REAL_US + passed
    speed = other.speed if other.mode == "time" else None

    assert clock.set(at, mode=other.mode, speed=speed).now_us(at) == clock.now_us(at)


@given(clocks(), seconds, later)
def test_a_clock_is_moved_by_what_was_said(clock: Clock, by: float, passed: int) -> None:
    at = REAL_US + passed
    expected = clock.now_us(at) + round(by * 1_000_000)
    if expected > LATEST_US:
        with pytest.raises(ClockError, match="9999"):
            clock.moved(by, at)
    else:
        assert clock.moved(by, at).now_us(at) == expected


@given(instants, later)
def test_time_passes_at_the_speed(now_us: int, passed: int) -> None:
    clock = Clock().set(REAL_US, speed=10, now_us=now_us)

    assert clock.now_us(REAL_US + passed) == min(now_us + 10 * passed, LATEST_US)
    assert clock.elapsed_us(now_us, REAL_US + passed) == min(10 * passed, LATEST_US - now_us)


def test_what_is_manual_stands_and_what_is_immediate_is_over() -> None:
    manual = Clock().set(REAL_US, mode="manual", now_us=5)
    immediate = Clock().set(REAL_US, mode="immediate")

    assert manual.now_us(REAL_US + 10**9) == 5
    assert immediate.elapsed_us(REAL_US + 10, REAL_US) == math.inf
    assert immediate.now_us(REAL_US + 7) == REAL_US + 7


@given(clocks(), instants)
def test_of_what_has_begun_no_less_than_no_time_is_over(clock: Clock, began_us: int) -> None:
    elapsed_us = clock.elapsed_us(began_us, REAL_US)

    assert elapsed_us >= 0
    assert (elapsed_us == 0) is (clock.mode != "immediate" and clock.now_us(REAL_US) <= began_us)


@pytest.mark.parametrize("by", [-1, math.nan, math.inf, 1e300])
def test_a_clock_is_not_moved_out_of_the_calendar(by: float) -> None:
    with pytest.raises(ClockError):
        Clock().moved(by, REAL_US)


@pytest.mark.parametrize(
    "options",
    [
        {"speed": 0},
        {"speed": -1},
        {"speed": math.nan},
        {"speed": 2 * MAX_SPEED},
        {"mode": "manual", "speed": 2},
        {"now_us": LATEST_US + 1},
        {"now_us": EARLIEST_US - 1},
    ],
)
def test_a_clock_that_cannot_be_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ClockError):
        Clock().set(REAL_US, **options)  # type: ignore[arg-type]


def test_no_two_real_instants_are_the_same() -> None:
    found = [real_us() for _ in range(1000)]

    assert found == sorted(set(found))
