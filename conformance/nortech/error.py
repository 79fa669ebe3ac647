"""What a refusal of an invalid body says (N10, N13), beyond its schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from conformance.call import Absent
from conformance.catalogue import Expectation
from conformance.check import Observation, watch

if TYPE_CHECKING:
    from conformance.bench import Bench, Sent

_LOCATIONS = ["body", "query", "path", "headers"]
# Bounds that only our contract states; what a server says to a body beyond them is its own affair.
_OUR_BOUNDS = {"minItems", "maxItems", "minLength", "maximum", "minProperties", "maxProperties"}


@watch("nortech.error.status")
def status(bench: Bench, sent: Sent) -> Iterator[Observation]:
    """A body that breaks the documented schema, and nothing else, is a validation error."""
    body = sent.call.body
    if sent.expect is not Expectation.REJECTED or sent.place != "body" or isinstance(body, bytes | Absent):
        return
    broken = {violation.keyword for violation in bench.contract.body_violations(body)} - _OUR_BOUNDS
    if broken and 400 <= sent.answer.status < 500:
        yield bench.expect(sent, sent.answer.status in (400, 422), "400 (or 422)")


@watch("nortech.error.malformed")
def malformed(bench: Bench, sent: Sent) -> Iterator[Observation]:
    """What reads JSON often answers before the application does, and in its own way.

    What any other 400 of the run has wrong, too, breaks another statement, and is let pass here.
    """
    if sent.answer.status != 400 or sent.place != "body":
        return
    broken = {
        (violation.pointer, violation.keyword)
        for violation in bench.contract.answer_violations("ValidationError", sent.answer.document)
    }
    usual: set[tuple[str, str]] = bench.shelf("usual 400").setdefault("broken", set())
    if not isinstance(sent.call.body, bytes | Absent):
        usual |= broken
        return
    expected = "the form of a 400 that the contract's schema ValidationError has"
    yield bench.expect(sent, broken <= usual, expected)


@watch("nortech.error.location")
def location(bench: Bench, sent: Sent) -> Iterator[Observation]:
    """With one thing wrong, every error points at the part of the request that it is in.

    A word that is not documented at all breaks another statement, and is let pass here.
    """
    document = sent.answer.document
    if sent.answer.status != 400 or sent.place != "body" or not isinstance(document, Mapping):
        return
    errors = document.get("errors")
    if not isinstance(errors, list) or not all(
        isinstance(e, Mapping) and e.get("location") in _LOCATIONS for e in errors
    ):
        return
    yield bench.expect(
        sent, all(e["location"] == sent.place for e in errors), f'errors with `location` "{sent.place}"'
    )
