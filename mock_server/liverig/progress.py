"""How far a job has come: one parent and a child per log, each fetched window by window (L18).

All of it follows from what was stored at acceptance and from the mock time that has passed since. Nothing is
written as time goes by, so each replica says the same, and a jump of the clock, in either direction, leads to
where a clock that had gone there slowly would be. Nothing loops over windows either: a range of years costs
what a range of minutes does.

The vendor's collector keeps a state for each child, so each child has a window of its own under way and all
are fetched side by side. A window is there at the end of its period; what fails, fails at the end of the
first.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal


class Status(StrEnum):
    """The words of the vendor's screen (L18)."""

    IN_PROGRESS = "In progress"
    SUCCESS = "Success"
    FAILURE = "failure"


class Kind(StrEnum):
    """What an event tells; only `START` is the collector's own word that is known (L18)."""

    START = "START"
    WINDOW = "WINDOW"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"


@dataclass(frozen=True, slots=True)
class Span:
    """A range, and the size of the windows it is fetched in: milliseconds of the Unix epoch, or metres."""

    start: Decimal
    end: Decimal
    window: Decimal

    @property
    def windows(self) -> int:
        """How many windows that takes; a single point takes one, too."""
        whole, rest = divmod(self.end - self.start, self.window)
        return max(1, int(whole) + bool(rest))

    def reached(self, windows: int) -> Decimal:
        """Where the first so many windows end."""
        return min(self.end, self.start + windows * self.window)


@dataclass(frozen=True)
class Task:
    """What a child has before it.

    Attributes:
        number: The child's number.
        work: What it fetches; None where there is nothing to be fetched.
        failure: Why it fails, then.
    """

    number: int
    work: Span | None
    failure: str = ""

    @cached_property
    def windows(self) -> int:
        """In how many periods it ends."""
        return self.work.windows if self.work else 1


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a child, or the whole job, has come.

    Attributes:
        status: As the vendor's screen says it.
        fetched: Windows that are there.
        windows: Windows in all.
    """

    status: Status
    fetched: int
    windows: int

    @property
    def percentage(self) -> float:
        """From 0 to 100, cut after two digits: it is 100 only where all is there."""
        return 10_000 * self.fetched // self.windows / 100 if self.windows else 100.0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a collector would log.

    Attributes:
        instant_us: When, in microseconds of the Unix epoch, on the mock's clock.
        kind: What happened.
        number: The child that it happened to; None is the parent.
        message: The same for a person.
    """

    instant_us: int
    kind: Kind
    number: int | None
    message: str


class Progress:
    """A job at one moment."""

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        started_us: int,
        period_us: int,
        elapsed_us: float,
        failure: str = "",
    ) -> None:
        """Look at a job.

        Args:
            tasks: What its children have before them.
            started_us: When it was accepted, in microseconds of the Unix epoch.
            period_us: How long each window takes; 0 is no time at all.
            elapsed_us: How much mock time has passed since; infinite where nothing takes time. Before its
                own beginning (the clock was set back) a job has only started.
            failure: Why the job fails as a whole, and each child with it.
        """
        self._tasks = [Task(task.number, None, failure) for task in tasks] if failure else tasks
        self._started_us = started_us
        self._failure = failure
        # Where nothing takes time, all happens at the beginning.
        self._period_us = 0 if elapsed_us == float("inf") else period_us
        self._last = max((task.windows for task in self._tasks), default=1 if failure else 0)
        passed = int(max(elapsed_us, 0)) // self._period_us if self._period_us else self._last
        self._tick = min(passed, self._last)
        self.children = [self._standing(task) for task in self._tasks]
        self.whole = self._whole()

    def _standing(self, task: Task) -> Standing:
        ended = self._tick >= task.windows
        if task.work is None:
            return Standing(Status.FAILURE if ended else Status.IN_PROGRESS, 0, task.windows)
        status = Status.SUCCESS if ended else Status.IN_PROGRESS
        return Standing(status, min(self._tick, task.windows), task.windows)

    def _whole(self) -> Standing:
        # Windows are what both kinds of log have in common, so they are what the percentage counts.
        status = Status.IN_PROGRESS
        if self._tick == self._last:
            status = Status.FAILURE if self._fails else Status.SUCCESS
        fetched = sum(child.fetched for child in self.children)
        windows = sum(child.windows for child in self.children)
        return Standing(status, fetched, windows or int(self._fails))

    @property
    def _fails(self) -> bool:
        return bool(self._failure) or any(task.work is None for task in self._tasks)

    def count(self) -> int:
        """How many events there are so far."""
        return self._count(self._tick)

    def _count(self, tick: int) -> int:
        """How many events there are up to the end of that period."""
        ended = sum(task.windows <= tick for task in self._tasks)
        windows = sum(min(tick, task.windows) for task in self._tasks if task.work)
        return 1 + len(self._tasks) + windows + ended + (tick == self._last)

    def events(self, offset: int, limit: int) -> list[Event]:
        """At most so many events, the oldest first, without the first `offset` ones."""
        first = bisect_right(range(self._tick + 1), offset, key=self._count)
        before = self._count(first - 1) if first else 0
        return list(islice(self._from(first), offset - before, offset - before + limit))

    def _from(self, first: int) -> Iterator[Event]:
        """The events from that period on. Each period has one at least, so none is looked at in vain."""
        active = self._tasks
        for tick in range(first, self._tick + 1):
            instant_us = self._started_us + tick * self._period_us
            if tick == 0:
                yield Event(instant_us, Kind.START, None, f"logs asked for: {len(self._tasks)}")
            active = [task for task in active if task.windows >= tick]
            for task in active:
                for kind, message in _told(task, tick):
                    yield Event(instant_us, kind, task.number, message)
            if tick == self._last:
                yield Event(instant_us, *self._end())

    def _end(self) -> tuple[Kind, None, str]:
        if not self._fails:
            return Kind.SUCCESS, None, "all is fetched"
        failed = sum(task.work is None for task in self._tasks)
        return Kind.FAILURE, None, self._failure or f"failed: {failed} of {len(self._tasks)} logs"


def _told(task: Task, tick: int) -> Iterator[tuple[Kind, str]]:
    """What a child that has not ended before tells at the end of that period."""
    if task.work is None:
        yield (Kind.FAILURE, task.failure) if tick else (Kind.START, "is asked for")
    elif tick == 0:
        yield Kind.START, f"{task.windows} windows from {task.work.start:f} to {task.work.end:f}"
    else:
        start, end = task.work.reached(tick - 1), task.work.reached(tick)
        yield Kind.WINDOW, f"window {tick} of {task.windows}, from {start:f} to {end:f}, is there"
        if tick == task.windows:
            yield Kind.SUCCESS, "all is fetched"
