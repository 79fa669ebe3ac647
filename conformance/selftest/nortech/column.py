"""Faults in the columns of a file."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from conformance.selftest import datafile
from conformance.selftest.datafile import TIMESTAMP, on_file, on_parquet, on_table
from conformance.selftest.defect import on_ask, text, thing
from conformance.selftest.gateway import NotJson
from conformance.selftest.nortech.body import asked_renames, signals
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from conformance.selftest.gateway import Ask, Behaviour, Make, Reply, Serve


def _without_hollow(content: pa.Table, _: Any) -> pa.Table:
    hollow = [name for name in datafile.signals(content) if content[name].null_count == len(content)]
    return content.drop_columns(hollow)


def _dealt_out_by_name(content: pa.Table, body: Any) -> pa.Table:
    asked = [s for s in signals(body) if thing(s) and text(s.get("rename"))]
    in_order = sorted(asked, key=lambda s: str(s.get("signal")))
    given = {right["rename"]: wrong["rename"] for right, wrong in zip(in_order, asked, strict=True)}
    return datafile.relabelled(content, lambda name: given.get(name, name))


def _cast(kind: Any) -> Make:
    return on_parquet(lambda t, _: datafile.times(t, t[TIMESTAMP].cast(kind)))


def _text_times(table: pa.Table, _: Any) -> pa.Table:
    return datafile.times(table, pa.array([str(instant) for instant in table[TIMESTAMP].to_pylist()]))


def _unnamed(asked: Any, name: str) -> str:
    renames = [signal.get("rename") for signal in asked["signals"] if thing(signal)]
    return "1" if name in renames else name


def _trimmed(ask: Ask) -> Ask:
    body = ask.document
    if not asked_renames(body):
        return ask
    trimmed = [
        s | {"rename": s["rename"].strip()} if thing(s) and text(s.get("rename")) else s
        for s in signals(body)
    ]
    return ask.with_document(body | {"signals": trimmed})


def _remembering() -> Behaviour:
    """Give a search object without a ``rename`` the one that the same names had before."""
    renames: dict[str, str] = {}

    async def behave(ask: Ask, serve: Serve) -> Reply:
        body = ask.document
        if ask.is_file or not thing(body) or not all(map(thing, signals(body))):
            return await serve(ask)
        asked = []
        for signal in signals(body):
            names = json.dumps({k: v for k, v in signal.items() if k != "rename"}, sort_keys=True)
            known = renames.get(names)
            asked.append(signal if "rename" in signal or known is None else signal | {"rename": known})
            if text(signal.get("rename")):
                renames[names] = signal["rename"]
        return await serve(ask.with_document(body | {"signals": asked}) if asked else ask)

    return behave


def _unquoted(answer: Reply, _: Any, ask: Ask) -> Reply:
    header, end, rows = answer.body.partition(b"\n")
    return (
        replace(answer, body=header.replace(b'"', b"") + end + rows) if ask.path.endswith("csv") else answer
    )


def _named(body: Any, column: str) -> str:
    """The signal's own name for a column that is named by its id."""
    return f"Signal {column}" if column.isdigit() else column


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "time-column-renamed",
        "NT-FILE-04",
        "Calls the column time",
        on_parquet(lambda t, _: t.rename_columns(["time" if n == TIMESTAMP else n for n in t.column_names])),
        also=frozenset({"NT-FILE-05"}),
    ),
    Mutant(
        "time-column-in-capitals",
        "NT-FILE-04",
        "Calls the column Timestamp",
        on_parquet(
            lambda t, _: t.rename_columns(["Timestamp" if n == TIMESTAMP else n for n in t.column_names])
        ),
        also=frozenset({"NT-FILE-05"}),
    ),
    Mutant(
        "time-column-missing",
        "NT-FILE-04",
        "Has no column of time stamps",
        on_parquet(lambda t, _: t.drop_columns([TIMESTAMP])),
    ),
    Mutant("time-as-text", "NT-FILE-04", "Writes time stamps as text", on_parquet(_text_times)),
    Mutant("time-as-number", "NT-FILE-04", "Writes time stamps as epoch milliseconds", _cast(pa.int64())),
    Mutant(
        "time-zone",
        "NT-FILE-04",
        "Writes time stamps in the zone +03:00",
        _cast(pa.timestamp("ms", "+03:00")),
    ),
    Mutant(
        "time-zone-named",
        "NT-FILE-04",
        "Writes time stamps in the zone of São Paulo",
        _cast(pa.timestamp("ms", "America/Sao_Paulo")),
    ),
    Mutant("time-as-date", "NT-FILE-04", "Writes the day in place of the instant", _cast(pa.date32())),
    Mutant(
        "rename-remembered",
        "NT-FILE-05",
        "Names a column as an earlier request for its signal did",
        _remembering,
    ),
    Mutant(
        "column-dropped",
        "NT-FILE-05",
        "Leaves out the last signal",
        on_table(lambda t, _: t.drop_columns(datafile.signals(t)[-1:])),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "column-dropped-of-several",
        "NT-FILE-05",
        "Leaves out the last of several signals",
        on_table(lambda t, _: t.drop_columns(datafile.signals(t)[1:])),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "column-added",
        "NT-FILE-05",
        "Adds a column of quality",
        on_table(lambda t, _: t.append_column("quality", pa.array([1] * len(t)))),
    ),
    Mutant(
        "index-added",
        "NT-FILE-05",
        "Leaves the index of its data frame in the file",
        on_table(lambda t, _: t.append_column("__index_level_0__", pa.array(range(len(t))))),
    ),
    Mutant(
        "column-without-data-dropped",
        "NT-FILE-05",
        "Leaves out a signal that has no data in the window",
        on_table(_without_hollow),
    ),
    Mutant(
        "column-by-name",
        "NT-FILE-05",
        "Names columns by the signal's name, not its id",
        on_table(lambda t, a: datafile.relabelled(t, lambda c: _named(a, c))),
    ),
    Mutant(
        "column-prefixed",
        "NT-FILE-05",
        "Names columns signal_1 and so on",
        on_table(lambda t, _: datafile.relabelled(t, lambda c: f"signal_{c}")),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "third-column-missing",
        "NT-FILE-05",
        "Leaves out what is asked for behind the second signal",
        on_table(lambda t, _: t.drop_columns(datafile.signals(t)[2:])),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "rename-ignored",
        "NT-FILE-05",
        "Names columns by id, whatever rename says",
        on_table(lambda t, a: datafile.relabelled(t, lambda c: c if c.isdigit() else "1")),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "rename-in-lower-case",
        "NT-FILE-05",
        "Writes a rename in capitals",
        on_table(lambda t, _: datafile.relabelled(t, str.upper)),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "renames-dealt-out-by-name",
        "NT-FILE-14",
        "Gives each rename to the signal at its place in the alphabet",
        on_table(_dealt_out_by_name),
    ),
    Mutant(
        "csv-named-by-id",
        "NT-FILE-14",
        "Does not look at a rename in CSV",
        on_table(lambda t, a: datafile.relabelled(t, lambda n: _unnamed(a, n)), "csv"),
    ),
    Mutant(
        "csv-header-unquoted",
        "NT-FILE-14",
        "Puts no quotes around names in CSV",
        on_file(_unquoted),
    ),
    Mutant(
        "json-renames-cut",
        "NT-FILE-14",
        "Cuts names to 63 characters in JSON",
        on_table(lambda t, _: datafile.relabelled(t, lambda n: n[:63]), "json"),
    ),
    Mutant(
        "second-rename-ignored",
        "NT-FILE-14",
        "Takes the rename of the first signal only",
        on_parquet(lambda t, b: datafile.relabelled(t, lambda n: "2" if n in asked_renames(b)[1:] else n)),
    ),
    Mutant(
        "many-renames-ignored",
        "NT-FILE-14",
        "Leaves renames out where three signals or more have one",
        on_parquet(
            lambda t, b: datafile.relabelled(
                t,
                lambda n: (
                    str(asked_renames(b).index(n) + 1)
                    if n in asked_renames(b) and len(asked_renames(b)) > 2
                    else n
                ),
            )
        ),
    ),
    Mutant("renames-trimmed", "NT-FILE-14", "Takes the blanks off both ends of a rename", on_ask(_trimmed)),
    Mutant(
        "utf8-read-as-latin1",
        "NT-FILE-14",
        "Reads UTF-8 as ISO 8859-1, and escapes as they are",
        on_ask(lambda a: a if a.document is NotJson.BODY else a.with_body(a.body.decode("latin-1").encode())),
    ),
)
