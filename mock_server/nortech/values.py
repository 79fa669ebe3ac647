"""The values of a signal: a function of the world, the signal and the time, and of nothing else.

So nothing has to be stored, every mock with the same world has the same values, and they depend neither on
the other signals asked for nor on where a window or a batch begins. Only operations that IEEE 754 defines to
the last bit are used: a sine may differ with the processor and with the place of a value in its array.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mock_server.nortech.world import Data

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
DECIMALS = 3


def times(data: Data, start_ms: int, end_ms: int) -> NDArray[np.int64]:
    """When the signal has values from `start_ms` on and before `end_ms`, in milliseconds of the Unix
    epoch.
    """
    first = first_time(data, start_ms)
    return np.arange(first, max(first, min(end_ms, data.end_ms)), data.every_ms, dtype=np.int64)


def first_time(data: Data, start_ms: int) -> int:
    """When the signal has its first value from `start_ms` on; behind its end where there is none."""
    late = max(0, start_ms - data.start_ms)
    return data.start_ms + -(-late // data.every_ms) * data.every_ms


def values(signal_id: int, data: Data, times_ms: NDArray[np.int64]) -> NDArray[np.float64]:
    """The signal's values at these times: slow swings between its bounds, with a little noise on top."""
    # Each signal has its own place in the swing, or all would go up and down together.
    shift = (signal_id * 2654435761) % data.period_ms
    phase = ((times_ms + shift) % data.period_ms) / data.period_ms
    half = phase * 2.0 % 1.0
    # A parabola in each half of the period is as good as a sine to the eye.
    swing = 4.0 * half * (1.0 - half) * np.where(phase < 0.5, 1.0, -1.0)
    level = 0.5 + 0.45 * swing + 0.05 * _noise(signal_id, times_ms)
    result: NDArray[np.float64] = np.round(data.low + (data.high - data.low) * level, DECIMALS)
    return np.clip(result, data.low, data.high)


def _noise(signal_id: int, times_ms: NDArray[np.int64]) -> NDArray[np.float64]:
    """From -1 to 1, without any pattern: the mixing function of SplitMix64 on the signal and the time."""
    with np.errstate(over="ignore"):
        mixed = times_ms.view(np.uint64) + np.uint64(signal_id & (2**63 - 1)) * _GOLDEN
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    noise: NDArray[np.float64] = (mixed >> np.uint64(11)).astype(np.float64) / 2.0**52 - 1.0
    return noise
