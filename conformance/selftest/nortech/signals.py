"""Faults in what is taken for signals and for a format."""

from __future__ import annotations

import json
import operator
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.selftest import datafile
from conformance.selftest.datafile import on_table
from conformance.selftest.defect import (
    array,
    blank,
    boolean,
    forgive,
    fraction,
    instead,
    missing,
    no,
    null,
    number,
    on_ask,
    refuse_body,
    text,
    thing,
    whole,
)
from conformance.selftest.gateway import Make, reply
from conformance.selftest.member import NO_OBJECT, NO_STRING, lacks, takes
from conformance.selftest.nortech.body import IDS, NAMES, SIGNAL, asked_renames, by_id, by_name, signals
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable


_LONGEST = 127


def _is_mixed(body: Any) -> bool:
    return bool({whole(s) for s in signals(body)} == {True, False}) and all(
        whole(s) or thing(s) for s in signals(body)
    )


def _id_of(signal: Any) -> Any:
    return int(str(signal.get("signal", "1")).rsplit(" ", 1)[-1]) if thing(signal) else signal


def _as_ids(body: Any) -> Any:
    return body | {"signals": [_id_of(signal) for signal in signals(body)]}


def _mixture(when: Callable[[Any], bool]) -> Make:
    return forgive("", lambda b: _is_mixed(b) and when(signals(b)[0]), _as_ids)


def _refuse_format(form: str) -> Make:
    return refuse_body(lambda b: b.get("format") == form)


MUTANTS: tuple[Mutant, ...] = (
    lacks("signals", "/signals", "NT-SIGNALS-01", IDS["signals"]),
    *takes(
        "signals",
        "/signals",
        {"null": null, "boolean": boolean, "number": number, "text": text, "object": thing},
        "NT-SIGNALS-02",
        IDS["signals"],
    ),
    Mutant(
        "lone-search-object",
        "NT-SIGNALS-02",
        "Takes one search object in place of an array",
        forgive("/signals", lambda v: thing(v) and "signal" in v, IDS["signals"]),
    ),
    Mutant(
        "name-in-array",
        "NT-SEARCH-08",
        "Takes a division in an array of its own",
        forgive("/signals/*/division", lambda v: array(v) and any(map(text, v)), SIGNAL["division"]),
    ),
    Mutant(
        "body-is-its-signals",
        "NT-BODY-01",
        "Takes an array of ids in place of the body",
        forgive("", lambda b: array(b) and any(map(whole, b)), IDS),
    ),
    Mutant(
        "signals-empty",
        "NT-SIGNALS-03",
        "Takes an empty array of signals",
        forgive("/signals", lambda v: v == [], [1, 2]),
    ),
    Mutant(
        "signals-empty-404",
        "NT-SIGNALS-03",
        "Does not find the signals of an empty array",
        instead(
            lambda a: thing(a.document) and a.document.get("signals") == [],
            lambda _: reply(404, {"status": "Signals not found", "signals": [], "details": {"signals": []}}),
        ),
    ),
    Mutant(
        "id-zero",
        "NT-SIGNALS-04",
        "Takes zero for an id",
        forgive("/signals/*", lambda v: whole(v) and v == 0, 1),
    ),
    Mutant(
        "id-negative",
        "NT-SIGNALS-04",
        "Takes a negative id",
        forgive("/signals/*", lambda v: whole(v) and v < 0, 1),
    ),
    *takes(
        "item",
        "/signals/*",
        {
            "null": null,
            "boolean": boolean,
            "fraction": fraction,
            "digits-in-text": lambda v: text(v) and v.isdigit(),
            "word": lambda v: text(v) and v.isalpha(),
            "array": array,
        },
        "NT-SIGNALS-05",
        1,
    ),
    Mutant(
        "second-signal-unchecked",
        "NT-SIGNALS-05",
        "Looks at the first signal only",
        forgive("/signals/1", no(whole, thing), 2),
    ),
    Mutant(
        "id-without-its-sign",
        "NT-SIGNALS-04",
        "Leaves the sign of an id aside",
        forgive("/signals/0", lambda v: whole(v) and -v in IDS["signals"], IDS["signals"][0]),
    ),
    Mutant(
        "second-id-negative",
        "NT-SIGNALS-04",
        "Looks for negative ids at the first signal only",
        forgive("/signals/1", lambda v: whole(v) and v <= 0, 2),
    ),
    Mutant("mixture", "NT-SIGNALS-06", "Takes ids and search objects mixed", _mixture(lambda _: True)),
    Mutant("mixture-id-first", "NT-SIGNALS-06", "Takes a mixture that begins with an id", _mixture(whole)),
    Mutant(
        "mixture-object-first",
        "NT-SIGNALS-06",
        "Takes a mixture that begins with a search object",
        _mixture(thing),
    ),
    Mutant("ids-refused", "NT-SIGNALS-07", "Refuses ids", refuse_body(by_id)),
    Mutant(
        "two-ids-refused",
        "NT-SIGNALS-07",
        "Refuses more than one id",
        refuse_body(lambda b: by_id(b) and len(b["signals"]) > 1),
    ),
    Mutant(
        "search-refused",
        "NT-SIGNALS-08",
        "Refuses search objects",
        refuse_body(by_name),
        also=frozenset({"NT-SEARCH-15"}),
    ),
    Mutant(
        "search-not-found",
        "NT-SIGNALS-08",
        "Finds no signal by name",
        forgive(
            "/signals/*/signal",
            lambda v: text(v) and "histdata" not in v and len(v) < 20,
            "histdata no such one",
        ),
        also=frozenset({"NT-SEARCH-15"}),
    ),
    *(lacks(name, f"/signals/*/{name}", f"NT-SEARCH-0{n}", SIGNAL[name]) for n, name in enumerate(NAMES, 1)),
    *(
        lacks(f"second-{name}", f"/signals/1/{name}", f"NT-SEARCH-0{n}", SIGNAL[name])
        for n, name in enumerate(NAMES, 1)
    ),
    *(
        mutant
        for n, name in enumerate(NAMES, 6)
        for mutant in takes(name, f"/signals/*/{name}", NO_STRING, f"NT-SEARCH-{n:02}", SIGNAL[name])
    ),
    *(
        Mutant(
            f"{name}-{kind}",
            "NT-SEARCH-16",
            f"Takes {kind} text for any {name}",
            forgive(f"/signals/*/{name}", partial(operator.eq, held), SIGNAL[name]),
        )
        for name in ("unit", "signal")
        for kind, held in (("empty", ""), ("blank", " "))
    ),
    Mutant(
        "rename-too-long",
        "NT-SEARCH-11",
        "Takes a rename of any length",
        forgive("/signals/*/rename", lambda v: text(v) and len(v) > _LONGEST, "cut"),
    ),
    Mutant(
        "rename-up-to-255",
        "NT-SEARCH-11",
        "Takes a rename of up to 255 characters",
        forgive("/signals/*/rename", lambda v: text(v) and _LONGEST < len(v) < 256, "cut"),
    ),
    Mutant(
        "rename-up-to-128",
        "NT-SEARCH-11",
        "Takes a rename of 128 characters",
        forgive("/signals/*/rename", lambda v: text(v) and len(v) == _LONGEST + 1, "cut"),
    ),
    Mutant(
        "rename-below-127",
        "NT-SEARCH-12",
        "Refuses a rename of 127 characters",
        refuse_body(lambda b: any(thing(s) and len(str(s.get("rename"))) == _LONGEST for s in signals(b))),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "rename-of-second-unbounded",
        "NT-SEARCH-11",
        "Looks at the rename of the first signal only",
        forgive("/signals/1/rename", lambda v: text(v) and len(v) > _LONGEST, "long"),
    ),
    Mutant(
        "rename-up-to-100",
        "NT-SEARCH-12",
        "Refuses a rename of more than 100 characters",
        refuse_body(lambda b: any(thing(s) and len(str(s.get("rename"))) > 100 for s in signals(b))),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "rename-of-words-refused",
        "NT-SEARCH-15",
        "Takes letters, digits and underscores in a rename, and no blank",
        refuse_body(lambda b: any(re.search(r"\W", name) for name in asked_renames(b))),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "rename-of-some-refused",
        "NT-SEARCH-15",
        "Wants a rename for all signals, or for none",
        refuse_body(lambda b: 0 < len(asked_renames(b)) < len(signals(b))),
    ),
    Mutant(
        "rename-beyond-ascii-refused",
        "NT-FILE-14",
        "Refuses letters beyond ASCII in a rename",
        refuse_body(lambda b: any(not name.isascii() for name in asked_renames(b))),
    ),
    Mutant(
        "rename-beyond-ascii-replaced",
        "NT-FILE-14",
        "Writes question marks for letters beyond ASCII",
        on_table(lambda t, _: datafile.relabelled(t, lambda c: c.encode("ascii", "replace").decode())),
    ),
    Mutant(
        "rename-cut-in-bytes",
        "NT-FILE-14",
        "Cuts a rename after 127 bytes",
        on_table(
            lambda t, _: datafile.relabelled(t, lambda c: c.encode()[:_LONGEST].decode("utf-8", "ignore"))
        ),
    ),
    *takes(
        "rename",
        "/signals/*/rename",
        {k: w for k, w in NO_STRING.items() if k != "null"},
        "NT-SEARCH-13",
        "name",
    ),
    Mutant(
        "signals-by-position",
        "NT-SIGNALS-02",
        "Takes an object of ids by their positions",
        forgive("/signals", lambda v: thing(v) and "0" in v, lambda b: list(b["signals"].values())),
    ),
    Mutant(
        "signals-as-text",
        "NT-SIGNALS-02",
        "Takes ids between commas in one text for the signals",
        forgive(
            "/signals", lambda v: text(v) and "," in v, lambda b: [int(i) for i in b["signals"].split(",")]
        ),
    ),
    Mutant(
        "body-as-json-text",
        "NT-BODY-01",
        "Reads JSON out of the text that the body is",
        forgive("", lambda b: text(b) and b.startswith("{"), json.loads),
    ),
    Mutant(
        "default-csv",
        "NT-FORMAT-01",
        "Gives CSV where no format is named",
        forgive("/format", missing, "csv"),
    ),
    Mutant(
        "default-json",
        "NT-FORMAT-01",
        "Gives JSON where no format is named",
        forgive("/format", missing, "json"),
    ),
    *(
        Mutant(
            f"{form}-refused",
            "NT-FORMAT-02",
            f"Refuses the format {form}",
            _refuse_format(form),
            # The contract's example with a rename of several words asks for CSV.
            also=frozenset({"NT-SEARCH-15"} if form == "csv" else ()),
        )
        for form in ("parquet", "json", "csv")
    ),
    Mutant(
        "any-format",
        "NT-FORMAT-03",
        "Takes any word for a format",
        forgive("/format", lambda v: text(v) and v.lower() not in ("parquet", "json", "csv"), "parquet"),
    ),
    Mutant("xlsx-taken", "NT-FORMAT-03", "Takes xlsx", forgive("/format", lambda v: v == "xlsx", "csv")),
    Mutant("xml-taken", "NT-FORMAT-03", "Takes xml", forgive("/format", lambda v: v == "xml", "csv")),
    Mutant(
        "format-by-its-beginning",
        "NT-FORMAT-03",
        "Takes the beginning of a format for the format",
        forgive("/format", lambda v: text(v) and len(v) > 1 and "parquet".startswith(v), "parquet"),
    ),
    Mutant("empty-format", "NT-FORMAT-03", "Takes an empty format", forgive("/format", blank, "parquet")),
    *takes("format", "/format", {"ordinal": lambda v: whole(v) and 0 <= v <= 2}, "NT-FORMAT-04", "csv"),
    *takes("format", "/format", {k: w for k, w in NO_STRING.items() if k != "null"}, "NT-FORMAT-04", "csv"),
    *takes("body", "", NO_OBJECT, "NT-BODY-01", IDS),
    Mutant(
        "body-optional",
        "NT-BODY-02",
        "Does not need a body",
        on_ask(lambda a: a if a.body or a.method != "POST" else a.with_document(IDS)),
        also=frozenset({"NT-HTTP-03"}),
    ),
)
