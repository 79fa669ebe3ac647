"""Correct servers that differ in what the contracts leave open; none of them may be accused of anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.selftest.freedoms import anyone, file, liverig, nortech

if TYPE_CHECKING:
    from conformance.selftest.variant import Freedom

FREEDOMS: tuple[Freedom, ...] = (*anyone.FREEDOMS, *liverig.FREEDOMS, *nortech.FREEDOMS, *file.FREEDOMS)
