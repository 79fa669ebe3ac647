"""The data file: fetched from ``outputFile``, recognised by what it holds, and read as a table."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from conformance.bench import Bench, Sent, Unusable
from conformance.transport import Exchange, TransportError

TIMESTAMP = "timestamp"


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
            return "parquet"
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
            return pq.read_table(io.BytesIO(self.exchange.body))
        except (pa.ArrowException, OSError) as error:
            raise Unusable(f"the data file is no Parquet file that can be read: {error}") from None

    @property
    def signals(self) -> list[str]:
        """The names of all columns but ``timestamp``, in the file's order."""
        return [name for name in self.table.column_names if name != TIMESTAMP]

    @cached_property
    def times(self) -> list[datetime]:
        """The time stamps in UTC, to the microsecond, in the file's order.

        Raises:
            Unusable: the file has no column ``timestamp`` of instants.
        """
        if TIMESTAMP not in self.table.column_names or not pa.types.is_timestamp(self.table[TIMESTAMP].type):
            raise Unusable("the data file has no column `timestamp` of instants")
        microseconds = self.table[TIMESTAMP].cast(pa.timestamp("us"), safe=False).to_pylist()
        if any(instant is None for instant in microseconds):
            raise Unusable("the data file has rows without a time stamp")
        return [instant.replace(tzinfo=UTC) for instant in microseconds]

    def records(self) -> dict[datetime, dict[str, Any]]:
        """Time stamp to the values at it by column, whatever the format; a value that is not there is left out.

        The layout of JSON and CSV is undocumented. Read are: JSON as an array of objects, or an object a line,
        and CSV with a header, each with a ``timestamp`` in ISO 8601 or as a Unix time.

        Raises:
            Unusable: the file has another layout, or cannot be read.
        """
        if self.format == "parquet":
            rows: Iterable[Mapping[str, Any]] = self.table.to_pylist()
        elif self.format == "json":
            rows = _json_rows(self.exchange.body.decode("utf-8-sig"))
        else:
            rows = _csv_rows(self.exchange.body.decode("utf-8-sig", "replace"))
        found: dict[datetime, dict[str, Any]] = {}
        for row in rows:
            if TIMESTAMP not in row:
                raise Unusable(
                    f"the {self.format} file has a layout that is not known: no `{TIMESTAMP}` in a row"
                )
            values = {
                name: value for name, value in row.items() if name != TIMESTAMP and not _is_nothing(value)
            }
            if values:
                found[_instant(row[TIMESTAMP])] = values
        return found

    def rows(self, column: str) -> dict[datetime, Any]:
        """Time stamp to value for one column.

        Raises:
            Unusable: as for :attr:`times`, or there is no such column.
        """
        if column not in self.table.column_names:
            raise Unusable(f"the data file has no column {column!r}")
        return dict(zip(self.times, self.table[column].to_pylist(), strict=True))


def fetch(bench: Bench, sent: Sent) -> DataFile:
    """Download the file of an accepted request with a plain GET, without the token (N8).

    Raises:
        Unusable: the answer names no URL, or the connection gave no answer.
    """
    url = sent.answer.document.get("outputFile") if isinstance(sent.answer.document, Mapping) else None
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise Unusable(f"{sent.name}: the answer has no `outputFile` that can be fetched: {url!r}")
    try:
        return DataFile(sent, url, bench.transport.request("GET", url))
    except TransportError as error:
        raise Unusable(f"{sent.name}: the data file gave no answer: {error}") from None


def alike(left: Any, right: Any) -> bool:
    """Whether two values of different formats mean the same: text may round a number and spells a boolean."""
    if isinstance(left, str) != isinstance(right, str):
        text, value = (left, right) if isinstance(left, str) else (right, left)
        if isinstance(value, bool):
            return bool(text.strip().lower() in (("true", "1") if value else ("false", "0")))
        try:
            left, right = float(text), float(value)
        except (TypeError, ValueError):
            return False
    if isinstance(left, int | float) and isinstance(right, int | float):
        return math.isclose(left, right, rel_tol=1e-4, abs_tol=1e-6)
    return bool(left == right)


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal, where NaN equals NaN."""
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left) and math.isnan(right):
        return True
    return bool(left == right)


def _json_rows(text: str) -> list[Mapping[str, Any]]:
    try:
        document = json.loads(text)
    except ValueError:
        document = [json.loads(line) for line in text.splitlines() if line.strip()]
    if not isinstance(document, list) or not all(isinstance(row, Mapping) for row in document):
        raise Unusable("the json file has a layout that is not known: no array of objects")
    return document


def _csv_rows(text: str) -> list[Mapping[str, Any]]:
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


def _is_nothing(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in ("", "nan", "null", "none")
    return value is None or (isinstance(value, float) and math.isnan(value))


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
    except (TypeError, ValueError, OverflowError, OSError, StopIteration):
        raise Unusable(f"the data file has a time stamp that is not known: {value!r}") from None
    instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    rounded = instant + timedelta(microseconds=500)
    return rounded.replace(microsecond=rounded.microsecond // 1000 * 1000)


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list | dict)
    except ValueError:
        pass
    lines = [line for line in text.splitlines() if line.strip()]  # one object a line is JSON enough
    try:
        return bool(lines) and all(isinstance(json.loads(line), list | dict) for line in lines)
    except ValueError:
        return False


def _is_csv(text: str) -> bool:
    for delimiter in ",;\t":
        try:
            rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True) if row]
        except csv.Error:
            continue
        if rows and len(rows[0]) > 1 and all(len(row) == len(rows[0]) for row in rows):
            return True
    return False
