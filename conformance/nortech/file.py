"""The data file against what was asked (N8, N9), and against other files of the same data.

The relations need no oracle: whatever the values are, two requests for the same ones must agree.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from conformance.answer import Kind
from conformance.bench import Bench, Sent, Unusable
from conformance.check import Observation, check, kept, unknown
from conformance.nortech.datafile import TIMESTAMP, DataFile, Unfetchable, alike, fetch, fetched, same
from conformance.nortech.target import NortechTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class _Asked:
    name: str
    start: str
    """The named example that the request is, or differs from in its body."""
    changes: Mapping[str, Any]


# As many signals as are asked for at once.
_MOST = 4
_LONG = (timedelta(hours=3), timedelta(hours=1))
# More is not asked for, so that nobody is asked for hours of work.
_MOST_ROWS = 50_000
_EXACT = 2**53
_ODD_RENAME = "Ølfeltet, brønn 1/2 [°C] (µ): 水.a-b_c ".ljust(127, "é")
_SECOND_RENAME = "histdata second column"
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_TYPES: Mapping[str, tuple[str, ...]] = {
    "parquet": ("application/vnd.apache.parquet", "application/x-parquet"),
    "json": ("application/json", "application/x-ndjson"),
    "csv": ("text/csv", "application/csv"),
}
_DEFAULT = _Asked("byId", "byId", {})
_RENAMED = _Asked("renamed, as parquet", "renamed", {"format": "parquet"})
_BY_SEARCH = _Asked("bySearch", "bySearch", {})
# Those, all signals that the profile knows, these in the other order, and in either text format.
_NUMBER_ASKED = 7


def _file(bench: Bench, asked: _Asked) -> DataFile:
    files: dict[str, DataFile] = bench.shelf("asked files")
    if asked.name not in files:
        twin = bench.accepted_twin(asked.start)
        sent = twin
        if asked.changes:
            call = replace(twin.call, body={**twin.call.body, **asked.changes})
            sent = bench.once(asked.name, call, difference=f"body changed: {asked.name}", twin=twin)
        if sent.answer.kind is not Kind.ACCEPTED:
            raise Unusable(f"{asked.name} was not accepted ({bench.text(sent.answer)})")
        files[asked.name] = fetch(bench, sent)
    return files[asked.name]


def _every(bench: Bench) -> _Asked:
    """All signals that the profile knows, up to a few."""
    target = bench.target
    assert isinstance(target, NortechTarget)
    known = [signal["id"] for signal in target.signals[:_MOST]]
    ids = bench.accepted_twin(_DEFAULT.start).call.body["signals"]
    return _Asked("more signals at once", "byId", {"signals": known}) if len(known) > len(ids) else _DEFAULT


def _backwards(bench: Bench) -> _Asked:
    """The same signals in the other order, in which one with fewer rows may come first."""
    usual = bench.accepted_twin(_DEFAULT.start).call.body["signals"]
    signals = _every(bench).changes.get("signals", usual)
    return _Asked("the signals in the other order", "byId", {"signals": signals[::-1]})


def _texts(bench: Bench) -> tuple[_Asked, ...]:
    every = _every(bench)
    return tuple(
        _Asked(f"{every.name} as {form}", every.start, {**every.changes, "format": form})
        for form in ("json", "csv")
    )


def _asked(bench: Bench) -> tuple[_Asked, ...]:
    """What is asked for of every target, each once."""
    every = [] if (all_of_them := _every(bench)) is _DEFAULT else [all_of_them]
    return (_DEFAULT, *_texts(bench), _RENAMED, _BY_SEARCH, *every, _backwards(bench))


def default_file(bench: Bench) -> DataFile:
    """The file of the request that names no format.

    Raises:
        Unusable: the request was not accepted, or its file gave no answer.
    """
    return _file(bench, _DEFAULT)


def _files(bench: Bench) -> Iterator[DataFile | Observation]:
    for asked in _asked(bench):
        try:
            yield _file(bench, asked)
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
            yield _finding(bench, item, *verdict)


def _finding(bench: Bench, file: DataFile, met: bool, expected: str, actual: str) -> Observation:
    # The request is what reproduces it; the file's own address may be gone by then.
    return kept() if met else bench.finding(file.sent, expected, f"in the file at its `outputFile`: {actual}")


@check("nortech.file.download", requests=2 * _NUMBER_ASKED + 1, accepted=_NUMBER_ASKED)
def download(bench: Bench) -> Iterator[Observation]:
    """A plain GET without the token gives each file; a second one may find it gone, but does not fail."""
    expected = "200 for a plain GET of `outputFile`"
    for asked in _asked(bench):
        try:
            _file(bench, asked)
        except Unfetchable as address:
            yield bench.finding(address.sent, expected, address.reason)
        except Unusable as reason:
            yield unknown(str(reason))
    for file in fetched(bench):
        yield _finding(bench, file, file.is_there, expected, f"{file.exchange.status} for it")
    first = default_file(bench)
    again = fetch(bench, first.sent, again=True)
    fine = again.exchange.status < 500 or not first.is_there
    yield _finding(bench, again, fine, "a status below 500 for a second GET", f"{again.exchange.status}")


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
        expected = sorted(name for name, _ in _columns(bench, file.sent))
        right = sorted(file.signals) == expected
        return right, f"the columns {expected} and `timestamp`", f"the columns {file.table.column_names}"

    yield from _each(bench, _parquet_files(bench), judge)
    whole = _file(bench, _every(bench))
    if (pause := _pause(whole)) is None:
        return
    words = "a time at which one of the signals has no data"
    body = {"signals": whole.sent.call.body["signals"], "timeWindow": pause}
    # Whether such a time is one without data is open.
    with suppress(Unusable):
        yield from _each(bench, iter([_file(bench, _Asked(words, "byId", body))]), judge)


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
        return not outside, expected, f"{len(outside)} outside, like {_first(outside)}"

    yield from _each(bench, _parquet_files(bench), judge)


@check("nortech.file.order", requests=0)
def order(bench: Bench) -> Iterator[Observation]:
    """Time stamps rise from row to row; in JSON and CSV the newest may come first."""

    def judge(file: DataFile) -> _Verdict:
        astray = file.astray()
        expected = "rows in the order of their time stamps, each there once"
        return not astray, expected, f"{len(astray)} are not, like that of {_first(astray)}"

    yield from _each(bench, _files(bench), judge)


@check("nortech.file.numbers", requests=0)
def numbers(bench: Bench) -> Iterator[Observation]:
    """Numbers as text would have to be read anew by everyone who fetches the file."""

    def judge(file: DataFile) -> _Verdict:
        written = file.written_numbers()
        return not written, "numbers as numbers", f"numbers as text in the columns {written}"

    yield from _each(bench, _parquet_files(bench), judge)


@check("nortech.file.same_table", requests=0)
def same_table(bench: Bench) -> Iterator[Observation]:
    """Parquet, JSON and CSV of one request, as far as their layout can be told; text may round a number."""
    parquet = _file(bench, _every(bench))
    if parquet.format != "parquet":
        raise Unusable("the file that is compared with is no Parquet file")
    whole = parquet.records()
    for asked in _texts(bench):
        try:
            other = _file(bench, asked)
            if other.format != other.asked_format:
                raise Unusable(f"{asked.name} was answered with a file in another format")
            if (slip := other.slip()) is not None:
                yield bench.finding(other.sent, "in each row a time stamp with its date, and values", slip)
                continue
            records = other.records()
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
            yield _finding(bench, other, False, expected, actual)
            continue
        differing = sorted(
            instant
            for instant in whole.keys() | records.keys()
            if not _alike(whole.get(instant, {}), records.get(instant, {}), shared)
        )
        yield _finding(
            bench,
            other,
            not differing,
            "the table that the Parquet file holds",
            f"{len(differing)} rows differ, like that of {_first(differing)}",
        )


@check("nortech.file.same_values", requests=4, accepted=2)
def same_values(bench: Bench) -> Iterator[Observation]:
    """The signals by id, alone, in another order, again, by name, and under names of the client's."""
    whole = _file(bench, _DEFAULT)
    ids: list[int] = whole.sent.call.body["signals"]
    others = [
        _Asked("the first signal alone", "byId", {"signals": ids[:1]}),
        _backwards(bench),
        _Asked("the same signals again", "byId", {"signals": list(ids)}),
        _RENAMED,
        _BY_SEARCH,
    ]
    if (every := _every(bench)) is not _DEFAULT:
        others.append(every)
    else:
        yield unknown(
            "what shows only where more than two signals are asked for was not judged; "
            "add a third to nortech/signals"
        )
    for asked in others:
        try:
            other = _file(bench, asked)
            shared = [(name, i) for name, i in _columns(bench, other.sent) if i in map(str, ids)]
            for name, signal in shared:
                differing = _difference(whole.rows(signal), other.rows(name))
                yield _finding(
                    bench,
                    other,
                    not differing,
                    f"the values that {whole.sent.name} gives for signal {signal}",
                    f"{len(differing)} rows of the column {name!r} differ, like that of {_first(differing)}",
                )
        except Unusable as reason:
            yield unknown(str(reason))


@check("nortech.file.adjacent_windows", requests=4, accepted=2)
def adjacent_windows(bench: Bench) -> Iterator[Observation]:
    """The profile's window in two halves; the instant between them may be in either or in both."""
    whole = _file(bench, _DEFAULT)
    asked = whole.sent.call.body["timeWindow"]
    start, end = (datetime.fromisoformat(asked[name]).astimezone(UTC) for name in ("start", "end"))
    middle = _text(start + timedelta(milliseconds=(end - start) // timedelta(milliseconds=2)))
    between = datetime.fromisoformat(middle)
    halves = [
        (
            _Asked("the first half of the window", "byId", {"timeWindow": {**asked, "end": middle}}),
            start,
            between,
        ),
        (
            _Asked("the second half of the window", "byId", {"timeWindow": {**asked, "start": middle}}),
            between,
            end,
        ),
    ]
    columns = [str(column) for column in whole.sent.call.body["signals"]]
    at_seam = set[str]()
    file = whole
    for half, first, last in halves:
        file = _file(bench, half)
        for column in columns:
            due = {at: value for at, value in whole.rows(column).items() if first <= at <= last}
            rows = file.rows(column)
            at_seam |= {column} if between in rows else set()
            differing = [
                at for at in _difference(due, rows) if at != between or {at} <= due.keys() & rows.keys()
            ]
            yield _finding(
                bench,
                file,
                not differing,
                f"what the whole window holds of {column} in that half",
                f"{len(differing)} rows differ, like that of {_first(differing)}",
            )
    for column in columns:
        yield _finding(
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
    asked_for = target.named[:2][::-1]
    renames = dict(zip([_ODD_RENAME, _SECOND_RENAME], asked_for, strict=False))
    signals = [{**target.search(signal), "rename": rename} for rename, signal in renames.items()]
    call = replace(twin.call, body={**twin.call.body, "signals": signals})
    difference = "each signal has a rename, one of them with blanks, marks and letters beyond ASCII"
    sent = bench.send("an odd rename", call, difference=difference, twin=twin, place="body")
    yield bench.acceptance(sent)
    if sent.answer.kind is Kind.ACCEPTED:
        file = fetch(bench, sent)
        right = renames.keys() <= set(file.signals)
        yield _finding(bench, file, right, f"the columns {list(renames)}", f"the columns {file.signals}")
        if right:
            yield from _held(bench, file, {name: str(signal["id"]) for name, signal in renames.items()})
    for asked in _texts(bench):
        with suppress(Unusable):  # what it may be unusable for is judged elsewhere
            usual = _file(bench, asked)
            if usual.format != asked.changes["format"] or not usual.names(
                map(str, usual.sent.call.body["signals"])
            ):
                continue
            odd = _Asked(
                f"an odd rename as {usual.format}", "bySearch", {**call.body, "format": usual.format}
            )
            file = _file(bench, odd)
            if file.is_there:
                right = file.format == usual.format and file.names(renames)
                yield _finding(
                    bench, file, right, f"the columns {list(renames)}", "no columns of these names"
                )


def _held(bench: Bench, file: DataFile, renames: Mapping[str, str]) -> Iterator[Observation]:
    """Whether a column has the values of the signal that it is named for; by id they may be others."""
    usual = _file(bench, _BY_SEARCH)
    for name, signal in renames.items():
        if signal not in usual.signals:
            continue
        differing = _difference(usual.rows(signal), file.rows(name))
        actual = f"{len(differing)} rows differ, like that of {_first(differing)}"
        yield _finding(bench, file, not differing, f"the values of signal {signal} as {name!r}", actual)


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
            twin.call, body={**twin.call.body, "timeWindow": {"start": _text(first), "end": _text(last)}}
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
            yield _finding(
                bench,
                hour,
                not differing,
                f"what {words} holds of {column}",
                f"{len(differing)} rows differ, like that of {_first(differing)}",
            )


def _columns(bench: Bench, sent: Sent) -> list[tuple[str, str]]:
    """The columns that are due, each with the id of the signal that it holds (N9)."""
    target = bench.target
    assert isinstance(target, NortechTarget)
    by_name = {tuple(target.search(signal).items()): str(signal["id"]) for signal in target.named}
    names = []
    for signal in sent.call.body["signals"]:
        if isinstance(signal, int):
            names.append((str(signal), str(signal)))
        else:
            known = by_name[tuple((k, v) for k, v in signal.items() if k != "rename")]
            names.append((signal.get("rename") or known, known))
    return names


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
    return None if longest is None else {"start": _text(longest[0]), "end": _text(longest[1])}


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


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _first(instants: list[datetime]) -> str:
    return instants[0].isoformat() if instants else "none"


def _ending(file: DataFile) -> str:
    return f"ends in .{file.name.rsplit('.', 1)[1]}" if "." in file.name else "has no ending"
