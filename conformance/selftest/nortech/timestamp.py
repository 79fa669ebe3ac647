"""Faults in the instants of a file."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from conformance.selftest import datafile
from conformance.selftest.datafile import TIMESTAMP, on_table
from conformance.selftest.variant import Mutant


def _first_signal_first(content: pa.Table, _: Any) -> pa.Table:
    has_value = content[datafile.signals(content)[0]].is_valid()
    return pa.concat_tables([content.filter(has_value), content.filter(pa.compute.invert(has_value))])


def _appended(table: pa.Table, seconds: int) -> pa.Table:
    """With one more row, so many seconds behind the last, or before the first."""
    edge = table.slice(max(len(table) - 1, 0)) if seconds > 0 else table.slice(0, 1)
    moved = datafile.shifted(edge, seconds)
    return pa.concat_tables([table, moved] if seconds > 0 else [moved, table])


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "shifted-hour",
        "NT-FILE-06",
        "Gives local time, an hour late",
        on_table(lambda t, _: datafile.shifted(t, 3600)),
        also=frozenset({"NT-FILE-10"}),
    ),
    Mutant(
        "shifted-back",
        "NT-FILE-06",
        "Gives local time, three hours early",
        on_table(lambda t, _: datafile.shifted(t, -10800)),
        also=frozenset({"NT-FILE-10"}),
    ),
    Mutant(
        "row-before-window",
        "NT-FILE-06",
        "Gives one row before the window",
        on_table(lambda t, _: _appended(t, -1)),
        also=frozenset({"NT-FILE-10"}),
    ),
    Mutant(
        "row-behind-window",
        "NT-FILE-06",
        "Gives one row behind the window",
        on_table(lambda t, _: _appended(t, 60)),
        also=frozenset({"NT-FILE-10"}),
    ),
    Mutant(
        "seconds-for-milliseconds",
        "NT-FILE-06",
        "Takes milliseconds for seconds",
        on_table(
            lambda t, _: datafile.times(
                t, t[TIMESTAMP].cast(pa.int64()).cast(pa.timestamp("us")).cast(pa.timestamp("ms"), safe=False)
            )
        ),
        also=frozenset({"NT-FILE-07", "NT-FILE-10"}),
    ),
    Mutant(
        "descending",
        "NT-FILE-07",
        "Gives the newest row first",
        on_table(lambda t, _: t.sort_by([(TIMESTAMP, "descending")])),
    ),
    Mutant(
        "two-rows-exchanged",
        "NT-FILE-07",
        "Exchanges the last two rows",
        on_table(lambda t, _: t.take([*range(len(t) - 2), len(t) - 1, len(t) - 2]) if len(t) > 1 else t),
    ),
    Mutant(
        "csv-rows-exchanged",
        "NT-FILE-07",
        "Exchanges the last two rows in CSV",
        on_table(
            lambda t, _: t.take([*range(len(t) - 2), len(t) - 1, len(t) - 2]) if len(t) > 1 else t, "csv"
        ),
    ),
    Mutant(
        "json-row-repeated",
        "NT-FILE-07",
        "Gives the last row twice in JSON",
        on_table(lambda t, _: pa.concat_tables([t, t.slice(max(len(t) - 1, 0))]), "json"),
    ),
    Mutant(
        "row-repeated",
        "NT-FILE-07",
        "Gives the last row twice",
        on_table(lambda t, _: pa.concat_tables([t, t.slice(max(len(t) - 1, 0))])),
    ),
    Mutant(
        "rows-repeated", "NT-FILE-07", "Gives all rows twice", on_table(lambda t, _: pa.concat_tables([t, t]))
    ),
    Mutant(
        "whole-minutes",
        "NT-FILE-07",
        "Cuts time stamps to the minute",
        on_table(lambda t, _: datafile.times(t, pa.compute.floor_temporal(t[TIMESTAMP], unit="minute"))),
        also=frozenset({"NT-FILE-10"}),
    ),
    Mutant(
        "slow-signal-first-unsorted",
        "NT-FILE-07",
        "Gives the rows of the first signal, and behind them those that only others have",
        on_table(_first_signal_first, "parquet"),
        also=frozenset({"NT-FILE-12"}),
    ),
)
