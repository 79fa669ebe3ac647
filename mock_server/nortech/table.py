"""The table that a data file holds, made batch by batch: however long the window, the memory is bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mock_server.nortech import values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mock_server.nortech.world import Signal

TIMESTAMP = "timestamp"
# Cells of a batch; as Python objects, which JSON needs, they take about 30 MB.
MAX_CELLS = 262_144
MIN_ROWS, MAX_ROWS = 64, 65_536


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows in a row: their times in milliseconds of the Unix epoch, and a column of values per signal.

    A NaN is a time at which that signal has no value, but another one has.
    """

    times_ms: NDArray[np.int64]
    columns: list[NDArray[np.float64]]


def window_ms(start_us: int, end_us: int) -> tuple[int, int]:
    """The milliseconds in a window of microseconds: those from its start on, and before its end.

    Half open, so that adjacent windows make up the whole, without a row twice.
    """
    return -(-start_us // 1000), -(-end_us // 1000)


def has_data(signals: Sequence[Signal], start_us: int, end_us: int) -> bool:
    """Whether any of the signals has a value in the window."""
    start_ms, end_ms = window_ms(start_us, end_us)
    return any(
        signal.data is not None and values.first_time(signal.data, start_ms) < min(end_ms, signal.data.end_ms)
        for signal in signals
    )


def batches(signals: Sequence[Signal], start_us: int, end_us: int) -> Iterator[Batch]:
    """The table of these signals, in order of time; a row for each time at which one of them has a value."""
    known = [signal.data for signal in signals if signal.data is not None]
    if not known:
        return
    start_ms, end_ms = window_ms(start_us, end_us)
    start_ms = max(start_ms, min(data.start_ms for data in known))
    end_ms = min(end_ms, max(data.end_ms for data in known))
    rows = min(MAX_ROWS, max(MIN_ROWS, MAX_CELLS // (len(signals) + 1)))
    # Signals on the same grid share their rows; each other grid adds its own.
    grids = {(data.start_ms % data.every_ms, data.every_ms) for data in known}
    span_ms = max(1, int(rows / sum(1 / every for _, every in grids)))
    for first in range(start_ms, end_ms, span_ms):
        batch = _batch(signals, first, min(end_ms, first + span_ms))
        if len(batch.times_ms):
            yield batch


def _batch(signals: Sequence[Signal], start_ms: int, end_ms: int) -> Batch:
    own = [values.times(signal.data, start_ms, end_ms) if signal.data else None for signal in signals]
    known = [times for times in own if times is not None]
    times_ms = known[0]
    if any(not np.array_equal(times, times_ms) for times in known[1:]):
        times_ms = np.unique(np.concatenate(known))
    columns = []
    for signal, times in zip(signals, own, strict=True):
        column = np.full(len(times_ms), np.nan)
        if signal.data is not None and times is not None:
            column[np.searchsorted(times_ms, times)] = values.values(signal.id, signal.data, times)
        columns.append(column)
    return Batch(times_ms, columns)
