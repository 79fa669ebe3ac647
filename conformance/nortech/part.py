"""Parts of a data file: shorter windows and fewer signals, drawn by Hypothesis, beside the whole (N5, N9)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import hypothesis
from hypothesis import strategies as st

from conformance.bench import Bench, Sent, Unusable
from conformance.check import Observation, check, kept, unknown
from conformance.nortech.datafile import fetch, fetch_ahead, same
from conformance.nortech.instant import iso
from conformance.nortech.target import NortechTarget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.call import Call
    from conformance.nortech.datafile import DataFile

_MILLISECOND = timedelta(milliseconds=1)
# Few enough to be in the same minute, enough for a row of most signals.
_A_LITTLE = 3000
# As many signals as are asked for at once.
_MOST = 4
_NOT_FOUND = 404


@dataclass(frozen=True)
class _Part:
    """A window within the profile's, in milliseconds from its start, and some signals in some order."""

    first: int
    last: int
    signals: tuple[int, ...]
    format: str | None = None
    """The format to ask for; None for the usual one."""


def _number(repeats: int) -> int:
    return max(1, repeats // 3)


@check(
    "nortech.file.parts",
    requests=lambda depth: 2 * (_number(depth.repeats) + _MOST + 1),
    accepted=lambda depth: _number(depth.repeats) + _MOST + 1,
)
def parts(bench: Bench) -> Iterator[Observation]:
    """Whatever the values are: what a part holds, the whole holds too, and nothing else at these times."""
    target = bench.target
    assert isinstance(target, NortechTarget)
    ids = tuple(signal["id"] for signal in target.signals[:_MOST])
    start, end = (datetime.fromisoformat(target.window[name]).astimezone(UTC) for name in ("start", "end"))
    length = (end - start) // _MILLISECOND
    if length < 2:
        raise Unusable("the profile's window is too short to be parted")
    everything = _Part(0, length, ids)
    whole = fetch(bench, _sent(bench, "all signals of the profile", _call(bench, everything, start)))
    # What is kept of one window, by times that are cut to the minute, is not the answer for its neighbour.
    less = min(_A_LITTLE, length // 4)
    # The first signal is asked for alone all the time.
    alone = [_Part(0, length, (signal,)) for signal in ids[1:]]
    *drawn_parts, other = _draw(bench, ids, length)
    # One in another format: whether it is given that, and the others theirs, is said of the formats.
    chosen = [_Part(less, length, ids), *alone, *drawn_parts, replace(other, format="csv")]
    drawn = [(part, _call(bench, part, start)) for part in chosen]
    # All at once: a server that mixes up requests under way gives one of them the data of another.
    with ThreadPoolExecutor(max_workers=len(drawn)) as pool:
        bench.send_ahead((call for _, call in drawn), pool)
        answered = [_answer(bench, f"part {n} of the window", call) for n, (_, call) in enumerate(drawn, 1)]
        fetch_ahead(bench, (sent for sent in answered if isinstance(sent, Sent)), pool)
    for (part, _), sent in zip(drawn, answered, strict=True):
        try:
            if isinstance(sent, Unusable):
                raise sent
            if sent.answer.status == _NOT_FOUND:
                # What is said where one of several signals has data is open.
                there = all(_inner(whole, part, start, str(signal)) for signal in part.signals)
                yield bench.expect(sent, not there, "the rows that the whole window has there")
                continue
            file = fetch(bench, sent)
            if part.format is not None:
                continue
            differing = [str(i) for i in part.signals if _differs(whole, file, part, start, str(i))]
        except Unusable as reason:
            yield unknown(str(reason))
            continue
        expected = "the values that the whole window holds for all signals together"
        yield (
            kept()
            if not differing
            else bench.finding(
                file.sent, expected, f"other values, or other times, for signal {', '.join(differing)}"
            )
        )


def _draw(bench: Bench, ids: tuple[int, ...], length: int) -> list[_Part]:
    drawn: list[_Part] = []
    number = _number(bench.repeats)
    ends = st.tuples(st.integers(0, length - 1), st.integers(1, length)).filter(lambda e: e[0] < e[1])
    subsets = st.permutations(ids).flatmap(lambda p: st.integers(1, len(p)).map(lambda n: tuple(p[:n])))

    @hypothesis.seed(bench.seed)
    @hypothesis.settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(ends, subsets)
    def draw(window: tuple[int, int], signals: tuple[int, ...]) -> None:
        drawn.append(_Part(*window, signals))

    draw()
    # A short one is among them, for what befalls only many rows at once.
    short = replace(drawn[0], last=min(drawn[0].last, drawn[0].first + max(length // 8, 1)))
    return [short, *drawn[1:number]]


def _call(bench: Bench, part: _Part, start: datetime) -> Call:
    twin = bench.accepted_twin("byId")
    window = {
        "start": iso(start + part.first * _MILLISECOND),
        "end": iso(start + part.last * _MILLISECOND),
    }
    body = {**twin.call.body, "signals": list(part.signals), "timeWindow": window}
    return replace(twin.call, body=body if part.format is None else {**body, "format": part.format})


def _answer(bench: Bench, name: str, call: Call) -> Sent | Unusable:
    try:
        return _sent(bench, name, call)
    except Unusable as reason:
        return reason


def _sent(bench: Bench, name: str, call: Call) -> Sent:
    return bench.once(name, call, difference=f"body changed: {name}", twin=bench.accepted_twin("byId"))


def _differs(whole: DataFile, file: DataFile, part: _Part, start: datetime, column: str) -> bool:
    """Whether a column differs within the part, or goes beyond it.

    Which ends belong to a window is open; a value that both have at one is the same.
    """
    first, last = _ends(part, start)
    if any(not first <= at <= last for at in file.times):
        return True
    if _inner(whole, part, start, column).keys() != _inner(file, part, start, column).keys():
        return True
    expected, given = whole.rows(column), file.rows(column)
    return any(not same(expected[at], value) for at, value in given.items() if at in expected)


def _inner(file: DataFile, part: _Part, start: datetime, column: str) -> dict[datetime, Any]:
    """What a file has of a column between the ends of a part, both left out."""
    first, last = _ends(part, start)
    return {at: value for at, value in file.rows(column).items() if first < at < last}


def _ends(part: _Part, start: datetime) -> tuple[datetime, datetime]:
    return start + part.first * _MILLISECOND, start + part.last * _MILLISECOND
