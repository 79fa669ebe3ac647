"""Spells in which a sensor gives nothing, or always the same: when they are, as a function of a seed.

A day is cut into as many equal parts as there are spells in it, and each part has one, somewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mock_server.nortech import noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY_MS = 86_400_000
# The longest spell, unless the part of the day is shorter than twice that.
LONGEST_MS = 20 * 60_000


@dataclass(frozen=True, slots=True)
class Spells:
    """The spells of one sensor.

    Attributes:
        seed: Tells them from those of another sensor.
        per_day: How many there are.
    """

    seed: int
    per_day: float

    def around(self, times_ms: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Whether each of the times is in a spell, and when the spell starts that it may be in."""
        if not self.per_day or not len(times_ms):
            return np.zeros(len(times_ms), dtype=np.bool_), times_ms
        part_ms = max(2, int(DAY_MS / self.per_day))
        first = int(times_ms.min()) // part_ms
        part = np.arange(first, int(times_ms.max()) // part_ms + 1, dtype=np.int64)
        longest = min(LONGEST_MS, part_ms // 2)
        length = (longest * (0.1 + 0.9 * noise.unit(self.seed, 2 * part))).astype(np.int64)
        start = part * part_ms + ((part_ms - length) * noise.unit(self.seed, 2 * part + 1)).astype(np.int64)
        own = times_ms // part_ms - first
        within = (start[own] <= times_ms) & (times_ms < (start + length)[own])
        return within, start[own]
