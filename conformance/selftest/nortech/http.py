"""Faults that any HTTP server may have, and requests that are refused by their form."""

from __future__ import annotations

import json
from typing import Any

from conformance.selftest.common import answer, http
from conformance.selftest.defect import crash, refuse_body, thing
from conformance.selftest.nortech.body import IDS, by_name, signals
from conformance.selftest.variant import Mutant


def _said(document: Any, words: str) -> Any:
    if "errors" in document:
        return document | {"errors": [{"error": words, "location": "body"}]}
    return document | {"details": words}


MUTANTS: tuple[Mutant, ...] = (
    *http.http("NT", lambda _: IDS),
    Mutant(
        "window-by-position",
        "NT-HTTP-10",
        "Takes the members of a window by their order",
        refuse_body(lambda b: thing(b.get("timeWindow")) and list(b["timeWindow"]) == ["end", "start"]),
    ),
    Mutant(
        "surrogate-in-a-name-crashes",
        "NT-HTTP-07",
        "Fails on half of a surrogate pair in a name that is looked up",
        crash(lambda a: by_name(a.document) and r"\ud800" in json.dumps(signals(a.document))),
        also=frozenset({"NT-ANSWER-06"}),
    ),
    *http.content_types("NT"),
    *answer.answers("NT", _said, b"1999999973"),
    Mutant(
        "one-of-many-refused",
        "NT-SCHEMA-01",
        "Refuses search objects that are asked for as Parquet",
        refuse_body(lambda b: by_name(b) and b.get("format") == "parquet"),
        generated=True,
    ),
)
