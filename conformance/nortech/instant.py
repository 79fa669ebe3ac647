"""Instants as the contract writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def iso(instant: datetime) -> str:
    """An instant in UTC as ISO 8601 with milliseconds and a Z (N5)."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
