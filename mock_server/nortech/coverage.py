"""Where signals have values, and how many: what can be said of a request without making its data."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mock_server.nortech.world import Data, Signal

# About as often as a stand is drilled, where a channel has values at times of its own.
_OCCASION_MS = 3_600_000
# How far ahead a search looks at once: in values, and at least so long.
_STEP_VALUES, _STEP_MS = 4096, 60_000


def window_ms(start_us: int, end_us: int) -> tuple[int, int]:
    """The milliseconds in a window of microseconds: those from its start on, and before its end.

    Half open, so that adjacent windows make up the whole, without a row twice.
    """
    return -(-start_us // 1000), -(-end_us // 1000)


def has_data(signals: Iterable[Signal], start_us: int, end_us: int) -> bool:
    """Whether any of the signals has a value in the window."""
    start_ms, end_ms = window_ms(start_us, end_us)
    return any(
        signal.data is not None and _has_value(signal, signal.data, start_ms, end_ms) for signal in signals
    )


def _has_value(signal: Signal, data: Data, start_ms: int, end_ms: int) -> bool:
    start_ms, end_ms = max(start_ms, data.start_ms), min(end_ms, data.end_ms)
    if data.every_ms is not None:
        start_ms += -(start_ms - data.start_ms) % data.every_ms
        if not data.gaps_per_day:
            return start_ms < end_ms
    # What takes numbers to say takes a while to import, and most signals need none.
    from mock_server.nortech.values import Column

    column = Column(signal, data)
    step_ms = max(_STEP_MS, _STEP_VALUES * (data.every_ms or _OCCASION_MS))
    return any(
        len(column.times(first, min(end_ms, first + step_ms))) for first in range(start_ms, end_ms, step_ms)
    )


def numbers_of_values(signals: Sequence[Signal], start_us: int, end_us: int) -> list[int]:
    """How many values each of the signals has in the window; gaps are not counted out."""
    start_ms, end_ms = window_ms(start_us, end_us)
    return [_number(signal.data, start_ms, end_ms) if signal.data else 0 for signal in signals]


def _number(data: Data, start_ms: int, end_ms: int) -> int:
    # Each request asks: conditions take a third of the time of min and max.
    first_ms = data.start_ms if data.start_ms > start_ms else start_ms
    last_ms = data.end_ms if data.end_ms < end_ms else end_ms
    return -(-(last_ms - first_ms) // (data.every_ms or _OCCASION_MS)) if last_ms > first_ms else 0
