"""What an answer must say, beyond its schema (L13)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from conformance.check import Observation, watch

if TYPE_CHECKING:
    from conformance.bench import Bench, Sent


@watch("liverig.answer.decided")
def decided(bench: Bench, sent: Sent) -> Iterator[Observation]:
    """An answer with a status from 200 to 299 says whether the request was taken."""
    answer = sent.answer
    if not 200 <= answer.status < 300 or sent.call.method != bench.contract.method:
        return
    said = answer.document if isinstance(answer.document, Mapping) else {}
    # Beside a `success`, a `failure` that is null says nothing, and further members are a freedom.
    fails = said.get("failure") is not None if "success" in said else "failure" in said
    says = ("success" in said) != fails
    yield bench.expect(sent, says, "a JSON object with either `success` or `failure`")
