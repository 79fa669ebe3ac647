"""Each data file against what was asked (N8, N9)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pyarrow as pa

from conformance.bench import Bench, Unusable
from conformance.check import Observation, check, unknown
from conformance.nortech.asked import (
    NUMBER_ASKED,
    Asked,
    all_asked,
    columns_due,
    default_file,
    every_signal,
    file_finding,
    file_of,
    first_of,
)
from conformance.nortech.datafile import TIMESTAMP, DataFile, Unfetchable, fetch, fetched
from conformance.nortech.instant import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


# What each Parquet file begins with.
_PARQUET = b"PAR1"
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_TYPES: Mapping[str, tuple[str, ...]] = {
    "parquet": ("application/vnd.apache.parquet", "application/x-parquet"),
    "json": ("application/json", "application/x-ndjson"),
    "csv": ("text/csv", "application/csv"),
}


def _files(bench: Bench) -> Iterator[DataFile | Observation]:
    for asked in all_asked(bench):
        try:
            yield file_of(bench, asked)
        except Unusable as reason:
            yield unknown(str(reason))


def _parquet_files(bench: Bench) -> Iterator[DataFile | Observation]:
    for item in _files(bench):
        if isinstance(item, DataFile):
            if item.asked_format != "parquet":
                continue
            try:
                _ = item.table
            except Unusable as reason:
                yield unknown(str(reason))
                continue
        yield item


# Whether a file is as it should be, how it should be, and how it is; None where that cannot be said of it.
_Verdict = tuple[bool, str, str] | None


def _each(
    bench: Bench, files: Iterator[DataFile | Observation], judge: Callable[[DataFile], _Verdict]
) -> Iterator[Observation]:
    for item in files:
        if isinstance(item, Observation):
            yield item
            continue
        try:
            verdict = judge(item)
        except Unusable as reason:
            yield unknown(str(reason))
            continue
        if verdict is not None:
            yield file_finding(bench, item, *verdict)


@check("nortech.file.download", requests=2 * NUMBER_ASKED + 1, accepted=NUMBER_ASKED)
def download(bench: Bench) -> Iterator[Observation]:
    """A plain GET without the token gives each file in time; a second may find it gone, but does not fail."""
    expected = "200 for a plain GET of `outputFile`"
    for asked in all_asked(bench):
        try:
            file_of(bench, asked)
        except Unfetchable as address:
            yield bench.finding(address.sent, expected, address.reason)
        except Unusable as reason:
            yield unknown(str(reason))
    in_time = f"the file within {bench.in_time:g} seconds"
    for file in fetched(bench):
        yield file_finding(bench, file, file.is_there, expected, f"{file.exchange.status} for it")
        late = file.exchange.seconds > bench.in_time
        yield file_finding(bench, file, not late, in_time, "it took longer")
    first = default_file(bench)
    again = fetch(bench, first.sent, again=True)
    fine = again.exchange.status < 500 or not first.is_there
    yield file_finding(bench, again, fine, "a status below 500 for a second GET", f"{again.exchange.status}")
    if first.format == "parquet" and again.is_there and again.exchange.body.startswith(_PARQUET):
        whole = again.format == "parquet" and len(again.table) == len(first.table)
        yield file_finding(
            bench, again, whole, "for a second GET the same rows", "a file without all of them"
        )


@check("nortech.file.name", requests=0)
def name(bench: Bench) -> Iterator[Observation]:
    """The path of the URL ends in the format; a query behind it is let pass."""

    def judge(file: DataFile) -> _Verdict:
        # Where no format was asked for, which one is due is a statement of its own.
        found = {file.format} if file.is_there and not file.names_format else set()
        ends = any(file.name.lower().endswith(form) for form in {file.asked_format} | found)
        return ends, f"a path that ends in {file.asked_format}", f"the name {_ending(file)}"

    yield from _each(bench, _files(bench), judge)


@check("nortech.file.format", requests=0)
def format_(bench: Bench) -> Iterator[Observation]:
    """The bytes of each file are what was asked for, and what they always are where nothing was."""

    def judge(file: DataFile) -> _Verdict:
        if not file.is_there:
            raise Unusable("the data file could not be downloaded")
        # Which format is due where none was asked for is a statement of its own.
        due = file.asked_format if file.names_format else default_file(bench).format
        right = file.format == due != "unknown"
        wanted = "a known format" if due == "unknown" else due
        return right, f"a file in {wanted}", f"a file in {file.format} format"

    asked: dict[str, DataFile] = bench.shelf("asked files")
    yield from _each(bench, _files(bench), judge)
    # What an odd name of a column does to a file for which a format was asked is a statement of its own, too.
    others = [
        file
        for file in fetched(bench)
        if file not in asked.values() and not (file.names_format and _renames(file))
    ]
    yield from _each(bench, iter(others), judge)


def _renames(file: DataFile) -> bool:
    signals = file.sent.call.body["signals"]
    return any(isinstance(signal, Mapping) and "rename" in signal for signal in signals)


@check("nortech.file.content_type", requests=0)
def content_type(bench: Bench) -> Iterator[Observation]:
    """What a browser makes of a file: object stores call all of them bytes or text, which is let pass."""

    def judge(file: DataFile) -> _Verdict:
        said = (file.exchange.header("Content-Type") or "").partition(";")[0].strip().lower()
        # That it is in another format than was asked for is a statement of its own.
        if not file.is_there or file.format not in _TYPES or file.format != file.asked_format:
            return None
        wrong = _PAGES | {kind for form, kinds in _TYPES.items() if form != file.format for kind in kinds}
        return said not in wrong, f"a content type for {file.format}, or none", f"the content type {said}"

    yield from _each(bench, _files(bench), judge)


@check("nortech.file.timestamp", requests=0)
def timestamp(bench: Bench) -> Iterator[Observation]:
    """``timestamp`` holds instants without a time zone, or in UTC."""

    def judge(file: DataFile) -> _Verdict:
        kinds = [field.type for field in file.table.schema if field.name == TIMESTAMP]
        kind = kinds[0] if len(kinds) == 1 else None
        zones = (None, "UTC", "+00:00", "Z", "Etc/UTC")
        right = kind is not None and pa.types.is_timestamp(kind) and kind.tz in zones
        expected = "a column `timestamp` of instants, without a time zone or in UTC"
        return right, expected, f"its type is {kind}"

    yield from _each(bench, _parquet_files(bench), judge)


@check("nortech.file.columns", requests=2, accepted=1)
def columns(bench: Bench) -> Iterator[Observation]:
    """One column per signal asked for, by ``rename``, else by id; their order is not promised.

    That goes for a signal that has no data while others have some, too.
    """

    def judge(file: DataFile) -> _Verdict:
        expected = sorted(name for name, _ in columns_due(bench, file.sent))
        right = sorted(file.signals) == expected
        return right, f"the columns {expected} and `timestamp`", f"the columns {file.table.column_names}"

    yield from _each(bench, _parquet_files(bench), judge)
    whole = file_of(bench, every_signal(bench))
    if (pause := _pause(whole)) is None:
        return
    words = "a time at which one of the signals has no data"
    body = {"signals": whole.sent.call.body["signals"], "timeWindow": pause}
    # Whether such a time is one without data is open.
    with suppress(Unusable):
        yield from _each(bench, iter([file_of(bench, Asked(words, "byId", body))]), judge)


@check("nortech.file.data", requests=0)
def data(bench: Bench) -> Iterator[Observation]:
    """The profile's signals have data in its window, so a file without any is no answer."""

    def judge(file: DataFile) -> _Verdict:
        table = file.table
        named = zip(table.column_names, table.columns, strict=True)
        hollow = [name for name, column in named if column.null_count == len(column)]
        right = bool(len(table)) and not hollow
        actual = f"{len(table)} rows, and no value in the columns {hollow}"
        return right, "rows, and a value in each column", actual

    yield from _each(bench, _parquet_files(bench), judge)


@check("nortech.file.window", requests=0)
def window(bench: Bench) -> Iterator[Observation]:
    """Time stamps lie in the window; whether its end is part of it is not documented."""

    def judge(file: DataFile) -> _Verdict:
        asked = file.sent.call.body["timeWindow"]
        start, end = datetime.fromisoformat(asked["start"]), datetime.fromisoformat(asked["end"])
        outside = [instant for instant in file.times if not start <= instant <= end]
        expected = f"time stamps from {asked['start']} to {asked['end']}"
        return not outside, expected, f"{len(outside)} outside, like {first_of(outside)}"

    yield from _each(bench, _parquet_files(bench), judge)


@check("nortech.file.order", requests=0)
def order(bench: Bench) -> Iterator[Observation]:
    """Time stamps rise from row to row; in JSON and CSV the newest may come first."""

    def judge(file: DataFile) -> _Verdict:
        astray = file.astray()
        expected = "rows in the order of their time stamps, each there once"
        return not astray, expected, f"{len(astray)} are not, like that of {first_of(astray)}"

    yield from _each(bench, _files(bench), judge)


@check("nortech.file.numbers", requests=0)
def numbers(bench: Bench) -> Iterator[Observation]:
    """Numbers as text would have to be read anew by everyone who fetches the file."""

    def judge(file: DataFile) -> _Verdict:
        written = file.written_numbers()
        return not written, "numbers as numbers", f"numbers as text in the columns {written}"

    yield from _each(bench, _parquet_files(bench), judge)


def _pause(file: DataFile) -> dict[str, str] | None:
    """The longest window in which one signal has no row and another has; None where there is none."""
    millisecond = timedelta(milliseconds=1)
    rows = {signal: sorted(file.rows(signal)) for signal in file.signals}
    longest: tuple[datetime, datetime] | None = None
    for signal, times in rows.items():
        others = sorted(at for other, held in rows.items() if other != signal for at in held)
        for before, after in pairwise(times):
            first, last = before + millisecond, after - millisecond
            if longest is not None and last - first <= longest[1] - longest[0]:
                continue
            following = bisect_right(others, first)
            if following < len(others) and others[following] < last:
                longest = first, last
    return None if longest is None else {"start": iso(longest[0]), "end": iso(longest[1])}


def _ending(file: DataFile) -> str:
    return f"ends in .{file.name.rsplit('.', 1)[1]}" if "." in file.name else "has no ending"
