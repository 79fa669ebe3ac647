"""Signals by id and by name (N3), where the catalogue's table cannot say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.bench import Bench, Unusable
from conformance.catalogue import Expectation
from conformance.check import Observation, check, seen

if TYPE_CHECKING:
    from collections.abc import Iterator


@check("nortech.signals.empty", requests=1)
def empty(bench: Bench) -> Iterator[Observation]:
    """No signal at all is none that is not known."""
    twin = bench.accepted_twin("byId")
    sent = bench.send(
        "no signal at all",
        replace(twin.call, body={**twin.call.body, "signals": []}),
        twin=twin,
        difference="body /signals set to []",
        place="body",
        expect=Expectation.REJECTED,
    )
    yield bench.expect(sent, sent.answer.status in (400, 422), "400 (or 422)")


@check("nortech.signals.mixture", requests=2)
def mixture(bench: Bench) -> Iterator[Observation]:
    """One known id and one known search object, in both orders."""
    by_id, by_search = bench.accepted_twin("byId"), bench.accepted_twin("bySearch")
    signal_id, search = by_id.call.body["signals"][-1], by_search.call.body["signals"][0]
    for words, signals in (
        ("an id, then a search object", [signal_id, search]),
        ("a search object, then an id", [search, signal_id]),
    ):
        sent = bench.send(
            words,
            replace(by_id.call, body={**by_id.call.body, "signals": signals}),
            twin=by_id,
            difference=f"body /signals is {words}",
            place="body",
            expect=Expectation.REJECTED,
        )
        met = bench.target.meets(Expectation.REJECTED, sent.answer)
        yield bench.expect(sent, met, bench.target.wording(Expectation.REJECTED))


@check("nortech.signals.repeated", requests=2, accepted=2)
def repeated(bench: Bench) -> Iterator[Observation]:
    """The same id twice, and the same names under two names of the client's."""
    for start, words in (("byId", "an id twice"), ("bySearch", "a search object twice, with other renames")):
        try:
            twin = bench.accepted_twin(start)
        except Unusable:  # which the statement on search objects says
            continue
        first = twin.call.body["signals"][0]
        again = [first, first]
        if isinstance(first, Mapping):
            again = [{**first, "rename": f"histdata {position}"} for position in ("one", "two")]
        sent = bench.send(words, replace(twin.call, body={**twin.call.body, "signals": again}), twin=twin)
        yield seen(f"{words} is {sent.answer.outcome}")


@check("nortech.signals.odd_ids", requests=2, accepted=1)
def odd_ids(bench: Bench) -> Iterator[Observation]:
    """JSON does not tell 1 from 1.0, and has no largest integer."""
    twin = bench.accepted_twin("byId")
    odd: dict[str, Any] = {
        "1.0 in place of 1": float(twin.call.body["signals"][0]),
        "an id beyond 2^53": 2**63,
    }
    for words, value in odd.items():
        sent = bench.send(words, replace(twin.call, body={**twin.call.body, "signals": [value]}), twin=twin)
        yield seen(f"{words} is {sent.answer.outcome}")
