"""Data files of the same data beside each other (N5, N8, N9).

The relations need no oracle: whatever the values are, two requests for the same ones must agree.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from conformance.answer import Kind
from conformance.bench import Bench, Unusable
from conformance.check import Observation, check, unknown
from conformance.nortech.asked import (
    BY_SEARCH,
    DEFAULT,
    RENAMED,
    Asked,
    NotFound,
    as_text,
    columns_due,
    default_file,
    every_signal,
    file_finding,
    file_of,
    first_of,
    signals_backwards,
)
from conformance.nortech.datafile import DataFile, alike, fetch, same
from conformance.nortech.instant import iso
from conformance.nortech.target import NortechTarget

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_LONG = (timedelta(hours=3), timedelta(hours=1))
# More is not asked for, so that nobody is asked for hours of work.
_MOST_ROWS = 50_000
_EXACT = 2**53
_RENAMES = (
    "Ølfeltet, brønn 1/2 [°C] (µ): 水.a-b_c ".ljust(127, "é"),
    " histdata <second> & 'other' \"column\" ",
    "histdata third column",
)


@check("nortech.file.same_table", requests=0)
def same_table(bench: Bench) -> Iterator[Observation]:
    """Parquet, JSON and CSV of one request, as far as their layout can be told; text may round a number."""
    parquet = file_of(bench, every_signal(bench))
    if parquet.format != "parquet":
        raise Unusable("the file that is compared with is no Parquet file")
    whole = parquet.records()
    for asked in as_text(bench):
        try:
            other = file_of(bench, asked)
            if other.format != other.asked_format:
                raise Unusable(f"{asked.name} was answered with a file in another format")
            if (slip := other.slip()) is not None:
                yield bench.finding(other.sent, "in each row a time stamp with its date, and values", slip)
                continue
            records = other.records()
        except NotFound as missing:
            expected = "what the same request for a Parquet file found"
            yield bench.finding(missing.sent, expected) if whole else unknown(str(missing))
            continue
        except Unusable as reason:
            yield unknown(str(reason))
            continue
        if whole and not records:
            expected = f"the {len(whole)} rows with values that the Parquet file holds"
            yield bench.finding(other.sent, expected, "in the file at its `outputFile`: none")
            continue
        # How columns are named, and what else a row holds, is documented for Parquet alone.
        shared = _named(whole) & _named(records)
        if not shared:
            yield unknown(f"the {other.format} file names no column as the Parquet file does")
            continue
        if len(_named(records)) < len(_named(whole)):
            expected = f"the {len(_named(whole))} columns of values that the Parquet file holds"
            yield bench.finding(other.sent, expected, f"{len(_named(records))} of them")
            continue
        more = sorted(_named(records) - set(parquet.signals), key=str) if shared == _named(whole) else []
        written = _written(whole, records) if other.format == "json" else []
        expected = "no columns but those of the Parquet file, and its numbers as numbers"
        if more or written:
            actual = f"the columns {more} as well" if more else f"numbers as text in the columns {written}"
            yield file_finding(bench, other, False, expected, actual)
            continue
        differing = sorted(
            instant
            for instant in whole.keys() | records.keys()
            if not _alike(whole.get(instant, {}), records.get(instant, {}), shared)
        )
        yield file_finding(
            bench,
            other,
            not differing,
            "the table that the Parquet file holds",
            f"{len(differing)} rows differ, like that of {first_of(differing)}",
        )


@check("nortech.file.same_values", requests=4, accepted=2)
def same_values(bench: Bench) -> Iterator[Observation]:
    """The signals by id, alone, in another order, again, by name, and under names of the client's."""
    whole = file_of(bench, DEFAULT)
    ids: list[int] = whole.sent.call.body["signals"]
    others = [
        Asked("the first signal alone", "byId", {"signals": ids[:1]}),
        signals_backwards(bench),
        Asked("the same signals again", "byId", {"signals": list(ids)}),
        RENAMED,
        BY_SEARCH,
    ]
    if (every := every_signal(bench)) is not DEFAULT:
        others.append(every)
    else:
        yield unknown(
            "what shows only where more than two signals are asked for was not judged; "
            "add a third to nortech/signals"
        )
    for asked in others:
        try:
            other = file_of(bench, asked)
            shared = [(name, i) for name, i in columns_due(bench, other.sent) if i in map(str, ids)]
            for name, signal in shared:
                differing = _difference(whole.rows(signal), other.rows(name))
                yield file_finding(
                    bench,
                    other,
                    not differing,
                    f"the values that {whole.sent.name} gives for signal {signal}",
                    f"{len(differing)} rows of the column {name!r} differ, "
                    f"like that of {first_of(differing)}",
                )
        except Unusable as reason:
            yield unknown(str(reason))


@check("nortech.file.adjacent_windows", requests=4, accepted=2)
def adjacent_windows(bench: Bench) -> Iterator[Observation]:
    """The profile's window in two halves; the instant between them may be in either or in both."""
    whole = file_of(bench, DEFAULT)
    asked = whole.sent.call.body["timeWindow"]
    start, end = (datetime.fromisoformat(asked[name]).astimezone(UTC) for name in ("start", "end"))
    middle = iso(start + timedelta(milliseconds=(end - start) // timedelta(milliseconds=2)))
    between = datetime.fromisoformat(middle)
    halves = [
        (
            Asked("the first half of the window", "byId", {"timeWindow": {**asked, "end": middle}}),
            start,
            between,
        ),
        (
            Asked("the second half of the window", "byId", {"timeWindow": {**asked, "start": middle}}),
            between,
            end,
        ),
    ]
    columns = [str(column) for column in whole.sent.call.body["signals"]]
    at_seam = set[str]()
    file = whole
    for half, first, last in halves:
        file = file_of(bench, half)
        for column in columns:
            due = {at: value for at, value in whole.rows(column).items() if first <= at <= last}
            rows = file.rows(column)
            at_seam |= {column} if between in rows else set()
            differing = [
                at for at in _difference(due, rows) if at != between or {at} <= due.keys() & rows.keys()
            ]
            yield file_finding(
                bench,
                file,
                not differing,
                f"what the whole window holds of {column} in that half",
                f"{len(differing)} rows differ, like that of {first_of(differing)}",
            )
    for column in columns:
        yield file_finding(
            bench,
            file,
            column in at_seam or between not in whole.rows(column),
            f"the row of {column} at {middle}, which the whole window holds, in one half or the other",
            "it is in neither",
        )


@check("nortech.file.odd_rename", requests=6, accepted=3)
def odd_rename(bench: Bench) -> Iterator[Observation]:
    """Any text of at most 127 characters is a ``rename`` (N4), and the column's name (N9).

    What names the columns of JSON and CSV is undocumented; where ids do, a ``rename`` is to take their place.
    """
    twin = bench.accepted_twin("bySearch")
    target = bench.target
    assert isinstance(target, NortechTarget)
    # Not in the order of the ids, in which names may be dealt out.
    asked_for = target.named[: len(_RENAMES)][::-1]
    renames = dict(zip(_RENAMES, asked_for, strict=False))
    signals = [{**target.search(signal), "rename": rename} for rename, signal in renames.items()]
    call = replace(twin.call, body={**twin.call.body, "signals": signals})
    difference = "each signal has a rename, one of them with blanks, marks and letters beyond ASCII"
    sent = bench.send("an odd rename", call, difference=difference, twin=twin, place="body")
    yield bench.acceptance(sent)
    if sent.answer.kind is Kind.ACCEPTED:
        file = fetch(bench, sent)
        right = renames.keys() <= set(file.signals)
        yield file_finding(bench, file, right, f"the columns {list(renames)}", f"the columns {file.signals}")
        if right:
            yield from _held(bench, file, {name: str(signal["id"]) for name, signal in renames.items()})
    for asked in as_text(bench):
        with suppress(Unusable):  # what it may be unusable for is judged elsewhere
            usual = file_of(bench, asked)
            if usual.format != asked.changes["format"] or not usual.names(
                map(str, usual.sent.call.body["signals"])
            ):
                continue
            odd = Asked(f"an odd rename as {usual.format}", "bySearch", {**call.body, "format": usual.format})
            file = file_of(bench, odd)
            if file.is_there:
                right = file.format == usual.format and file.names(renames)
                yield file_finding(
                    bench, file, right, f"the columns {list(renames)}", "no columns of these names"
                )


def _held(bench: Bench, file: DataFile, renames: Mapping[str, str]) -> Iterator[Observation]:
    """Whether a column has the values of the signal that it is named for; by id they may be others."""
    usual = file_of(bench, BY_SEARCH)
    for name, signal in renames.items():
        if signal not in usual.signals:
            continue
        differing = _difference(usual.rows(signal), file.rows(name))
        actual = f"{len(differing)} rows differ, like that of {first_of(differing)}"
        yield file_finding(bench, file, not differing, f"the values of signal {signal} as {name!r}", actual)


@check("nortech.file.long_window", requests=6, accepted=3)
def long_window(bench: Bench) -> Iterator[Observation]:
    """What cuts long answers short, or leaves something out, shows beside the middle and the last part."""
    twin = bench.accepted_twin("byId")
    window = twin.call.body["timeWindow"]
    start, end = (datetime.fromisoformat(window[name]).astimezone(UTC) for name in ("start", "end"))
    part = end - start
    if part * 2 > _LONG[-1]:
        raise Unusable(
            "the window of the profile is too long to be a part of an hour; "
            "give nortech/window one of half an hour or less"
        )
    rows = len(default_file(bench).times)
    long = next((length for length in _LONG if rows * (length // part) <= _MOST_ROWS), None)
    if long is None:
        raise Unusable(f"an hour would have more than {_MOST_ROWS} rows")
    words = f"{long // timedelta(hours=1)} h"
    # Before the profile's window, since what comes behind it may still be coming in.
    middle = end - (long + part) / 2
    files = []
    for name, first, last in (
        (f"the {words} that end with the window", end - long, end),
        (f"the middle of these {words}", middle, middle + part),
    ):
        call = replace(
            twin.call, body={**twin.call.body, "timeWindow": {"start": iso(first), "end": iso(last)}}
        )
        sent = bench.once(name, call, difference=f"the window is {name}", twin=twin)
        if sent.answer.kind is not Kind.ACCEPTED:
            raise Unusable(f"{name}: {sent.answer.outcome}")
        files.append(fetch(bench, sent))
    hour, middle_part = files
    for words, other, first, last in (
        ("the profile's window", default_file(bench), start, end),
        ("the middle of it", middle_part, middle, middle + part),
    ):
        for column in map(str, twin.call.body["signals"]):
            within = [
                {at: value for at, value in file.rows(column).items() if first < at < last}
                for file in (hour, other)
            ]
            differing = _difference(*within)
            yield file_finding(
                bench,
                hour,
                not differing,
                f"what {words} holds of {column}",
                f"{len(differing)} rows differ, like that of {first_of(differing)}",
            )


def _difference(left: Mapping[datetime, Any], right: Mapping[datetime, Any]) -> list[datetime]:
    return sorted(
        instant
        for instant in left.keys() | right.keys()
        if instant not in left or instant not in right or not same(left[instant], right[instant])
    )


def _named(records: Mapping[datetime, Mapping[str, Any]]) -> set[str]:
    return {name for row in records.values() for name in row}


def _written(
    whole: Mapping[datetime, Mapping[str, Any]], records: Mapping[datetime, Mapping[str, Any]]
) -> list[str]:
    """The columns that have text where the Parquet file has a number, and JSON could have it, too."""
    return sorted(
        {
            name
            for instant, row in records.items()
            for name, value in row.items()
            if isinstance(value, str) and _is_writable(whole.get(instant, {}).get(name))
        }
    )


def _is_writable(value: Any) -> bool:
    """Whether any JSON writer has a number for it: not so for decimal ones, infinity, and beyond 2^53."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _EXACT


def _alike(left: Mapping[str, Any], right: Mapping[str, Any], columns: set[str]) -> bool:
    return all(
        (name in left) == (name in right) and (name not in left or alike(left[name], right[name]))
        for name in columns
    )
