"""The time window (N5), where the catalogue's table cannot say it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from conformance.catalogue import Expectation
from conformance.check import Observation, check, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.bench import Bench


@check("nortech.window.spellings", requests=2, accepted=2)
def spellings(bench: Bench) -> Iterator[Observation]:
    """The profile's own window, written in two other ways of ISO 8601."""
    twin = bench.accepted_twin("byId")
    window = {end: datetime.fromisoformat(text) for end, text in twin.call.body["timeWindow"].items()}
    if any(instant.microsecond for instant in window.values()):
        yield unknown(
            "the window of the profile does not begin and end on a second, so a spelling would move it"
        )
        return
    for words, written in {
        "without a fraction of a second": {
            end: instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for end, instant in window.items()
        },
        "with the offset +03:00": {
            end: instant.astimezone(timezone(timedelta(hours=3))).isoformat(timespec="milliseconds")
            for end, instant in window.items()
        },
    }.items():
        sent = bench.send(
            f"the window {words}",
            replace(twin.call, body={**twin.call.body, "timeWindow": written}),
            twin=twin,
            difference=f"the window is written {words}",
            place="body",
        )
        met = bench.target.meets(Expectation.ACCEPTED, sent.answer)
        yield bench.expect(sent, met, bench.target.wording(Expectation.ACCEPTED))
