"""The data file: fetched from ``outputFile``, recognised by what it holds, and read as a table."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from conformance.bench import Bench, Sent, Unusable
from conformance.trouble import NoAnswer, TransportError, Unreachable

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from conformance.exchange import Exchange

TIMESTAMP = "timestamp"
_DELIMITERS = ",;\t"
# With a host: nobody is at an address without one (RFC 9110, 4.2.1).
_HTTP = re.compile(r"https?://[^/?#\s]", re.IGNORECASE)
_TIME_OF_DAY = re.compile(r"\s*\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*([AP]M)?\s*Z?\s*", re.IGNORECASE)
_DATED = re.compile(r"\s*(\d{4}-\d\d-\d\d)[T ]\d\d:\d\d")
_NUMBER = re.compile(r"\s*[+-]?\d+(\.\d*)?([eE][+-]?\d+)?\s*")
# As many as browsers and download tools put up with at least.
_REDIRECTS = 5
# So many files in a row that do not come whole, each after a wait, tell what the rest would be like.
_TOO_MANY_BROKEN = 5


class Unfetchable(Unusable):
    """A plain GET cannot be sent to the address of a data file, or not to anybody."""

    def __init__(self, sent: Sent, reason: str) -> None:
        super().__init__(f"{sent.name}: {reason}")
        self.sent = sent
        """The request that was answered with the address."""
        self.reason = reason


@dataclass(frozen=True)
class DataFile:
    """The file of one accepted request."""

    sent: Sent
    """The request that it answers."""
    url: str
    exchange: Exchange
    """The plain GET of the file, without the token (N8)."""

    @property
    def asked_format(self) -> str:
        """The format that was asked for; Parquet where none was (N6)."""
        body: Mapping[str, Any] = self.sent.call.body
        return str(body.get("format", "parquet"))

    @property
    def names_format(self) -> bool:
        """Whether a format was asked for."""
        return "format" in self.sent.call.body

    @property
    def name(self) -> str:
        """The last segment of the URL's path; a query, as signed URLs have it, is not part of it."""
        return urlsplit(self.url).path.rsplit("/", 1)[-1]

    @property
    def is_there(self) -> bool:
        """Whether the download gave the file."""
        return self.exchange.status == 200

    @cached_property
    def format(self) -> str:
        """What the bytes are: ``parquet``, ``json``, ``csv`` or ``unknown``."""
        content = self.exchange.body
        if content[:4] == b"PAR1" and content[-4:] == b"PAR1":
            # A file that no reader takes is in no format, whatever it begins with.
            return "parquet" if _is_parquet(content) else "unknown"
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return "unknown"
        if _is_json(text):
            return "json"
        return "csv" if _is_csv(text) else "unknown"

    @cached_property
    def table(self) -> pa.Table:
        """The Parquet file as a table.

        Raises:
            Unusable: it is not there, or is no Parquet file that can be read.
        """
        if not self.is_there:
            raise Unusable(f"the data file could not be downloaded ({self.exchange.status})")
        try:
            return _parquet(self.exchange.body)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise Unusable(f"the data file is no Parquet file that can be read: {error}") from None

    @property
    def signals(self) -> list[str]:
        """The names of all columns but ``timestamp``, in the file's order."""
        return [name for name in self.table.column_names if name != TIMESTAMP]

    def names(self, columns: Iterable[str]) -> bool:
        """Whether columns are called so, whatever the format, and whatever a CSV file puts between them.

        Raises:
            Unusable: the file cannot be read, or has a layout that is not known.
        """
        if self.format == "parquet":
            headers = [self.signals]
        elif self.format == "csv":
            headers = _csv_headers(self.exchange.body.decode("utf-8-sig"))
        else:
            headers = [list(row) for row in self._rows[:1]]
        return any(set(columns) <= set(header) for header in headers)

    @cached_property
    def times(self) -> list[datetime]:
        """The time stamps in UTC, to the microsecond, in the file's order.

        Raises:
            Unusable: the file has no column ``timestamp`` of instants.
        """
        column = self._column(TIMESTAMP)
        if not pa.types.is_timestamp(column.type):
            raise Unusable("the data file has no column `timestamp` of instants")
        microseconds = _values(column.cast(pa.timestamp("us"), safe=False))
        if any(instant is None for instant in microseconds):
            raise Unusable("the data file has rows without a time stamp")
        return [instant.replace(tzinfo=UTC) for instant in microseconds]

    def records(self) -> dict[datetime, dict[str, Any]]:
        """Time stamp to the values at it by column, whatever the format; what is not there is left out.

        The layout of JSON and CSV is undocumented. Read are: JSON as an array of objects, or an object a
        line, and CSV with a header, each with a ``timestamp`` in ISO 8601 or as a Unix time.

        Raises:
            Unusable: the file has another layout, or cannot be read.
        """
        found: dict[datetime, dict[str, Any]] = {}
        for row in self._rows:
            values = {
                name: value for name, value in row.items() if name != TIMESTAMP and not _is_nothing(value)
            }
            if values:
                found[_instant(row[TIMESTAMP])] = values
        return found

    @cached_property
    def _rows(self) -> list[Mapping[str, Any]]:
        if self.format == "parquet":
            rows: list[Mapping[str, Any]] = _values(self.table)
        elif self.format == "json":
            rows = _json_rows(self.exchange.body.decode("utf-8-sig"))
        elif self.format == "csv":
            rows = _csv_rows(self.exchange.body.decode("utf-8-sig"))
        else:
            raise Unusable("the data file is in no format that is known")
        if any(TIMESTAMP not in row for row in rows):
            raise Unusable(
                f"the {self.format} file has a layout that is not known: no `{TIMESTAMP}` in a row"
            )
        return rows

    def slip(self) -> str | None:
        """What no layout has on purpose, in words, or None.

        That is: times without a date, a date that is in no calendar, the header again, an index left in.

        Raises:
            Unusable: as for :meth:`records`.
        """
        stamps = [str(row[TIMESTAMP]) for row in self._rows]
        if stamps and all(map(_TIME_OF_DAY.fullmatch, stamps)):
            return "its time stamps have no date"
        for stamp in stamps:
            dated = _DATED.match(stamp)
            if dated is not None and not _is_date(dated[1]):
                return f"it has the time stamp {stamp[:40]!r}, whose date is in no calendar"
        if TIMESTAMP in stamps:
            return "its header stands there again"
        if stamps and [row.get("") for row in self._rows] == list(map(str, range(len(stamps)))):
            return "a column without a name counts its rows"
        return None

    def astray(self) -> list[datetime]:
        """The time stamps that are out of order, whatever the format.

        In Parquet each is to lie after the one before it. The layout of JSON and CSV is undocumented, so the
        newest row may as well come first there; but a row is there once, and no row between its elders.

        Raises:
            Unusable: as for :attr:`times` and :meth:`records`.
        """
        if self.format == "parquet":
            pairs = zip(self.times, self.times[1:], strict=False)
            return [after for before, after in pairs if after <= before]
        instants = [_instant(row[TIMESTAMP]) for row in self._rows]
        falls = len(instants) > 1 and instants[-1] < instants[0]
        ordered = list(zip(self._rows, instants, self._rows[1:], instants[1:], strict=False))
        return [
            after
            for row, before, following, after in ordered
            if row == following or (after > before if falls else after < before)
        ]

    def written_numbers(self) -> list[str]:
        """The columns of the Parquet file that hold numbers, all of them written out as text.

        Words are a signal's own affair, and so are whole numbers, which may well be names of states.

        Raises:
            Unusable: as for :attr:`table`.
        """
        return [name for name in self.signals if _are_written_numbers(self._column(name))]

    def rows(self, column: str) -> dict[datetime, Any]:
        """Time stamp to value for one column; a time at which it has no value is left out.

        Raises:
            Unusable: as for :attr:`times`, or there is no such column.
        """
        values = zip(self.times, _values(self._column(column)), strict=True)
        return {instant: value for instant, value in values if not _is_nothing(value)}

    def _column(self, name: str) -> pa.ChunkedArray:
        if self.table.column_names.count(name) != 1:
            raise Unusable(f"the data file has no column {name!r}, or several")
        return self.table[name]


def fetch(bench: Bench, sent: Sent, *, again: bool = False) -> DataFile:
    """Download the file of an accepted request with a plain GET, without the token (N8).

    A file is downloaded once, since it may be gone by then, unless it is wanted *again*.

    Raises:
        Unfetchable: a plain GET cannot be sent to the address, or nobody listens there on the target's host.
        Unusable: the answer names no address, the connection gave no answer, or none of the last files came
            whole.
    """
    url = _address(sent)
    # By the request and not by the address: that two requests have one address may be the fault.
    files: dict[str, DataFile] = bench.shelf("files")
    key = str(id(sent))
    if not again and key in files:
        return files[key]
    broken: dict[str, str] = bench.shelf("files in a row that did not come whole")
    if len(broken) >= _TOO_MANY_BROKEN:
        raise Unusable(
            f"{sent.name}: the data file was not asked for, since the {len(broken)} before it were broken"
        )
    get = partial(_get, bench, url)
    ahead: Future[Exchange] | None = bench.shelf("files under way").pop(key, None)
    first = get if ahead is None else ahead.result
    try:
        file = DataFile(sent, url, bench.whole(first, get, partial(bench.damaged, sent)))
    except TransportError as error:
        # Elsewhere, the network of the run may be what refuses; the target's own host is known to be reached.
        if isinstance(error, Unreachable) and error.refused and bench.transport.is_target_host(url):
            raise Unfetchable(sent, f"nobody listens at the address {url[:200]!r}") from None
        if isinstance(error, NoAnswer) and error.damage is not None:
            broken[key] = error.damage
        raise Unusable(f"{sent.name}: the data file gave no answer: {error}") from None
    except ValueError:  # what requests raises where an address is none
        raise Unfetchable(sent, f"{url[:200]!r} is no address for a GET") from None
    broken.clear()
    files.setdefault(key, file)
    return file


def fetch_ahead(bench: Bench, answered: Iterable[Sent], pool: Executor) -> None:
    """Begin to download the files of *answered* by *pool*, all at once; :func:`fetch` waits for its own."""
    for sent in answered:
        with suppress(Unusable):
            bench.shelf("files under way")[str(id(sent))] = pool.submit(_get, bench, _address(sent))


def _address(sent: Sent) -> str:
    document = sent.answer.document
    url = document.get("outputFile") if isinstance(document, Mapping) else None
    if not isinstance(url, str) or not url:
        raise Unusable(f"{sent.name}: the answer has no `outputFile`")
    if not _HTTP.match(url):
        raise Unfetchable(sent, f"{url[:200]!r} is no address for a GET")
    return url


def _get(bench: Bench, url: str) -> Exchange:
    exchange = bench.transport.request("GET", url)
    for _ in range(_REDIRECTS):
        onward = exchange.header("Location")
        if exchange.status not in (301, 302, 303, 307, 308) or onward is None:
            break
        exchange = bench.transport.request("GET", urljoin(exchange.url, onward))
    return exchange


def fetched(bench: Bench) -> list[DataFile]:
    """All data files of the run so far, in the order in which they were fetched."""
    files: dict[str, DataFile] = bench.shelf("files")
    return list(files.values())


def alike(left: Any, right: Any) -> bool:
    """Whether two values of different formats mean the same: text may round a number and spells a boolean.

    A signal of JSON is an object where the format has such, and its text elsewhere.
    """
    if isinstance(left, str) != isinstance(right, str):
        text, value = (left, right) if isinstance(left, str) else (right, left)
        if isinstance(value, Mapping | list):
            return bool(_parsed(text) == value)
        text = text.replace(",", ".") if text.count(",") == 1 else text  # a decimal comma
        if isinstance(value, bool):
            return bool(text.strip().lower() in (("true", "1") if value else ("false", "0")))
        try:
            left, right = float(text), float(value)
        except (TypeError, ValueError, OverflowError):
            return False
    try:
        if isinstance(left, int | float | Decimal) and isinstance(right, int | float | Decimal):
            return math.isclose(left, right, rel_tol=1e-4, abs_tol=1e-6)
    except OverflowError:
        pass
    return bool(left == right)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def same(left: Any, right: Any) -> bool:
    """Whether two values of one format are equal; computed anew, a value may differ in its last bits."""
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12) or left == right
    return bool(left == right)


def _are_written_numbers(column: pa.ChunkedArray) -> bool:
    values = [value for value in _values(column) if not _is_nothing(value)]
    if not values or not all(isinstance(value, str) for value in values):
        return False
    return all(map(_NUMBER.fullmatch, values)) and any("." in value for value in values)


def _json_rows(text: str) -> list[Mapping[str, Any]]:
    try:
        document = json.loads(text)
    except ValueError:
        document = [json.loads(line) for line in text.splitlines() if line.strip()]
    if not isinstance(document, list) or not all(isinstance(row, Mapping) for row in document):
        raise Unusable("the json file has a layout that is not known: no array of objects")
    return document


def _csv_headers(text: str) -> list[list[str]]:
    """The first line, by each delimiter that is used."""
    lines = _without_comments(text)
    return [next(csv.reader(io.StringIO(lines, newline=""), delimiter=d), []) for d in _DELIMITERS]


def _csv_rows(text: str) -> list[Mapping[str, Any]]:
    text = _without_comments(text)
    delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
    try:
        return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Unusable(f"the csv file cannot be read: {error}") from None


def _values(column: pa.Table | pa.ChunkedArray) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except (pa.ArrowException, ArithmeticError, LookupError, ValueError) as error:
        # Python knows fewer instants than Arrow: none after the year 9999, none between microseconds.
        raise Unusable(f"the data file has values that cannot be read: {error}") from None
    return values


def _is_nothing(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in ("", "nan", "null", "none")
    return value is None or (isinstance(value, float) and math.isnan(value))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _instant(value: Any) -> datetime:
    """To the millisecond, in UTC; a Unix time is told by its size."""
    try:
        if isinstance(value, datetime):
            instant = value
        else:
            try:
                number = float(value)
            except (TypeError, ValueError):
                instant = datetime.fromisoformat(value)
            else:
                unit = next(unit for unit in (1, 1e3, 1e6, 1e9) if abs(number) / unit < 1e11)
                instant = datetime.fromtimestamp(number / unit, UTC)
        instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
        rounded = instant + timedelta(microseconds=500)
    except (TypeError, ValueError, OverflowError, OSError, StopIteration):
        raise Unusable(f"the data file has a time stamp that is not known: {value!r}") from None
    return rounded.replace(microsecond=rounded.microsecond // 1000 * 1000)


def _parquet(content: bytes) -> pa.Table:
    # Not read_table, which refuses a file that has a column twice.
    table = pq.ParquetFile(io.BytesIO(content)).read()
    _ = table.column_names  # decodes them
    return table


def _is_parquet(content: bytes) -> bool:
    try:
        _parquet(content)
    except (pa.ArrowException, OSError, ValueError):
        return False
    return True


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text, parse_constant=_no_constant), list | dict)
    except RecursionError:
        return False
    except ValueError:
        pass
    lines = [line for line in text.splitlines() if line.strip()]  # one object a line is JSON enough
    try:
        return bool(lines) and all(
            isinstance(json.loads(line, parse_constant=_no_constant), list | dict) for line in lines
        )
    except (ValueError, RecursionError):
        return False


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _without_comments(text: str) -> str:
    """A table as text without the lines before it that begin with #, as some exports have."""
    lines = text.splitlines(keepends=True)
    while lines and lines[0].lstrip().startswith("#"):
        del lines[0]
    return "".join(lines)


def _is_csv(text: str) -> bool:
    text = _without_comments(text)
    for delimiter in _DELIMITERS:
        try:
            rows = [
                row
                for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
                if row
            ]
        except csv.Error:
            continue
        if rows and len(rows[0]) > 1 and all(len(row) == len(rows[0]) for row in rows):
            return True
    return False
