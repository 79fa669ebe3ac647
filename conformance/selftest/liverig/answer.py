"""Faults in the answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.selftest.common import identity
from conformance.selftest.defect import crash, instead, number, on_members, on_reply, on_status, thing, whole
from conformance.selftest.gateway import Ask, Make, Reply, reply
from conformance.selftest.liverig.body import all_logs, deep, index_kinds
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable


def _said(**members: Any) -> Make:
    """Accepted answers with these members."""
    return on_members(200, **members)


def _failing(failure: Any) -> Make:
    """Refusals in the way of the siblings, with a failure that is no string."""
    return on_reply(lambda _, r: reply(200, {"failure": failure}) if r.status == 400 else r)


def _unless_refused(when: Callable[[Ask], Any]) -> Make:
    """Fail on what would have been accepted."""
    return on_reply(lambda a, r: reply(500, {}) if r.status == 200 and when(a) else r)


def _own(_number: int, _ask: Ask, _given: list[Any]) -> None:
    return None


MUTANTS: tuple[Mutant, ...] = (
    Mutant("uuid-as-number", "LR-ANSWER-03", "Accepts with a number for a uuid", _said(success=17)),
    Mutant(
        "uuid-without-hyphens",
        "LR-ANSWER-03",
        "Accepts with a uuid without hyphens",
        on_status(200, lambda d: d | {"success": d["success"].replace("-", "")} if "success" in d else d),
    ),
    Mutant(
        "uuid-in-braces",
        "LR-ANSWER-03",
        "Accepts with a uuid in braces",
        on_status(200, lambda d: d | {"success": "{" + d["success"] + "}"} if "success" in d else d),
    ),
    Mutant(
        "uuid-cut",
        "LR-ANSWER-03",
        "Accepts with a uuid that lacks its last digit",
        on_status(200, lambda d: d | {"success": d["success"][:-1]} if "success" in d else d),
    ),
    Mutant(
        "uuid-nested",
        "LR-ANSWER-03",
        "Accepts with the uuid in an object",
        on_status(200, lambda d: d | {"success": {"uuid": d["success"]}} if "success" in d else d),
    ),
    Mutant(
        "success-true",
        "LR-ANSWER-03",
        "Accepts with success true and the uuid beside it",
        on_status(200, lambda d: {"success": True, "uuid": d["success"]} if "success" in d else d),
    ),
    Mutant(
        "success-renamed",
        "LR-ANSWER-03",
        "Accepts with the uuid under another name",
        on_status(200, lambda d: {"uuid": d["success"]} if "success" in d else d),
        also=frozenset({"LR-ANSWER-04"}),
    ),
    Mutant(
        "success-null-for-mixed",
        "LR-ANSWER-03",
        "Accepts depth logs with null",
        on_reply(
            lambda a, r: r.with_document({"success": None}) if r.status == 200 and deep(a.document) else r
        ),
        revisions=("current",),
    ),
    Mutant(
        "success-and-failure",
        "LR-ANSWER-04",
        "Accepts with an empty failure beside the success",
        _said(failure=""),
    ),
    Mutant(
        "failure-object",
        "LR-ANSWER-05",
        "Refuses with 200 and an object for a failure",
        _failing({"message": "no"}),
    ),
    Mutant("failure-array", "LR-ANSWER-05", "Refuses with 200 and an array for a failure", _failing(["no"])),
    Mutant("failure-null", "LR-ANSWER-05", "Refuses with 200 and null for a failure", _failing(None)),
    Mutant(
        "refused-by-redirect",
        "LR-BODY-01",
        "Sends a request without source to another page",
        instead(
            lambda a: a.method == "POST" and thing(a.document) and "source" not in a.document,
            lambda _: Reply(302, (("location", "/sign-in"),), b""),
        ),
        revisions=("current",),
    ),
    Mutant(
        "crash-on-null-wells",
        "LR-ANSWER-06",
        "Fails on null for a well",
        crash(
            lambda a: (
                thing(a.document) and thing(a.document.get("wells")) and None in a.document["wells"].values()
            )
        ),
        also=frozenset({"LR-WELLS-01", "LR-WELLS-16"}),
    ),
    Mutant(
        "crash-on-number-for-uid",
        "LR-ANSWER-06",
        "Fails on a number for the uid of a log",
        crash(lambda a: any(number(log.get("uid")) for log in all_logs(a.document))),
        also=frozenset({"LR-WELLS-08", "LR-WELLS-16"}),
    ),
    Mutant(
        "crash-on-milliseconds",
        "LR-ANSWER-06",
        "Fails on a range that starts at no whole second, unless it is otherwise wrong",
        _unless_refused(
            lambda a: thing(a.document) and re.search(r"\d$(?<!000)", str(a.document.get("start")))
        ),
        also=frozenset({"LR-RANGE-22"}),
    ),
    Mutant(
        "crash-beyond-64-bits",
        "LR-ANSWER-06",
        "Fails on an instant of more than 64 bits, and takes longer numbers for nonsense",
        crash(
            lambda a: (
                thing(a.document) and whole(a.document.get("start")) and 2**63 <= a.document["start"] < 2**80
            )
        ),
    ),
    Mutant(
        "crash-on-unknown-collector",
        "LR-ANSWER-06",
        "Fails on a collector that it does not know",
        crash(lambda a: any(value.startswith("histdata") for _, value in a.query)),
    ),
    Mutant(
        "trace-when-unknown",
        "LR-ANSWER-07",
        "Shows a stack trace where a log is not known",
        on_reply(
            lambda a, r: (
                r.with_document({"failure": "at br.com.intelie.Logs.find(Logs.java:44)"})
                if r.status >= 400 and b"histdata-no-such-log" in a.body
                else r
            )
        ),
    ),
    Mutant(
        "one-uuid",
        "LR-ID-01",
        "Gives every request the same uuid",
        identity.reused("success", lambda _n, _a, given: given[0] if given else None),
    ),
    Mutant(
        "uuid-by-body",
        "LR-ID-01",
        "Gives equal requests the same uuid",
        identity.reused("success", _own, by=lambda a: a.body.decode("utf-8", "replace")),
    ),
    Mutant(
        "uuid-by-kind",
        "LR-ID-01",
        "Gives requests for the same kinds of log the same uuid",
        identity.reused("success", _own, by=lambda a: ",".join(sorted(index_kinds(a.document)))),
    ),
    Mutant(
        "uuid-repeated-now-and-then",
        "LR-ID-01",
        "Gives every fifth request the uuid of the one before",
        identity.reused("success", lambda n, _a, given: given[-1] if n % 5 == 0 else None),
    ),
    Mutant(
        "uuid-repeated-in-capitals",
        "LR-ID-01",
        "Gives every second request the uuid of the one before, in capitals",
        identity.reused("success", lambda n, _a, given: given[-1].upper() if n % 2 == 0 else None),
    ),
    Mutant(
        "uuid-of-first-again",
        "LR-ID-01",
        "Gives the tenth request the uuid of the first",
        identity.reused("success", lambda n, _a, given: given[0] if n == 10 else None),
    ),
    Mutant(
        "uuid-shared-at-once",
        "LR-ID-01",
        "Gives requests that come at the same moment the same uuid",
        identity.shared("success"),
    ),
    Mutant(
        "uuid-nil",
        "LR-ID-01",
        "Gives every request the nil uuid",
        identity.reused("success", lambda _n, _a, _g: "00000000-0000-0000-0000-000000000000"),
    ),
)
