"""``requestId`` names one accepted request and no other (N14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.check import Observation, check
from conformance.common import identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.bench import Bench


@check("nortech.identity.unique", requests=identity.cost, accepted=identity.cost)
def unique(bench: Bench) -> Iterator[Observation]:
    """Equal and different requests, one by one and at once; no order is promised."""
    yield from identity.unique(bench, "byId", "requestId", _named)


def _named(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
