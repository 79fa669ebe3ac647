"""Numbers that look like chance and are a function of what they are asked for: the same on every machine.

Only operations that IEEE 754 defines to the last bit are used: a sine may differ with the processor and with
the place of a value in its array, and so may what a compiler fuses into one instruction.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def key(*names: object) -> int:
    """A number from 0 to 2**63 - 1 for these names, to tell one sequence of numbers from another."""
    digest = blake2b("\0".join(map(str, names)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def white(seed: int, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """From -1 to 1, without any pattern: the mixing function of SplitMix64 on the seed and each number."""
    with np.errstate(over="ignore"):
        mixed = numbers.view(np.uint64) + np.uint64(seed & (2**63 - 1)) * _GOLDEN
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    noise: NDArray[np.float64] = (mixed >> np.uint64(11)).astype(np.float64) / 2.0**52 - 1.0
    return noise


def unit(seed: int, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """As :func:`white`, from 0 to 1."""
    return 0.5 + 0.5 * white(seed, numbers)


def drift(seed: int, times_ms: NDArray[np.int64], scale_ms: int) -> NDArray[np.float64]:
    """From -1 to 1, moving slowly: a new level each `scale_ms`, and a smooth way from one to the next."""
    if not len(times_ms):
        return np.empty(0)
    first = int(times_ms.min()) // scale_ms
    levels = white(seed, np.arange(first, int(times_ms.max()) // scale_ms + 2, dtype=np.int64))
    place = times_ms // scale_ms - first
    before, after = levels[place], levels[place + 1]
    return before + (after - before) * smooth((times_ms % scale_ms) / scale_ms)


def smooth(way: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 0 to 1 as its argument goes from 0 to 1, standing still before and behind."""
    way = np.clip(way, 0.0, 1.0)
    return way * way * (3.0 - 2.0 * way)
