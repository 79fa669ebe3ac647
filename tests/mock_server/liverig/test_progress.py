"""How far a job has come follows from what was stored and from the time, and from nothing else (L18)."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.liverig.progress import Event, Kind, Progress, Span, Status, Task

STARTED, PERIOD = 1_700_000_000_000_000, 300_000_000
WHOLE = 10**6


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = draw(st.decimals(-5000, 5000, places=2))
    window = draw(st.sampled_from([Decimal("0.5"), Decimal(7), Decimal(100)]))
    # Few lengths are whole windows by chance.
    whole = st.integers(0, 9).map(lambda number: number * window)
    return Span(start, start + draw(st.one_of(st.decimals(0, 60, places=2), whole)), window)


@st.composite
def jobs(draw: st.DrawFn) -> dict[str, Any]:
    works = draw(st.lists(st.one_of(st.none(), spans()), max_size=5))
    return {
        "tasks": [Task(7 + n, work, "" if work else f"no {n}") for n, work in enumerate(works)],
        "started_us": STARTED,
        "period_us": draw(st.sampled_from([1, 7, PERIOD])),
        "failure": draw(st.sampled_from(["", "", "there is no source 'x'"])),
    }


def times(job: dict[str, Any]) -> st.SearchStrategy[float]:
    end = 125 * job["period_us"]
    return st.one_of(st.integers(-job["period_us"], end), st.just(math.inf))


def simulated(job: dict[str, Any], elapsed: float) -> list[tuple[int, Kind, int | None]]:
    """The same events from a collector that goes through all periods, one by one."""
    told: list[tuple[int, Kind, int | None]] = [(0, Kind.START, None)]
    told += [(0, Kind.START, task.number) for task in job["tasks"]]
    at = {task.number: task.work.start for task in job["tasks"] if task.work and not job["failure"]}
    pending = {task.number: task for task in job["tasks"]}
    tick, over = 0, not pending and not job["failure"]
    while not over and (tick + 1) * job["period_us"] <= elapsed:
        tick += 1
        over = True
        for number, task in list(pending.items()):
            if number not in at:
                told.append((tick, Kind.FAILURE, number))
                del pending[number]
                continue
            assert task.work
            at[number] = min(task.work.end, at[number] + task.work.window)
            told.append((tick, Kind.WINDOW, number))
            if at[number] == task.work.end:
                told.append((tick, Kind.SUCCESS, number))
                del pending[number]
        over = not pending
    if over:
        failed = job["failure"] or len(at) < len(job["tasks"])
        told.append((tick, Kind.FAILURE if failed else Kind.SUCCESS, None))
    return told


@given(st.data(), jobs())
def test_events_are_those_of_a_collector_that_goes_through_the_periods(
    data: st.DataObject, job: dict[str, Any]
) -> None:
    elapsed = data.draw(times(job))

    progress = Progress(**job, elapsed_us=elapsed)
    events = progress.events(0, WHOLE)

    # Where nothing takes time all happens at once, at the beginning.
    period = 0 if elapsed == math.inf else job["period_us"]
    expected = [(STARTED + tick * period, kind, number) for tick, kind, number in simulated(job, elapsed)]
    assert [(event.instant_us, event.kind, event.number) for event in events] == expected
    assert progress.count() == len(events)
    assert all(event.instant_us <= STARTED + max(elapsed, 0) for event in events)


@given(st.data(), jobs(), st.integers(1, 9))
def test_pages_put_together_are_the_whole(data: st.DataObject, job: dict[str, Any], limit: int) -> None:
    progress = Progress(**job, elapsed_us=data.draw(times(job)))

    pages: list[Event] = []
    while page := progress.events(len(pages), limit):
        assert len(page) <= limit
        pages += page

    assert pages == progress.events(0, WHOLE)


@given(st.data(), jobs())
def test_percentages_and_states_agree_with_each_other_and_with_the_events(
    data: st.DataObject, job: dict[str, Any]
) -> None:
    progress = Progress(**job, elapsed_us=data.draw(times(job)))
    ends = {
        event.number: event.kind
        for event in progress.events(0, WHOLE)
        if event.kind in {Kind.SUCCESS, Kind.FAILURE}
    }
    words = {None: Status.IN_PROGRESS, Kind.SUCCESS: Status.SUCCESS, Kind.FAILURE: Status.FAILURE}
    numbers = [task.number for task in job["tasks"]]

    for number, standing in zip([*numbers, None], [*progress.children, progress.whole], strict=True):
        assert standing.status == words[ends.get(number)]
        assert 0 <= standing.percentage <= 100
        assert (standing.percentage == 100) == (standing.status == Status.SUCCESS)
    if progress.children:
        assert progress.whole.fetched == sum(child.fetched for child in progress.children)
        assert progress.whole.windows == sum(child.windows for child in progress.children)
        shares = [child.percentage for child in progress.children]
        assert min(shares) - 0.01 <= progress.whole.percentage <= max(shares) + 0.01


@given(st.data(), jobs())
def test_progress_only_grows_with_time_and_a_jump_is_as_good_as_a_walk(
    data: st.DataObject, job: dict[str, Any]
) -> None:
    first, second = sorted(data.draw(st.tuples(st.integers(-5, 125), st.integers(-5, 125))))
    before = Progress(**job, elapsed_us=first * job["period_us"])
    after = Progress(**job, elapsed_us=second * job["period_us"])

    told = before.events(0, WHOLE)
    assert after.events(0, WHOLE)[: len(told)] == told
    for earlier, later in zip([*before.children, before.whole], [*after.children, after.whole], strict=True):
        assert earlier.fetched <= later.fetched
        assert earlier.status in {Status.IN_PROGRESS, later.status}


@given(spans())
def test_windows_cover_the_range_without_gap_or_overlap(span: Span) -> None:
    ends = [span.reached(number) for number in range(span.windows + 1)]

    assert (ends[0], ends[-1]) == (span.start, span.end)
    steps = [later - earlier for earlier, later in pairwise(ends)]
    assert all(step == span.window for step in steps[:-1])
    assert 0 < steps[-1] <= span.window or span.start == span.end


@pytest.mark.parametrize("offset", [0, 10**14])
def test_ten_thousand_years_cost_no_more_than_a_day(offset: int) -> None:
    """2.5e14 windows for each of 20 logs: whoever walks them does not come back."""
    end = Decimal(253402300799999)
    tasks = [Task(number, Span(Decimal(0), end, Decimal(1))) for number in range(20)]

    begun = perf_counter()
    progress = Progress(tasks, started_us=0, period_us=1, elapsed_us=253402300799998, failure="")
    page = progress.events(offset, 1000)

    assert perf_counter() - begun < 5
    assert len(page) == 1000
    # One window before the end, nothing is rounded up to it.
    assert progress.whole.status == Status.IN_PROGRESS
    assert progress.whole.percentage == 99.99
