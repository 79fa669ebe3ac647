"""Judges a part of an answer by the contract's schema, as the catalogue's ``answer`` rules ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.answer import Kind
from conformance.call import Absent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from conformance.bench import Bench, Sent
    from conformance.catalogue import AnswerRule
    from conformance.check import Observation

# The vendors give answers no upper bounds; those in the contracts are ours, for generators.
_OUR_BOUNDS = frozenset({"maximum", "maxLength", "maxItems"})


def judge_answer(
    bench: Bench, schemas: Mapping[str, str], rule: AnswerRule, sent: Sent, others: Iterable[AnswerRule] = ()
) -> Iterator[Observation]:
    """Yield one observation where *sent* brought an answer of the rule's kind, else none.

    A violation is put down to the rules whose place is nearest to it: *others* are all rules of the contract.

    Of an answer of the kind ``invalid`` only those with status 400 are judged, since 422 is a freedom, and
    only those to well-formed JSON, since what parses a request may answer before the application does.
    """
    answer = sent.answer
    if sent.call.method != bench.contract.method or answer.kind != Kind(rule.kind):
        return
    if answer.kind is Kind.INVALID and (answer.status != 400 or isinstance(sent.call.body, bytes | Absent)):
        return
    problems: list[str] = []
    expected: list[str] = []
    if rule.status:
        wanted = " or ".join(map(str, rule.status))
        expected.append(f"status {wanted}")
        if answer.status not in rule.status:
            problems.append(f"status {answer.status}")
    if rule.media_type:
        expected.append(f"content type {rule.media_type}")
        if answer.media_type != rule.media_type:
            problems.append(f"content type {answer.media_type or 'missing'}")
    if rule.at is not None:
        schema = schemas[rule.kind]
        expected.append(f"{rule.at} as the contract's schema {schema} has it")
        violations = bench.contract.answer_violations(schema, answer.document)
        problems += [
            f"{v.pointer or 'the body'}: {v.message}"
            for v in violations
            if v.keyword not in _OUR_BOUNDS
            and _governs(rule.at, v.pointer)
            and not any(_nearer(other, rule, v.pointer) for other in others)
        ]
    if problems:
        actual = f"{'; '.join(problems)}; the answer: {bench.text(answer)}"
        yield bench.finding(sent, ", ".join(expected), actual)
    else:
        yield bench.expect(sent, True, "")


def _nearer(other: AnswerRule, rule: AnswerRule, pointer: str) -> bool:
    """Whether *pointer* is at or below the place of *other*, and that of *rule* is not as near above it."""
    if other.kind != rule.kind or other.at is None or rule.at is None or not _governs(other.at, pointer):
        return False
    depths = [len(at.split("/")) for at in (other.at, rule.at, pointer)]
    return depths[0] <= depths[2] and (depths[1] > depths[2] or depths[0] > depths[1])


def _governs(at: str, pointer: str) -> bool:
    """Whether the place *pointer* is at or below *at*, or above it: what is not there has no right parts."""
    ours, theirs = at.split("/")[1:], pointer.split("/")[1:] if pointer else []
    return all(a in ("*", b) for a, b in zip(ours, theirs, strict=False))
