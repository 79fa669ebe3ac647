"""Faults that only two files, or two halves of one, show."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from conformance.selftest import datafile
from conformance.selftest.datafile import TIMESTAMP, on_content, on_parquet, on_table
from conformance.selftest.defect import instead, number, on_ask, text, thing
from conformance.selftest.gateway import Ask, Make, reply
from conformance.selftest.nortech.body import by_id, by_name, read_instant, signals
from conformance.selftest.variant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable


def _without_second_hour(content: pa.Table, _: Any) -> pa.Table:
    instants = content[TIMESTAMP].to_pylist()
    hours = [(instant - instants[0]) // timedelta(hours=1) for instant in instants]
    return content.filter(pa.array([hour != 1 for hour in hours]))


def _numbers_as_text(content: bytes) -> bytes:
    rows = [{n: str(v) if number(v) else v for n, v in row.items()} for row in json.loads(content)]
    return json.dumps(rows).encode()


_OFFSET = re.compile(r"[+-]\d\d:\d\d$")


def _rezoned(change: Callable[[str], str], *ends: str) -> Make:
    """Put another offset behind these ends of a window, and leave the hands of the clock."""

    def written(instant: Any) -> Any:
        return _OFFSET.sub(lambda found: change(found[0]), instant) if text(instant) else instant

    def mend(ask: Ask) -> Ask:
        window: Any = ask.document.get("timeWindow") if thing(ask.document) else None
        if not thing(window):
            return ask
        mended = {k: written(v) if k in ends else v for k, v in window.items()}
        return ask.with_document(ask.document | {"timeWindow": mended})

    return on_ask(mend)


def _between(table: pa.Table, asked: Any) -> pa.Table:
    """Without the rows at the very ends of the window."""
    window = map(datetime.fromisoformat, asked["timeWindow"].values())
    ends = [instant.astimezone(UTC).replace(tzinfo=None) for instant in window]
    stamps = table[TIMESTAMP].cast(pa.timestamp("ms"))
    inside = pa.compute.invert(pa.compute.is_in(stamps, pa.array(ends, pa.timestamp("ms"))))
    return table.filter(inside)


def _moved(table: pa.Table, change: Callable[[float], float]) -> pa.Table:
    for name in datafile.signals(table):
        table = datafile.values(table, name, lambda held: [None if v is None else change(v) for v in held])
    return table


def _from_zero(table: pa.Table, _: Any) -> pa.Table:
    for name in datafile.signals(table):
        table = datafile.values(
            table, name, lambda values: [v and type(v)(0) for v in values[:1]] + values[1:]
        )
    return table


def _with_index(content: bytes) -> bytes:
    header, *rows = content.splitlines(keepends=True)
    return b"," + header + b"".join(b"%d,%s" % numbered for numbered in enumerate(rows))


def _without_last(table: pa.Table, _: Any) -> pa.Table:
    return table.slice(0, max(len(table) - 1, 0))


def _ends_within_a_second(asked: Any) -> bool:
    end = read_instant(asked["timeWindow"]["end"])
    return end is not None and end.microsecond > 0


def _odd_end(body: Any) -> bool:
    window = body["timeWindow"]
    return thing(window) and read_instant(window.get("end")) is not None and _ends_within_a_second(body)


def _as_text(table: pa.Table) -> pa.Table:
    for name in datafile.signals(table):
        column = table[name].cast(pa.string())
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def _swapped_columns(table: pa.Table, _: Any) -> pa.Table:
    names = datafile.signals(table)
    return datafile.relabelled(table, dict(zip(names, names[1:] + names[:1], strict=True)).__getitem__)


def _several_as_json(ask: Ask) -> bool:
    body = ask.document
    return thing(body) and body.get("format") == "json" and by_id(body) and len(signals(body)) > 2


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "json-without-rows",
        "NT-FILE-08",
        "Gives JSON without any row",
        on_content("json", lambda _: b"[]"),
    ),
    Mutant(
        "json-of-several-not-found",
        "NT-FILE-08",
        "Finds no data for several signals in JSON",
        instead(_several_as_json, lambda _: reply(404, {"status": "Signal Data not found"})),
    ),
    Mutant(
        "columns-exchanged",
        "NT-FILE-09",
        "Exchanges the columns of several signals",
        on_table(_swapped_columns),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "offset-ignored",
        "NT-WINDOW-10",
        "Takes the hands of a clock of another zone for UTC",
        _rezoned(lambda _: "Z", "start", "end"),
        also=frozenset({"NT-WINDOW-12"}),
    ),
    Mutant(
        "offset-of-end-ignored",
        "NT-WINDOW-10",
        "Takes the hands of a clock of another zone for UTC where a window ends",
        _rezoned(lambda _: "Z", "end"),
        also=frozenset({"NT-WINDOW-12"}),
    ),
    Mutant(
        "offset-in-whole-hours",
        "NT-WINDOW-10",
        "Leaves the minutes of an offset aside",
        _rezoned(lambda offset: f"{offset[:-2]}00", "start", "end"),
    ),
    Mutant(
        "values-by-order",
        "NT-FILE-09",
        "Names columns by the order of ids, whatever the order asked for",
        on_table(lambda t, a: _swapped_columns(t, a) if signals(a) != sorted(signals(a), key=str) else t),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "values-by-name-differ",
        "NT-FILE-09",
        "Gives other values by name than by id",
        on_table(lambda t, a: _moved(t, lambda v: v + 0.001) if by_name(a) else t),
    ),
    Mutant(
        "values-of-three-differ",
        "NT-FILE-09",
        "Gives other values where three signals or more are asked for",
        on_table(lambda t, a: _moved(t, lambda v: v * 2) if len(signals(a)) > 2 else t),
        also=frozenset({"NT-FILE-14"}),
    ),
    Mutant(
        "numbers-as-text",
        "NT-FILE-13",
        "Writes numbers as text",
        on_parquet(lambda t, _: _as_text(t)),
        also=frozenset({"NT-FILE-08"}),
    ),
    Mutant(
        "rows-of-an-hour-limited",
        "NT-FILE-15",
        "Gives at most 2000 rows",
        on_table(lambda t, _: t.slice(0, 2000)),
    ),
    Mutant(
        "second-hour-left-out",
        "NT-FILE-15",
        "Leaves out the second hour of a window",
        on_table(_without_second_hour),
    ),
    Mutant(
        "last-hour-alone",
        "NT-FILE-15",
        "Gives the last hour of a window",
        on_table(lambda t, _: t.slice(max(len(t) - 3600, 0))),
    ),
    Mutant(
        "rows-of-an-hour-thinned",
        "NT-FILE-15",
        "Gives every tenth row where there are more than 1000",
        on_table(lambda t, _: t.take(list(range(0, len(t), 10))) if len(t) > 1000 else t),
    ),
    Mutant(
        "odd-windows-not-found",
        "NT-FILE-12",
        "Finds no data in a window that does not end on a second",
        instead(
            lambda a: by_id(a.document) and "timeWindow" in a.document and _odd_end(a.document),
            lambda _: reply(404, {"status": "Signal Data not found"}),
        ),
        also=frozenset({"NT-WINDOW-10", "NT-WINDOW-12"}),
    ),
    Mutant(
        "values-alone-differ",
        "NT-FILE-09",
        "Gives other values for a signal alone",
        on_table(lambda t, a: _moved(t, lambda v: v * 2) if len(signals(a)) == 1 and by_id(a) else t),
    ),
    Mutant(
        "rows-alone-fewer",
        "NT-FILE-09",
        "Gives every second row for a signal alone",
        on_table(lambda t, a: t.take(list(range(0, len(t), 2))) if len(signals(a)) == 1 and by_id(a) else t),
    ),
    Mutant(
        "window-last-rows-cut",
        "NT-FILE-10",
        "Leaves out the first and the last five rows of a window",
        on_table(lambda t, _: t.slice(5, max(len(t) - 10, 0))),
        also=frozenset({"NT-FILE-12", "NT-FILE-15", "NT-WINDOW-10"}),
    ),
    Mutant(
        "window-ends-left-out",
        "NT-FILE-10",
        "Leaves out the rows at both ends of a window",
        on_table(_between),
    ),
    Mutant("rows-limited", "NT-FILE-10", "Gives at most 400 rows", on_table(lambda t, _: t.slice(0, 400))),
    Mutant(
        "rows-thinned",
        "NT-FILE-10",
        "Gives every second row of long windows",
        on_table(lambda t, _: t.take(list(range(0, len(t), 2))) if len(t) > 400 else t),
    ),
    Mutant(
        "values-by-window",
        "NT-FILE-10",
        "Gives values above the window's least",
        on_table(lambda t, _: datafile.each(t, lambda held: [v - held[0] for v in held])),
    ),
    Mutant(
        "values-averaged",
        "NT-FILE-10",
        "Gives the mean of the window for each value",
        on_table(lambda t, _: datafile.each(t, lambda held: [sum(held) / len(held)] * len(held))),
    ),
    Mutant(
        "csv-values-differ",
        "NT-FILE-08",
        "Gives other values in CSV",
        on_table(lambda t, _: _moved(t, lambda v: v + 1), "csv"),
    ),
    Mutant(
        "csv-values-whole",
        "NT-FILE-08",
        "Cuts values to integers in CSV",
        on_table(lambda t, _: _moved(t, lambda v: float(int(v))), "csv"),
    ),
    Mutant(
        "csv-gaps-dropped",
        "NT-FILE-08",
        "Leaves out the rows of CSV in which a signal has no value",
        on_table(lambda t, _: t.drop_null(), "csv"),
    ),
    Mutant(
        "json-with-quality",
        "NT-FILE-08",
        "Adds a column of quality in JSON",
        on_table(lambda t, _: t.append_column("quality", pa.array([1] * len(t))), "json"),
    ),
    Mutant(
        "json-numbers-as-text",
        "NT-FILE-08",
        "Writes numbers as text in JSON",
        on_content("json", _numbers_as_text),
    ),
    Mutant("csv-last-row-lost", "NT-FILE-08", "Loses the last row in CSV", on_table(_without_last, "csv")),
    Mutant(
        "csv-columns-exchanged", "NT-FILE-08", "Exchanges columns in CSV", on_table(_swapped_columns, "csv")
    ),
    Mutant(
        "csv-local-time",
        "NT-FILE-08",
        "Gives local time in CSV",
        on_table(lambda t, _: datafile.shifted(t, -10800), "csv"),
    ),
    Mutant(
        "csv-time-of-day",
        "NT-FILE-08",
        "Gives time stamps in CSV without their date",
        on_content("csv", lambda c: re.sub(rb"(?m)^\d{4}-\d\d-\d\dT", b"", c)),
    ),
    Mutant(
        "json-minutes-for-months",
        "NT-FILE-08",
        "Writes the minute in JSON where the month is due",
        on_content("json", lambda c: re.sub(rb"(\d{4})-\d\d-(\d\dT\d\d):(\d\d)", rb"\1-\3-\2:\3", c)),
    ),
    Mutant(
        "csv-with-index",
        "NT-FILE-08",
        "Leaves the number of each row in CSV, in a column without a name",
        on_content("csv", _with_index),
    ),
    Mutant(
        "csv-header-again",
        "NT-FILE-08",
        "Writes the header of CSV again behind the tenth row, as where pages are put together",
        on_content("csv", lambda c: b"".join((lines := c.splitlines(True))[:11] + lines[:1] + lines[11:])),
        also=frozenset({"NT-FILE-13", "NT-FILE-09"}),
    ),
    Mutant(
        "json-column-lost",
        "NT-FILE-08",
        "Loses the last signal in JSON",
        on_table(lambda t, _: t.drop_columns(datafile.signals(t)[-1:]), "json"),
    ),
    Mutant(
        "json-local-time",
        "NT-FILE-08",
        "Gives local time in JSON",
        on_table(lambda t, _: datafile.shifted(t, 7200), "json"),
    ),
    Mutant(
        "json-rows-thinned",
        "NT-FILE-08",
        "Gives every second row in JSON",
        on_table(lambda t, _: t.take(list(range(0, len(t), 2))), "json"),
    ),
    Mutant(
        "cached-by-the-minute",
        "NT-FILE-12",
        "Gives the file of an earlier request whose window begins and ends in the same minutes",
        datafile.cached(
            lambda b: (b["signals"], b.get("format"), *(v[:16] for v in b["timeWindow"].values()))
        ),
    ),
    Mutant(
        "first-row-zero",
        "NT-FILE-10",
        "Begins each file with zeros",
        on_parquet(_from_zero),
        also=frozenset({"NT-FILE-08", "NT-FILE-12", "NT-FILE-15"}),
    ),
    *(
        Mutant(
            f"cached-without-{name}",
            "NT-FILE-10",
            f"Gives the file of an earlier request that differs in its {name}",
            datafile.cached(key),
            also=frozenset({"NT-FILE-12", "NT-FILE-15", "NT-WINDOW-10", "NT-MISSING-06"}),
        )
        for name, key in (
            ("start", lambda b: (b["signals"], b.get("format"), b["timeWindow"]["end"])),
            ("end", lambda b: (b["signals"], b.get("format"), b["timeWindow"]["start"])),
            ("window", lambda b: (b["signals"], b.get("format"))),
        )
    ),
    Mutant(
        "odd-windows-cut",
        "NT-FILE-12",
        "Loses the last rows of a window that does not end on a second",
        on_table(lambda t, a: t.slice(0, max(len(t) - 3, 0)) if _ends_within_a_second(a) else t),
        also=frozenset({"NT-WINDOW-10"}),
    ),
)
