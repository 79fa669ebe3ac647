"""``requestId`` names one accepted request and no other (N14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.check import Observation, check, watch
from conformance.common import identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.bench import Bench, Sent


@check("nortech.identity.unique", requests=identity.cost, accepted=identity.cost)
def repeated(bench: Bench) -> Iterator[Observation]:
    """Equal requests, one by one and at once."""
    yield from identity.repeated(bench, "byId", "requestId")


@watch("nortech.identity.unique")
def unique(bench: Bench, sent: Sent) -> Iterator[Observation]:
    """Every accepted request of a run, equal or not. No order is promised."""
    yield from identity.unique(bench, sent, "requestId", _named)


def _named(value: Any) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
