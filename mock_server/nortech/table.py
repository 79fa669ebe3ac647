"""The table that a data file holds, made batch by batch: however long the window, the memory is bounded."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from mock_server.nortech.coverage import window_ms
from mock_server.nortech.values import ARROW_TYPES, DECIMALS, Column, channel
from mock_server.state.records import TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mock_server.nortech.rig import Moments
    from mock_server.nortech.world import Signal

# Cells of a batch; with all that is made on the way to them, they take about 30 MB.
MAX_CELLS = 262_144
MIN_ROWS, MAX_ROWS = 64, 65_536
# Where values come at times of their own, about so many milliseconds lie between two.
_OCCASION_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Field:
    """What a column of the table is.

    Attributes:
        name: Its name in the file.
        type: `float`, `boolean`, `string` or `json`.
        decimals: How many a number has.
    """

    name: str
    type: str
    decimals: int

    @property
    def arrow(self) -> pa.DataType:
        """The type in Arrow; JSON is text there."""
        return ARROW_TYPES[self.type]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows in a row: their times in milliseconds of the Unix epoch, and a column of values per signal.

    A null is a time at which that signal has no value, but another one has.
    """

    times_ms: NDArray[np.int64]
    columns: list[pa.Array]


class Table:
    """The table of some signals over a window, in order of time; a row for each time at which one of them has
    a value.
    """

    def __init__(self, columns: Sequence[tuple[str, Signal]], start_us: int, end_us: int) -> None:
        self.fields = [_field(name, signal) for name, signal in columns]
        self._columns = [Column(signal, signal.data) if signal.data else None for _, signal in columns]
        self._start_ms, self._end_ms = window_ms(start_us, end_us)

    @property
    def definition(self) -> list[Any]:
        """All that the rows follow from, as plain data."""
        signals = [[column.signal.id, asdict(column.data)] if column else None for column in self._columns]
        return [[asdict(field) for field in self.fields], signals, self._start_ms, self._end_ms]

    @property
    def schema(self) -> pa.Schema:
        """In Arrow; times have no zone, UTC is meant (N9)."""
        times = pa.field(TIMESTAMP, pa.timestamp("ms"), nullable=False)
        return pa.schema([times, *(pa.field(field.name, field.arrow) for field in self.fields)])

    def batches(self) -> Iterator[Batch]:
        """The rows."""
        known = [column.data for column in self._columns if column]
        if not known:
            return
        start_ms = max(self._start_ms, min(data.start_ms for data in known))
        end_ms = min(self._end_ms, max(data.end_ms for data in known))
        rows = min(MAX_ROWS, max(MIN_ROWS, MAX_CELLS // (len(self._columns) + 1)))
        # Signals on the same grid share their rows; each other grid adds its own.
        grids = {column.grid: column.data.every_ms or _OCCASION_MS for column in self._columns if column}
        span_ms = max(1, int(rows / sum(1 / every for every in grids.values())))
        for first in range(start_ms, end_ms, span_ms):
            batch = self._batch(first, min(end_ms, first + span_ms))
            if len(batch.times_ms):
                yield batch

    def _batch(self, start_ms: int, end_ms: int) -> Batch:
        times: dict[object, NDArray[np.int64]] = {}
        for column in self._columns:
            if column and column.grid not in times:
                times[column.grid] = column.times(start_ms, end_ms)
        grids = list(times.values())
        rows = grids[0] if len(grids) == 1 else np.unique(np.concatenate(grids))
        # What is known of a rig at the times of a grid serves all its columns.
        moments: dict[object, dict[str, Moments]] = {grid: {} for grid in times}
        columns = []
        for field, column in zip(self.fields, self._columns, strict=True):
            if column is None:
                columns.append(pa.nulls(len(rows), field.arrow))
                continue
            own = times[column.grid]
            values = column.values(own, moments[column.grid])
            if len(own) < len(rows):
                place = np.full(len(rows), -1, dtype=np.int64)
                place[np.searchsorted(rows, own)] = np.arange(len(own))
                values = values.take(pa.array(place, mask=place < 0))
            columns.append(values)
        return Batch(rows, columns)


def _field(name: str, signal: Signal) -> Field:
    measured = channel(signal.data)
    return Field(name, measured.type, measured.decimals) if measured else Field(name, "float", DECIMALS)
