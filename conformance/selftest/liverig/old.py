"""Faults in what the old revision takes for a member of the body."""

from __future__ import annotations

from conformance.selftest.defect import array, boolean, fraction, number, refuse_body, text, thing
from conformance.selftest.liverig.body import NO_INSTANT, OLD
from conformance.selftest.member import NO_OBJECT, NO_STRING, takes
from conformance.selftest.variant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *takes(
        "old-rig",
        "/rigName",
        {"boolean": boolean, "fraction": fraction, "text": text, "array": array, "object": thing},
        "LR-BODY-06",
        OLD["rigName"],
    ),
    *takes(
        "old-source",
        "/source",
        {k: w for k, w in NO_STRING.items() if k != "null"},
        "LR-BODY-15",
        OLD["source"],
    ),
    *takes(
        "old-wells",
        "/wells",
        {k: w for k, w in NO_OBJECT.items() if k != "null"},
        "LR-BODY-17",
        OLD["wells"],
    ),
    *takes("old-body", "", NO_OBJECT, "LR-BODY-14", OLD),
    *takes(
        "old-body-qualifier",
        "/qualifier",
        {"number": number, "object": thing},
        "LR-PAIR-07",
        OLD["qualifier"],
    ),
    *takes(
        "old-body-instance", "/instance", {"boolean": boolean, "array": array}, "LR-PAIR-08", OLD["instance"]
    ),
    *takes(
        "old-start",
        "/start",
        {k: NO_INSTANT[k] for k in ("boolean", "array", "object", "word", "iso-date")},
        "LR-RANGE-19",
        OLD["start"],
    ),
    *takes(
        "old-end",
        "/end",
        {k: NO_INSTANT[k] for k in ("boolean", "array", "object", "word", "iso-date")},
        "LR-RANGE-19",
        OLD["end"],
    ),
    Mutant(
        "old-digit-strings-refused",
        "LR-RANGE-18",
        "Refuses digit strings in a body that names the collector",
        refuse_body(lambda b: "qualifier" in b and text(b.get("start"))),
        also=frozenset({"LR-PAIR-01"}),
    ),
)
