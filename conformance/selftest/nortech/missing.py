"""Faults in the answer about signals that do not exist or hold nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.selftest.defect import forgive, instead, on_reply, text, thing, typed, whole
from conformance.selftest.gateway import Make, Reply, reply
from conformance.selftest.nortech.body import NAMES, SIGNAL, WINDOW, by_id, by_name, paired, same, signals
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable


def _unknown(signal: Any) -> bool:
    """Whether a signal is one that no service is likely to know."""
    return (whole(signal) and signal > 1_000_000) or (
        thing(signal) and "no such" in str(signal.get("signal"))
    )


def _not_found(change: Callable[[Any, Any], Any]) -> Make:
    """Change the 404 for signals; *change* is given the answer and what was asked."""
    return on_reply(
        lambda a, r: (
            r.with_document(change(r.document, a.document))
            if r.status == 404 and str(r.document.get("status")).startswith("Signals")
            else r
        )
    )


def _listing(change: Callable[[list[Any], list[Any]], Any]) -> Make:
    """Change the list of missing signals; *change* is given it and the signals asked for."""

    def changed(document: Any, asked: Any) -> Any:
        if "details" in document:
            held = document["details"] | {"signals": change(document["details"]["signals"], signals(asked))}
            return document | {"details": held}
        return document | {"signals": change(document["signals"], signals(asked))}

    return _not_found(changed)


def _instead_of_404(when: Callable[[Any], bool], status: int) -> Make:
    document = {
        "status": "Validation Error",
        "errors": [{"error": "no such signal", "location": "body"}],
        "details": "no such signal",
    }
    return on_reply(lambda a, r: reply(status, document) if r.status == 404 and when(a.document) else r)


def _known_only(when: Callable[[Any], bool], other: Any) -> Make:
    """Leave out what is not known, or put a known one in its place."""
    return forgive(
        "",
        lambda b: when(b) and any(map(_unknown, signals(b))),
        lambda b: b | {"signals": [s for s in signals(b) if not _unknown(s)] or [other]},
    )


def _by_prefix(part: str) -> Make:
    name = SIGNAL[part]
    return forgive(
        f"/signals/*/{part}", lambda v: text(v) and 1 < len(v) < len(name) and name.startswith(v), name
    )


def _no_data(change: Callable[[Reply], Reply]) -> Make:
    return on_reply(
        lambda _, r: (
            change(r) if r.status == 404 and str(r.document.get("status")).startswith("Signal D") else r
        )
    )


_LISTED = ("NT-MISSING-04", "NT-MISSING-08")
_FORM = ("NT-MISSING-05", "NT-MISSING-09")


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "unknown-id-ignored", "NT-MISSING-01", "Leaves out ids that it does not know", _known_only(by_id, 1)
    ),
    Mutant(
        "some-unknown-ids-ignored",
        "NT-MISSING-01",
        "Leaves out unknown ids beside known ones",
        _known_only(lambda b: by_id(b) and not all(map(_unknown, signals(b))), 1),
    ),
    Mutant(
        "unknown-id-400",
        "NT-MISSING-01",
        "Answers 400 for unknown ids",
        _instead_of_404(lambda b: by_id(b) and any(map(_unknown, signals(b))), 400),
    ),
    Mutant(
        "unknown-id-410",
        "NT-MISSING-01",
        "Answers 410 for unknown ids",
        _instead_of_404(lambda b: by_id(b) and any(map(_unknown, signals(b))), 410),
    ),
    Mutant(
        "unknown-id-empty",
        "NT-MISSING-01",
        "Answers 204 for unknown ids",
        instead(
            lambda a: by_id(a.document) and any(map(_unknown, signals(a.document))),
            lambda _: Reply(204, (), b""),
        ),
        also=frozenset({"NT-ANSWER-0*"}),
    ),
    Mutant(
        "unknown-name-ignored",
        "NT-MISSING-02",
        "Leaves out names that it does not know",
        _known_only(by_name, SIGNAL),
    ),
    Mutant(
        "some-unknown-names-ignored",
        "NT-MISSING-02",
        "Leaves out unknown names beside known ones",
        _known_only(lambda b: by_name(b) and not all(map(_unknown, signals(b))), SIGNAL),
    ),
    Mutant(
        "unknown-id-cut",
        "NT-MISSING-01",
        "Keeps ids in 32 bits",
        forgive("/signals/*", lambda v: whole(v) and 2**32 < v < 2**40, lambda b: b["signals"][0] - 2**32),
    ),
    *(
        Mutant(
            f"{part}-by-prefix",
            "NT-MISSING-10",
            f"Takes the beginning of the {part} for the whole",
            _by_prefix(part),
        )
        for part in NAMES
    ),
    Mutant(
        "signal-with-more-behind",
        "NT-MISSING-10",
        "Takes whatever begins with a signal's name for it",
        forgive(
            "/signals/*/signal",
            lambda v: text(v) and v[:-1] == SIGNAL["signal"] and not v[-1].isdigit(),
            SIGNAL["signal"],
        ),
    ),
    *(
        Mutant(
            f"{part}-ignored",
            "NT-MISSING-02",
            f"Does not look at the {part} of a search object",
            forgive(f"/signals/*/{part}", lambda v: text(v) and "no such" in v, SIGNAL[part]),
        )
        for part in NAMES[:-1]
    ),
    Mutant(
        "unknown-name-422", "NT-MISSING-02", "Answers 422 for unknown names", _instead_of_404(by_name, 422)
    ),
    *paired(
        "not-found-type",
        "NT-MISSING-03",
        "NT-MISSING-07",
        "Gives a 404 the content type of text",
        same(typed("text/plain", 404)),
        "NT-MISSING-06",
    ),
    *paired(
        "not-found-words",
        "NT-MISSING-03",
        "NT-MISSING-07",
        "Says Not Found in a 404 for signals",
        same(_not_found(lambda d, _: d | {"status": "Not Found"})),
    ),
    *paired(
        "not-found-case",
        "NT-MISSING-03",
        "NT-MISSING-07",
        "Says Signals Not Found in capitals",
        same(_not_found(lambda d, _: d | {"status": "Signals Not Found"})),
    ),
    *paired(
        "not-found-status-missing",
        "NT-MISSING-03",
        "NT-MISSING-07",
        "Lists missing signals without a status",
        same(_not_found(lambda d, _: {k: v for k, v in d.items() if k != "status"})),
    ),
    *paired(
        "not-found-as-no-data",
        "NT-MISSING-03",
        "NT-MISSING-07",
        "Says that there is no data where a signal is missing",
        same(_not_found(lambda d, _: d | {"status": "Signal Data not found"})),
    ),
    *paired(
        "lists-first",
        *_LISTED,
        "Lists the first missing signal only",
        same(_listing(lambda held, _: held[:1])),
    ),
    *paired(
        "lists-ten",
        *_LISTED,
        "Lists the first ten missing signals only",
        same(_listing(lambda held, _: held[:10])),
    ),
    *paired(
        "lists-last",
        *_LISTED,
        "Lists the last missing signal only",
        same(_listing(lambda held, _: held[-1:])),
    ),
    *paired(
        "lists-all-asked", *_LISTED, "Lists all that were asked for", same(_listing(lambda _, asked: asked))
    ),
    *paired(
        "lists-known",
        *_LISTED,
        "Lists those that are there",
        same(_listing(lambda held, asked: [s for s in asked if s not in held])),
    ),
    *paired("lists-none", *_LISTED, "Lists none", same(_listing(lambda _h, _a: []))),
    *paired(
        "lists-twice", *_LISTED, "Lists each missing signal twice", same(_listing(lambda held, _: held * 2))
    ),
    *paired(
        "list-missing",
        *_LISTED,
        "Has no list in its 404",
        same(_not_found(lambda d, _: {"status": d["status"]})),
    ),
    *paired(
        "list-elsewhere",
        *_LISTED,
        "Has the list under another name",
        same(
            _not_found(
                lambda d, _: {"status": d["status"], "missing": d.get("signals") or d["details"]["signals"]}
            )
        ),
    ),
    *paired(
        "lists-other",
        *_LISTED,
        "Lists signals that nobody has asked for",
        same(_listing(lambda held, _: [s + 1 if whole(s) else s | {"signal": "other"} for s in held])),
    ),
    *paired(
        "lists-text",
        *_FORM,
        "Lists ids as text",
        same(_listing(lambda held, _: [str(s) if whole(s) else s for s in held])),
    ),
    *paired(
        "lists-objects",
        *_FORM,
        "Lists ids in objects",
        same(_listing(lambda held, _: [{"id": s} if whole(s) else s for s in held])),
    ),
    *paired(
        "lists-names",
        *_FORM,
        "Lists search objects by their last name",
        same(_listing(lambda held, _: [s if whole(s) else s["signal"] for s in held])),
        *_LISTED,
    ),
    *paired(
        "lists-paths",
        *_FORM,
        "Lists search objects as one path",
        same(
            _listing(lambda held, _: [s if whole(s) else "/".join(s[name] for name in NAMES) for s in held])
        ),
        *_LISTED,
    ),
    Mutant(
        "no-data-accepted",
        "NT-MISSING-06",
        "Gives an empty file where there is no data",
        forgive("/timeWindow", lambda w: thing(w) and str(w.get("start")).startswith("19"), WINDOW),
    ),
    Mutant(
        "no-data-words",
        "NT-MISSING-06",
        "Says Not Found where there is no data",
        _no_data(lambda r: r.with_document({"status": "Not Found"})),
    ),
    Mutant(
        "no-data-as-signals",
        "NT-MISSING-06",
        "Says that signals are missing where there is no data",
        _no_data(
            lambda r: r.with_document(
                {"status": "Signals not found", "signals": [1], "details": {"signals": [1]}}
            )
        ),
    ),
    Mutant(
        "no-data-400",
        "NT-MISSING-06",
        "Answers 400 where there is no data",
        _no_data(
            lambda _: reply(
                400,
                {
                    "status": "Validation Error",
                    "errors": [{"error": "no data", "location": "body"}],
                    "details": "no",
                },
            )
        ),
    ),
    Mutant(
        "no-data-204",
        "NT-MISSING-06",
        "Answers 204 where there is no data",
        _no_data(lambda _: Reply(204, (), b"")),
        also=frozenset({"NT-ANSWER-0*"}),
    ),
    Mutant(
        "no-data-empty",
        "NT-MISSING-06",
        "Answers 404 without a body where there is no data",
        _no_data(lambda r: replace(r, body=b"")),
    ),
)
