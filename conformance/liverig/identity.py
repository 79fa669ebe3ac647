"""The UUID names one request's job and no other's (L12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.check import Observation, check
from conformance.common import identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.bench import Bench


@check("liverig.identity.unique", requests=identity.cost, accepted=identity.cost)
def unique(bench: Bench) -> Iterator[Observation]:
    """Equal and different requests, one by one and at once; upper and lower case of a UUID are the same."""
    yield from identity.unique(bench, "dateTimeLog", "success", _named)


def _named(value: Any) -> str | None:
    return value.lower() if isinstance(value, str) else None
