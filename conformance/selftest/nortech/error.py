"""Faults in the answer to an invalid request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.selftest.defect import Missing, missing, on_reply, on_status, thing
from conformance.selftest.gateway import Make, NotJson, Reply, reply
from conformance.selftest.nortech.body import paired, same
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable


def _invalid(change: Callable[[Any], Any]) -> Make:
    return on_status(400, change)


def _every_error(**members: Any) -> Make:
    def change(document: Any) -> Any:
        errors = [
            {k: v for k, v in (e | members).items() if not missing(v)} for e in document.get("errors", [])
        ]
        return document | {"errors": errors}

    return _invalid(change)


def _invalid_status(status: int) -> Callable[[str], Make]:
    return lambda _: on_reply(lambda _, r: replace(r, status=status) if r.status == 400 else r)


MUTANTS: tuple[Mutant, ...] = (
    *(
        m
        for status in (403, 404, 409, 418)
        for m in paired(
            f"invalid-{status}",
            "NT-ERROR-01",
            "NT-ERROR-06",
            f"Answers {status} in place of 400",
            _invalid_status(status),
            "NT-SIGNALS-03",
            "NT-WINDOW-07",
            "NT-WINDOW-12",
        )
    ),
    *paired(
        "invalid-status-otherwise",
        "NT-ERROR-02",
        "NT-ERROR-07",
        "Gives a number as status of a 400",
        same(_invalid(lambda d: d | {"status": 400})),
    ),
    *paired(
        "invalid-status-missing",
        "NT-ERROR-02",
        "NT-ERROR-07",
        "Answers 400 without status",
        same(_invalid(lambda d: {k: v for k, v in d.items() if k != "status"})),
    ),
    *paired(
        "invalid-type",
        "NT-ERROR-02",
        "NT-ERROR-07",
        "Answers 400 in JSON that is declared text",
        same(on_reply(lambda _, r: r.with_header("content-type", "text/plain") if r.status == 400 else r)),
    ),
    *paired(
        "invalid-problem-type",
        "NT-ERROR-02",
        "NT-ERROR-07",
        "Answers 400 in application/problem+json",
        same(
            on_reply(
                lambda _, r: (
                    r.with_header("content-type", "application/problem+json") if r.status == 400 else r
                )
            )
        ),
    ),
    Mutant(
        "invalid-words",
        "NT-ERROR-02",
        "Calls a 400 a Bad Request",
        _invalid(lambda d: d | {"status": "Bad Request"}),
    ),
    Mutant(
        "invalid-case",
        "NT-ERROR-02",
        "Says validation error in another case",
        _invalid(lambda d: d | {"status": "Validation error"}),
    ),
    Mutant(
        "parser-answers",
        "NT-ERROR-09",
        "Answers a body that is no JSON in the words of its parser",
        on_reply(
            lambda a, r: (
                reply(400, {"message": "Unexpected token"})
                if r.status == 400 and a.body and a.document is NotJson.BODY
                else r
            )
        ),
    ),
    Mutant(
        "malformed-401",
        "NT-HTTP-03",
        "Answers a body that is no JSON, or none at all, with 401",
        on_reply(
            lambda a, r: (
                reply(401, {"status": "Unauthorized"})
                if r.status == 400 and a.document is NotJson.BODY
                else r
            )
        ),
        also=frozenset({"NT-BODY-02", "NT-HTTP-*", "NT-ERROR-*"}),
    ),
    Mutant(
        "parser-answers-in-text",
        "NT-ERROR-09",
        "Answers a body that is no JSON, or none at all, with plain text",
        on_reply(
            lambda a, r: (
                Reply(400, (("content-type", "text/plain"),), b"malformed")
                if r.status == 400 and a.document is NotJson.BODY
                else r
            )
        ),
    ),
    Mutant(
        "errors-missing",
        "NT-ERROR-03",
        "Answers 400 without errors",
        _invalid(lambda d: {k: v for k, v in d.items() if k != "errors"}),
        also=frozenset({"NT-ERROR-04"}),
    ),
    Mutant(
        "errors-empty",
        "NT-ERROR-03",
        "Answers 400 with no error in errors",
        _invalid(lambda d: d | {"errors": []}),
    ),
    Mutant(
        "errors-object",
        "NT-ERROR-03",
        "Answers 400 with an object for errors",
        _invalid(lambda d: d | {"errors": d["errors"][0]}),
        also=frozenset({"NT-ERROR-04"}),
    ),
    Mutant(
        "errors-words",
        "NT-ERROR-03",
        "Answers 400 with words for errors",
        _invalid(lambda d: d | {"errors": [e["error"] for e in d["errors"]]}),
        also=frozenset({"NT-ERROR-04"}),
    ),
    Mutant(
        "error-missing",
        "NT-ERROR-03",
        "Does not say what is wrong",
        _every_error(error=Missing.HERE),
        revisions=("documented",),
    ),
    Mutant(
        "error-object",
        "NT-ERROR-03",
        "Says what is wrong in an object",
        _every_error(error={"message": "wrong"}),
    ),
    Mutant("error-null", "NT-ERROR-03", "Says null where something is wrong", _every_error(error=None)),
    Mutant(
        "location-missing",
        "NT-ERROR-04",
        "Does not say where it is wrong",
        _every_error(location=Missing.HERE),
    ),
    Mutant("location-word", "NT-ERROR-04", "Says requestBody for body", _every_error(location="requestBody")),
    Mutant("location-header", "NT-ERROR-04", "Says header for headers", _every_error(location="header")),
    Mutant(
        "location-array",
        "NT-ERROR-04",
        "Gives the location as an array",
        _every_error(location=["body", "signals"]),
    ),
    Mutant("location-case", "NT-ERROR-04", "Gives the location in capitals", _every_error(location="BODY")),
    Mutant("location-query", "NT-ERROR-05", "Says query whatever is wrong", _every_error(location="query")),
    Mutant("location-path", "NT-ERROR-05", "Says path whatever is wrong", _every_error(location="path")),
    Mutant(
        "location-headers-for-missing",
        "NT-ERROR-05",
        "Says headers where a member is missing",
        on_reply(
            lambda a, r: (
                r.with_document(
                    r.document | {"errors": [e | {"location": "headers"} for e in r.document["errors"]]}
                )
                if r.status == 400 and thing(a.document) and "signals" not in a.document and a.document
                else r
            )
        ),
        revisions=("documented",),
    ),
    Mutant(
        "details-missing",
        "NT-ERROR-08",
        "Answers 400 without details",
        _invalid(lambda d: {k: v for k, v in d.items() if k != "details"}),
    ),
    Mutant(
        "details-array",
        "NT-ERROR-08",
        "Answers 400 with an array for details",
        _invalid(lambda d: d | {"details": ["wrong"]}),
    ),
    Mutant(
        "details-object",
        "NT-ERROR-08",
        "Answers 400 with an object for details",
        _invalid(lambda d: d | {"details": {"signals": 1}}),
    ),
    Mutant(
        "details-null",
        "NT-ERROR-08",
        "Answers 400 with null for details",
        _invalid(lambda d: d | {"details": None}),
    ),
)
