"""Faults in the answer to a finished request."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from conformance.selftest.common import identity
from conformance.selftest.defect import Missing, missing, on_status, thing
from conformance.selftest.nortech.body import signals
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.selftest.gateway import Make


# An address that is none cannot be fetched.
_NOWHERE = frozenset({"NT-FILE-01"})


def _finished(change: Callable[[Any], Any]) -> Make:
    return on_status(200, lambda d: change(d) if thing(d) and "requestId" in d else d)


def _with(**members: Any) -> Make:
    return _finished(lambda d: {k: v for k, v in (d | members).items() if not missing(v)})


MUTANTS: tuple[Mutant, ...] = (
    *(
        Mutant(f"id-{name}", "NT-ANSWER-03", f"Gives as requestId: {value!r}", _with(requestId=value))
        for name, value in (
            ("missing", Missing.HERE),
            ("null", None),
            ("broken", 1.5),
            ("true", True),
        )
    ),
    Mutant("id-nothing", "NT-ANSWER-03", "Gives 0 as requestId", _with(requestId=0), frozenset({"NT-ID-01"})),
    Mutant(
        "id-below-zero",
        "NT-ANSWER-03",
        "Gives a negative requestId",
        _finished(lambda d: d | {"requestId": -d["requestId"]}),
    ),
    Mutant(
        "id-as-text",
        "NT-ANSWER-03",
        "Gives the requestId as text",
        _finished(lambda d: d | {"requestId": str(d["requestId"])}),
    ),
    Mutant(
        "id-renamed",
        "NT-ANSWER-03",
        "Gives the requestId as request_id",
        _finished(lambda d: {"request_id" if k == "requestId" else k: v for k, v in d.items()}),
    ),
    *(
        Mutant(f"finished-{name}", "NT-ANSWER-04", f"Gives as status: {value!r}", _with(status=value))
        for name, value in (
            ("missing", Missing.HERE),
            ("null", None),
            ("lower-case", "finished"),
            ("otherwise", "Success"),
            ("number", 200),
        )
    ),
    *(
        Mutant(f"file-{name}", "NT-ANSWER-05", f"Gives as outputFile: {value!r}", _with(outputFile=value))
        for name, value in (
            ("missing", Missing.HERE),
            ("null", None),
            ("empty", ""),
            ("number", 17),
            ("array", ["http://127.0.0.1/000.parquet"]),
        )
    ),
    Mutant(
        "file-relative",
        "NT-ANSWER-05",
        "Gives a path as outputFile",
        _finished(lambda d: d | {"outputFile": "/files/" + d["outputFile"].split("/files/")[1]}),
        _NOWHERE,
    ),
    Mutant(
        "file-without-scheme",
        "NT-ANSWER-05",
        "Gives an outputFile without a scheme",
        _finished(lambda d: d | {"outputFile": d["outputFile"].removeprefix("http://")}),
        _NOWHERE,
    ),
    Mutant(
        "file-without-host",
        "NT-ANSWER-05",
        "Gives an outputFile without a host",
        _finished(lambda d: d | {"outputFile": re.sub("//[^/]+/", "///", d["outputFile"])}),
        _NOWHERE,
    ),
    Mutant(
        "file-in-a-bucket",
        "NT-FILE-01",
        "Gives an outputFile that only a client of the object store can fetch",
        _finished(lambda d: d | {"outputFile": re.sub("http://[^/]+/", "s3://histdata/", d["outputFile"])}),
    ),
    Mutant(
        "file-where-nobody-listens",
        "NT-FILE-01",
        "Gives an outputFile at another port of its own host, where nobody listens",
        # The lowest port, which nothing has used for decades, and no server may take without being root.
        _finished(lambda d: d | {"outputFile": re.sub(r":\d+/", ":1/", d["outputFile"])}),
    ),
    Mutant(
        "file-renamed",
        "NT-ANSWER-05",
        "Gives the address as output_file",
        _finished(lambda d: {"output_file" if k == "outputFile" else k: v for k, v in d.items()}),
    ),
    Mutant(
        "one-id",
        "NT-ID-01",
        "Gives every request the same id",
        identity.reused("requestId", lambda _n, _a, given: given[0] if given else None),
    ),
    Mutant(
        "id-by-body",
        "NT-ID-01",
        "Gives equal requests the same id",
        identity.reused("requestId", lambda *_: None, by=lambda a: a.body.decode("utf-8", "replace")),
    ),
    Mutant(
        "id-by-signals",
        "NT-ID-01",
        "Gives requests for the same signals the same id",
        identity.reused("requestId", lambda *_: None, by=lambda a: json.dumps(signals(a.document))),
    ),
    Mutant(
        "id-repeated-now-and-then",
        "NT-ID-01",
        "Gives every fifth request the id of the one before",
        identity.reused("requestId", lambda n, _a, given: given[-1] if n % 5 == 0 else None),
    ),
    Mutant(
        "id-shared-at-once",
        "NT-ID-01",
        "Gives requests that come at the same moment the same id",
        identity.shared("requestId"),
    ),
    Mutant(
        "id-wraps",
        "NT-ID-01",
        "Begins again after the tenth id",
        identity.reused("requestId", lambda n, _a, _g: n % 10 + 1),
    ),
    Mutant(
        "id-of-first-again",
        "NT-ID-01",
        "Gives the ninth request the id of the first",
        identity.reused("requestId", lambda n, _a, given: given[0] if n == 9 else None),
    ),
)
