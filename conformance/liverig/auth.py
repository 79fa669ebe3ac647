"""Authentication, which the vendor's page does not mention (L16)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.check import Observation, check, seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.bench import Bench


@check("liverig.auth.without_credentials", requests=1, accepted=1)
def without_credentials(bench: Bench) -> Iterator[Observation]:
    """See whether the profile's credentials are needed at all."""
    twin = bench.accepted_twin("dateTimeLog")
    credentials = {"authorization", "cookie", "x-csrf-token"}
    bare = {name: value for name, value in twin.call.headers.items() if name.lower() not in credentials}
    if len(bare) == len(twin.call.headers):
        yield seen("the profile has no credentials, and requests without any are accepted")
        return
    sent = bench.send("without credentials", replace(twin.call, headers=bare), twin=twin)
    yield seen(f"without credentials the request is {sent.answer.outcome}")
