"""The data file: fetched from ``outputFile``, recognised by what it holds, and read as a table."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
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


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal, where NaN equals NaN."""
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left) and math.isnan(right):
        return True
    return bool(left == right)


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
