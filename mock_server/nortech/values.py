"""The values of a signal: a function of the world, the signal and the time, and of nothing else.

So nothing has to be stored, every mock with the same world has the same values, and they depend neither on
the other signals asked for nor on where a window or a batch begins. See `noise` for the operations that are
used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from mock_server.nortech import noise
from mock_server.nortech.rig import ACTIVITIES, CHANNELS, Moments, Rig
from mock_server.nortech.spell import Spells
from mock_server.nortech.world import Measured, Swing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mock_server.nortech.rig import Channel
    from mock_server.nortech.world import Data, Signal

DECIMALS = 3
ARROW_TYPES = {"float": pa.float64(), "boolean": pa.bool_(), "string": pa.string(), "json": pa.string()}


def channel(data: Data | None) -> Channel | None:
    """What measures the data, where it is a rig's."""
    return CHANNELS[data.shape.channel] if data and isinstance(data.shape, Measured) else None


class Column:
    """A signal that has data, ready to be read in pieces."""

    def __init__(self, signal: Signal, data: Data) -> None:
        self.signal = signal
        self.data = data
        shape = data.shape
        self.rig = Rig(shape.rig) if isinstance(shape, Measured) else None
        self.channel = channel(data)
        # The logger of a rig fails for all its signals at once, a sensor sticks alone.
        of = self.rig.name if self.rig else signal.id
        self._gaps = Spells(noise.key("gap", of), data.gaps_per_day)
        self._stuck = Spells(noise.key("stuck", signal.id), data.stuck_per_day)

    @property
    def grid(self) -> tuple[Any, ...]:
        """Signals that agree in it have their values at the same times."""
        data = self.data
        if data.every_ms is None:
            return (self.signal.id,)
        return (data.every_ms, data.start_ms, data.end_ms, self._gaps)

    def times(self, start_ms: int, end_ms: int) -> NDArray[np.int64]:
        """When there are values from `start_ms` on and before `end_ms`."""
        data = self.data
        start_ms, end_ms = max(start_ms, data.start_ms), min(end_ms, data.end_ms)
        if start_ms >= end_ms:
            return np.empty(0, dtype=np.int64)
        if data.every_ms is None:
            # The world gives no other channel times of its own.
            assert self.rig is not None
            assert self.channel is not None
            assert self.channel.times is not None
            times = self.channel.times(self.rig, start_ms, end_ms)
        else:
            late = -(-(start_ms - data.start_ms) // data.every_ms) * data.every_ms
            times = np.arange(data.start_ms + late, end_ms, data.every_ms, dtype=np.int64)
        missing, _ = self._gaps.around(times)
        return times[~missing] if missing.any() else times

    def values(self, times_ms: NDArray[np.int64], moments: dict[str, Moments]) -> pa.Array:
        """The values at some of these times.

        Args:
            times_ms: Of its own times.
            moments: What is known of each rig at these times, to be shared with other columns.
        """
        stuck, since_ms = self._stuck.around(times_ms)
        if stuck.any():
            times_ms = np.where(stuck, since_ms, times_ms)
            moments = {}
        if isinstance(self.data.shape, Swing):
            return pa.array(_swing(self.signal.id, self.data.shape, times_ms))
        assert self.rig is not None
        assert self.channel is not None
        kind = self.channel.type
        if not len(times_ms):
            return pa.array([], ARROW_TYPES[kind])
        read = self.channel.read(moments.setdefault(self.rig.name, self.rig.moments(times_ms)))
        if kind == "string":
            return pa.DictionaryArray.from_arrays(read, list(ACTIVITIES)).cast(pa.string())
        if kind == "float":
            # What a computation leaves of zero may be below it.
            read = np.round(np.maximum(read, 0.0), self.channel.decimals)
        return pa.array(read, ARROW_TYPES[kind])


def _swing(signal_id: int, shape: Swing, times_ms: NDArray[np.int64]) -> NDArray[np.float64]:
    """Slow swings between the bounds, with a little noise on top."""
    # Each signal has its own place in the swing, or all would go up and down together.
    shift = (signal_id * 2654435761) % shape.period_ms
    phase = ((times_ms + shift) % shape.period_ms) / shape.period_ms
    half = phase * 2.0 % 1.0
    # A parabola in each half of the period is as good as a sine to the eye.
    swing = 4.0 * half * (1.0 - half) * np.where(phase < 0.5, 1.0, -1.0)
    level = 0.5 + 0.45 * swing + 0.05 * noise.white(signal_id, times_ms)
    result: NDArray[np.float64] = np.round(shape.low + (shape.high - shape.low) * level, DECIMALS)
    return np.clip(result, shape.low, shape.high)
