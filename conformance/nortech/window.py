"""The time window (N5), where the catalogue's table cannot say it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from conformance.answer import Kind
from conformance.catalogue import Expectation
from conformance.check import Observation, check, kept, seen, unknown
from conformance.nortech.datafile import fetch
from conformance.nortech.instant import iso

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.bench import Bench, Sent

_NOT_FOUND = 404
_WIDER = {"start": timedelta(milliseconds=-1), "end": timedelta(milliseconds=1)}


@check("nortech.window.spellings", requests=7, accepted=3)
def spellings(bench: Bench) -> Iterator[Observation]:
    """The profile's own window, written in three other ways of ISO 8601.

    With microseconds it is wider by a millisecond at either end, so that the fraction is not a row of zeros.
    """
    twin = bench.accepted_twin("byId")
    window = {end: datetime.fromisoformat(text) for end, text in twin.call.body["timeWindow"].items()}
    if any(instant.microsecond for instant in window.values()):
        yield unknown(
            "the window of the profile does not begin and end on a second, so a spelling would move it"
        )
        return
    half_past = timezone(timedelta(hours=5, minutes=30))
    for words, written in {
        "with microseconds": {
            end: (instant.astimezone(UTC) + _WIDER[end]).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            for end, instant in window.items()
        },
        "without a fraction of a second": {
            end: instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for end, instant in window.items()
        },
        "with the offset +05:30": {
            end: instant.astimezone(half_past).isoformat(timespec="milliseconds")
            for end, instant in window.items()
        },
    }.items():
        sent = bench.send(
            f"the window {words}",
            replace(twin.call, body={**twin.call.body, "timeWindow": written}),
            twin=twin,
            difference=f"the window is written {words}",
            place="body",
        )
        yield bench.acceptance(sent)
        if sent.answer.kind is Kind.ACCEPTED:
            yield from bench.attempt(_same_rows(bench, twin, sent))


def _same_rows(bench: Bench, twin: Sent, sent: Sent) -> Iterator[Observation]:
    """A window that is written in another way is the same window, so it holds the same times.

    Which of its ends belong to it is open, and so is what a millisecond more lets in.
    """
    start, end = (datetime.fromisoformat(twin.call.body["timeWindow"][name]) for name in ("start", "end"))
    files = [fetch(bench, each).times for each in (sent, twin)]
    times, twin_times = ({at for at in file if start < at < end} for file in files)
    # Of a file whose rows lie elsewhere in any case, that is said by another statement.
    if all(start <= at <= end for at in files[1]):
        first, last = start + _WIDER["start"], end + _WIDER["end"]
        times |= {at for at in files[0] if not first <= at <= last}
    actual = f"{len(times)} rows in place of {len(twin_times)}, or at other times"
    same = times == twin_times
    yield kept() if same else bench.finding(sent, "the rows of the same window in its other spelling", actual)


@check("nortech.window.inverted", requests=1)
def inverted(bench: Bench) -> Iterator[Observation]:
    """The ends of the profile's window, exchanged."""
    twin = bench.accepted_twin("byId")
    window = twin.call.body["timeWindow"]
    exchanged = {**window, "start": window["end"], "end": window["start"]}
    sent = bench.send(
        "a window with its ends exchanged",
        replace(twin.call, body={**twin.call.body, "timeWindow": exchanged}),
        twin=twin,
        difference="body /timeWindow/start and /timeWindow/end exchanged",
        place="body",
        expect=Expectation.REJECTED,
    )
    yield _refusal(bench, sent)


def _refusal(bench: Bench, sent: Sent) -> Observation:
    """That there is no data in a window which runs backwards is what comes of not looking at it."""
    met = bench.target.meets(Expectation.REJECTED, sent.answer) and sent.answer.status != _NOT_FOUND
    return bench.expect(sent, met, f"{bench.target.wording(Expectation.REJECTED)}, other than 404")


@check("nortech.window.instants", requests=3, accepted=1)
def instants(bench: Bench) -> Iterator[Observation]:
    """An offset far from the other end's lets the text fall where time rises, and rise where it falls.

    The millisecond is one between two seconds of a minute, for who looks at minutes.
    """
    twin = bench.accepted_twin("byId")
    start, end = (
        datetime.fromisoformat(twin.call.body["timeWindow"][name]).astimezone(UTC)
        for name in ("start", "end")
    )
    half = start.replace(second=30, microsecond=0)
    east, west = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
    for words, window, backwards in (
        ("runs forwards, with a start that is the later text", (start.astimezone(east), end), False),
        ("runs backwards, with a start that is the earlier text", (end.astimezone(west), start), True),
        ("ends a millisecond before it starts", (half, half - timedelta(milliseconds=1)), True),
    ):
        written = dict(zip(("start", "end"), map(iso, window), strict=True))
        sent = bench.send(
            f"a window that {words}",
            replace(twin.call, body={**twin.call.body, "timeWindow": written}),
            twin=twin,
            difference=f"the window {words}",
            place="body",
        )
        yield _refusal(bench, sent) if backwards else bench.acceptance(sent)


@check("nortech.window.loose", requests=6, accepted=6)
def loose(bench: Bench) -> Iterator[Observation]:
    """Looser or odd short windows: at most a day, so that nobody is asked for a month of data."""
    twin = bench.accepted_twin("byId")
    start = datetime.fromisoformat(twin.call.body["timeWindow"]["start"]).astimezone(UTC)
    end = datetime.fromisoformat(twin.call.body["timeWindow"]["end"]).astimezone(UTC)
    bare, day = "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"
    for words, window in {
        "a date-time without an offset": (start.strftime(bare), end.strftime(bare)),
        "a start without an offset beside an end that has one": (start.strftime(bare), iso(end)),
        "a date without a time": (start.strftime(day), (start + timedelta(days=1)).strftime(day)),
        "ten minutes of the first year": ("0001-01-01T00:00:00.000Z", "0001-01-01T00:10:00.000Z"),
        "the last minutes of the year 9999": ("9999-12-31T23:50:00.000Z", "9999-12-31T23:59:59.999Z"),
        "a day that its month does not have": ("2021-02-30T00:00:00.000Z", "2021-03-02T00:10:00.000Z"),
    }.items():
        body = {**twin.call.body, "timeWindow": dict(zip(("start", "end"), window, strict=True))}
        sent = bench.send(words, replace(twin.call, body=body), twin=twin)
        yield seen(f"{words} is {sent.answer.outcome}")
