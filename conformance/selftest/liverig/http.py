"""Faults that any HTTP server may have, and requests that are refused by their form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.selftest.common import answer, http
from conformance.selftest.defect import forgive_header, missing, refuse_body, thing
from conformance.selftest.liverig.body import OLD, TIME, mixed
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from conformance.selftest.gateway import Ask


def _half_a_collector(body: Any) -> bool:
    return ("qualifier" in body) != ("instance" in body)


def _proper(ask: Ask) -> Any:
    return OLD if re.search(rb"rigName.: 2", ask.body) else TIME


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "half-a-collector-refused",
        "LR-PAIR-10",
        "Refuses a body that has a qualifier and no instance, or an instance and no qualifier",
        refuse_body(_half_a_collector),
    ),
    Mutant(
        "half-a-collector-refused",
        "LR-SCHEMA-01",
        "Refuses a body that has a qualifier and no instance, or an instance and no qualifier",
        refuse_body(_half_a_collector),
        revisions=("old",),
        generated=True,
    ),
    Mutant(
        "both-kinds-without-collector-refused",
        "LR-SCHEMA-01",
        "Refuses both kinds of log where the body does not name the collector",
        refuse_body(lambda b: mixed(b) and not {"qualifier", "instance"} & b.keys()),
        revisions=("current",),
        generated=True,
    ),
    *http.http("LR", _proper),
    Mutant(
        "depth-by-position",
        "LR-HTTP-10",
        "Takes the members of a depth range by their order",
        refuse_body(lambda b: thing(b.get("depth")) and list(b["depth"]) == ["uom", "end", "start"]),
        revisions=("current",),
    ),
    *http.content_types("LR"),
    *answer.answers("LR", lambda _, words: {"failure": words}, b"histdata-no-such-log"),
    Mutant(
        "no-content-type",
        "LR-TYPE-02",
        "Takes a request without a content type",
        forgive_header("content-type", missing, "application/json"),
    ),
)
