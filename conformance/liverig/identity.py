"""The UUID names one request's job and no other's (L12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.check import Observation, check, watch
from conformance.common import identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.bench import Bench, Sent


@check("liverig.identity.unique", requests=identity.cost, accepted=identity.cost)
def repeated(bench: Bench) -> Iterator[Observation]:
    """Equal requests, one by one and at once."""
    yield from identity.repeated(bench, "dateTimeLog", "success")


@watch("liverig.identity.unique")
def unique(bench: Bench, sent: Sent) -> Iterator[Observation]:
    """Every accepted request of a run, equal or not. Upper and lower case of a UUID are the same."""
    yield from identity.unique(bench, sent, "success", _named)


def _named(value: Any) -> str | None:
    return value.lower() if isinstance(value, str) else None
