"""Correct servers that differ in what the contracts leave open; none of them may be accused of anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.selftest.variant import Freedom

FREEDOMS: tuple[Freedom, ...] = ()
