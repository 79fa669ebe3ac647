"""The UUID names one request's job and no other's (L12)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.check import Observation, check, watch
from conformance.common import identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.bench import Bench, Sent
    from conformance.call import Call


@check("liverig.identity.unique", requests=identity.cost, accepted=identity.cost)
def repeated(bench: Bench) -> Iterator[Observation]:
    """Equal requests, one by one and at once, and one whose range starts a millisecond later."""
    yield from identity.repeated(bench, "dateTimeLog", "success", alike=_a_millisecond_later)


def _a_millisecond_later(call: Call) -> Call:
    start = call.body["start"]
    # In text or not, as the profile has it (L7).
    return replace(call, body={**call.body, "start": type(start)(int(start) + 1)})


@watch("liverig.identity.unique")
def unique(bench: Bench, sent: Sent) -> Iterator[Observation]:
    """Every accepted request of a run, equal or not. Upper and lower case of a UUID are the same."""
    yield from identity.unique(bench, sent, "success", _named)


def _named(value: Any) -> str | None:
    return value.lower() if isinstance(value, str) else None
