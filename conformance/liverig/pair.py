"""The collector is named in the query and again in the body (L15)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.answer import Kind
from conformance.check import Observation, check, seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.bench import Bench

_UNKNOWN = "histdata-no-such-collector"


@check("liverig.pair.disagreement", requests=4, accepted=4)
def disagreement(bench: Bench) -> Iterator[Observation]:
    """Name an unknown collector on one side only: the side that leads to a rejection is what counts."""
    twin = bench.accepted_twin("dateTimeLog")
    for name, _ in twin.call.query:
        query = tuple((key, _UNKNOWN if key == name else value) for key, value in twin.call.query)
        in_query = bench.send(
            f"query {name} unknown, body right",
            replace(twin.call, query=query),
            twin=twin,
            difference=f"query {name} set to {_UNKNOWN}",
        )
        in_body = bench.send(
            f"query right, body {name} unknown",
            replace(twin.call, body=twin.call.body | {name: _UNKNOWN}),
            twin=twin,
            difference=f"body /{name} set to {_UNKNOWN}",
        )
        taken = (in_query.answer.kind is Kind.ACCEPTED, in_body.answer.kind is Kind.ACCEPTED)
        yield seen(
            f"{name}: "
            + {
                (True, True): "either side may name an unknown collector, and the request is accepted",
                (True, False): "the body counts",
                (False, True): "the query counts",
                (False, False): "a mismatch is rejected, or both sides are checked",
            }[taken]
        )
