"""Data files: one table in three formats (N8, N9), written batch by batch."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from mock_server.nortech.table import TIMESTAMP, Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MEDIA_TYPES = {
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
}


def name(file_format: str) -> str:
    """The name of the file, which ends in its format (N8)."""
    return f"000.{file_format}"


def write(file_format: str, names: list[str], batches: Iterable[Batch]) -> Iterator[bytes]:
    """The bytes of the file, in pieces; only one batch is in memory at a time."""
    return _WRITERS[file_format](names, batches)


def _parquet(names: list[str], batches: Iterable[Batch]) -> Iterator[bytes]:
    # No time zone, UTC meant (N9).
    fields = [pa.field(TIMESTAMP, pa.timestamp("ms"), nullable=False)]
    schema = pa.schema([*fields, *(pa.field(column, pa.float64()) for column in names)])
    sink = _Sink()
    with pa.parquet.ParquetWriter(sink, schema) as writer:
        for batch in batches:
            columns = [pa.array(batch.times_ms.astype("datetime64[ms]"))]
            columns += [pa.array(column, from_pandas=True) for column in batch.columns]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            yield sink.take()
    yield sink.take()


def _csv(names: list[str], batches: Iterable[Batch]) -> Iterator[bytes]:
    header = io.StringIO()
    csv.writer(header, lineterminator="\n").writerow([TIMESTAMP, *names])
    yield header.getvalue().encode("utf-8")
    # Times and numbers need no quotes; whatever the names need is done.
    options = pa.csv.WriteOptions(include_header=False, quoting_style="none")
    for batch in batches:
        columns = [pa.array(_texts(batch)), *(pa.array(column, from_pandas=True) for column in batch.columns)]
        sink = io.BytesIO()
        pa.csv.write_csv(pa.Table.from_arrays(columns, [TIMESTAMP, *names]), sink, options)
        yield sink.getvalue()


def _json(names: list[str], batches: Iterable[Batch]) -> Iterator[bytes]:
    keys = [TIMESTAMP, *names]
    opening = b"["
    for batch in batches:
        rows = zip(_texts(batch), *(column.tolist() for column in batch.columns), strict=True)
        records = orjson.dumps([dict(zip(keys, row, strict=True)) for row in rows])
        yield opening + records[1:-1]
        opening = b",\n"
    yield b"[]" if opening == b"[" else b"]"


def _texts(batch: Batch) -> list[str]:
    # The text formats have no type that says UTC, so the text does.
    return [
        text + "Z"
        for text in np.datetime_as_string(batch.times_ms.astype("datetime64[ms]"), unit="ms").tolist()
    ]


class _Sink(io.RawIOBase):
    """A file that gives away what was written to it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._size += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._size

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


_WRITERS: dict[str, Callable[[list[str], Iterable[Batch]], Iterator[bytes]]] = {
    "parquet": _parquet,
    "csv": _csv,
    "json": _json,
}
