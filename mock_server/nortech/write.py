"""Data files: one table in three formats (N8, N9), written batch by batch.

Arrow makes the text formats too, column by column: it is fast, and other threads go on meanwhile.
"""

from __future__ import annotations

import csv
import io
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from mock_server.state.records import TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from mock_server.nortech.table import Field, Table

# Raised with each change of what a table's definition is made into.
_VERSION = 1
# Holds every number that a world may have.
_DIGITS = 24


def fingerprint(file_format: str, table: Table) -> str:
    """Tells the bytes of this file from those of any other, without making it.

    The bytes follow from the table's definition, and from the version of what writes them.
    """
    told = [_VERSION, pa.__version__, np.__version__, file_format, table.definition]
    return blake2b(orjson.dumps(told), digest_size=16).hexdigest()


def write(file_format: str, table: Table) -> Iterator[bytes]:
    """The bytes of the file, in pieces; only one batch is in memory at a time."""
    return _WRITERS[file_format](table)


def _parquet(table: Table) -> Iterator[bytes]:
    sink = _Sink()
    schema = table.schema
    with pa.parquet.ParquetWriter(sink, schema) as writer:
        for batch in table.batches():
            times = pa.array(batch.times_ms.astype("datetime64[ms]"))
            writer.write_table(pa.Table.from_arrays([times, *batch.columns], schema=schema))
            yield sink.take()
    yield sink.take()


def _csv(table: Table) -> Iterator[bytes]:
    header = io.StringIO()
    names = [field.name for field in table.fields]
    csv.writer(header, lineterminator="\n").writerow([TIMESTAMP, *names])
    yield header.getvalue().encode("utf-8")
    for batch in table.batches():
        texts = [
            _quoted(column) if pa.types.is_string(column.type) else _text(column, field)
            for column, field in zip(batch.columns, table.fields, strict=True)
        ]
        rows = pc.binary_join_element_wise(
            _times(batch.times_ms), *texts, ",", null_handling="replace", null_replacement=""
        )
        yield _joined(rows, "\n")


def _json(table: Table) -> Iterator[bytes]:
    opening = b"["
    # {"timestamp":"…Z","first":1.000,"second":null}, with what stands between the values made once.
    between = ["," + orjson.dumps(field.name).decode() + ":" for field in table.fields]
    for batch in table.batches():
        parts: list[Any] = ['{"' + TIMESTAMP + '":"', _times(batch.times_ms), '"']
        for column, field, before in zip(batch.columns, table.fields, between, strict=True):
            text = _escaped(column) if field.type == "string" else _text(column, field)
            parts += [before, pc.fill_null(text, "null")]
        yield opening + _joined(pc.binary_join_element_wise(*parts, "}", ""), ",\n")[:-2]
        opening = b",\n"
    yield b"[]\n" if opening == b"[" else b"]\n"


def _times(times_ms: NDArray[Any]) -> pa.Array:
    # The text formats have no type that says UTC, so the text does.
    text = pc.cast(pa.array(times_ms.astype("datetime64[ms]")), pa.string())
    return pc.binary_join_element_wise(pc.binary_replace_slice(text, 10, 11, "T"), "Z", "")


def _text(column: pa.Array, field: Field) -> pa.Array:
    if field.type == "float":
        # With all its decimals, or readers would take a column that begins with 0 for one of whole numbers.
        column = pc.cast(column, pa.decimal128(_DIGITS, field.decimals), safe=False)
    return pc.cast(column, pa.string())


def _quoted(column: pa.Array) -> pa.Array:
    """Text as RFC 4180 has it; always in quotes, since some readers look for them in the first rows only."""
    return pc.binary_join_element_wise('"', pc.replace_substring(column, '"', '""'), '"', "")


def _escaped(column: pa.Array) -> pa.Array:
    """As a JSON string; a column of text says few different things."""
    coded = column.dictionary_encode()
    words = [orjson.dumps(word).decode() for word in coded.dictionary.to_pylist()]
    return pa.array(words, pa.string()).take(coded.indices)


def _joined(rows: pa.Array, ending: str) -> bytes:
    """The rows, each with the ending behind it: that is how Arrow has them in memory."""
    ended = pc.binary_join_element_wise(rows, "", ending)
    _, offsets, data = ended.buffers()
    first, last = (
        int.from_bytes(offsets[4 * place : 4 * place + 4].to_pybytes(), "little")
        for place in (ended.offset, ended.offset + len(ended))
    )
    return bytes(data[first:last])


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


_WRITERS: dict[str, Callable[[Table], Iterator[bytes]]] = {
    "parquet": _parquet,
    "csv": _csv,
    "json": _json,
}
