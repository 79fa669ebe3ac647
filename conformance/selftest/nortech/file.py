"""Faults in how a file is handed out, named and written."""

from __future__ import annotations

import asyncio
import gzip
import re
from dataclasses import replace
from typing import Any

from conformance.selftest import datafile
from conformance.selftest.datafile import on_content, on_file, on_second_download, on_table
from conformance.selftest.defect import crash, forgive, instead, text, thing
from conformance.selftest.gateway import Ask, Behaviour, Make, Reply, Serve, reply
from conformance.selftest.nortech.body import read_instant, signals
from conformance.selftest.variant import Mutant


def _format_of_the_last() -> Behaviour:
    """Give requests that are under way together the format of the last of them."""
    latest: dict[str, Any] = {}

    async def behave(ask: Ask, serve: Serve) -> Reply:
        body = ask.document
        if ask.is_file or not isinstance(body, dict):
            return await serve(ask)
        given = {name: value for name, value in body.items() if name == "format"}
        latest["format"] = given
        await asyncio.sleep(0.01)
        if latest["format"] is given:
            return await serve(ask)
        rest = {name: value for name, value in body.items() if name != "format"}
        return await serve(ask.with_document(rest | latest["format"]))

    return behave


def _guarded(status: int) -> Make:
    return on_file(
        lambda r, _b, a: r if a.header("authorization") else reply(status, {"status": "Unauthorized"})
    )


def _gone(status: int) -> Make:
    return on_file(lambda _r, _b, _a: reply(status, {"status": "gone"}))


def _late_json(file: Reply, _body: Any, ask: Ask) -> Reply:
    if ask.path.endswith(".json"):
        ask.wait(15)
    return file


def _renamed_to(ending: str) -> Make:
    return datafile.renamed(lambda path: path.rsplit(".", 1)[0] + ending)


def _half_an_offset(ask: Ask) -> bool:
    document: Any = ask.document
    window: Any = document.get("timeWindow") if thing(document) else None
    ends = [read_instant(window.get(name)) for name in ("start", "end")] if thing(window) else []
    return len({end.tzinfo is None for end in ends if end is not None}) > 1


def _two_names(ask: Ask) -> bool:
    asked = [s for s in signals(ask.document) if thing(s)]
    named = {tuple(sorted((k, str(v)) for k, v in s.items() if k != "rename")) for s in asked}
    return len(named) < len(asked)


MUTANTS: tuple[Mutant, ...] = (
    Mutant("file-guarded", "NT-FILE-01", "Needs the token for the file", _guarded(401)),
    Mutant("file-forbidden", "NT-FILE-01", "Answers 403 for the file without the token", _guarded(403)),
    Mutant("file-gone", "NT-FILE-01", "Has no file at the address", _gone(404)),
    Mutant("file-late", "NT-FILE-01", "Takes 15 seconds to hand out a file as JSON", on_file(_late_json)),
    Mutant("file-fails", "NT-FILE-01", "Fails on the file", _gone(500)),
    Mutant(
        "file-cut",
        "NT-ANSWER-10",
        "Closes the connection in the middle of each file",
        on_file(lambda r, _b, _a: replace(r, cut=True)),
    ),
    Mutant(
        "file-chunks-cut",
        "NT-ANSWER-10",
        "Ends each CSV file without its last chunk",
        on_file(lambda r, _b, a: replace(r, chunked=True, cut=True) if a.path.endswith(".csv") else r),
    ),
    Mutant(
        "file-csv-gone",
        "NT-FILE-01",
        "Has no CSV files",
        on_file(lambda r, _b, a: reply(404, {}) if a.path.endswith(".csv") else r),
    ),
    Mutant(
        "file-moved",
        "NT-FILE-01",
        "Sends the download to a sign-in page",
        on_file(lambda _r, _b, _a: Reply(302, (("location", "/login"),), b"")),
    ),
    Mutant(
        "file-fails-again",
        "NT-FILE-01",
        "Fails on a second download of a file",
        on_second_download(lambda _: reply(500, {})),
    ),
    Mutant(
        "file-cut-again",
        "NT-FILE-01",
        "Hands out the first half of a file that is fetched again",
        on_second_download(lambda r: replace(r, body=r.body[: len(r.body) // 2])),
    ),
    Mutant("name-without-ending", "NT-FILE-02", "Names files without an ending", _renamed_to("")),
    Mutant("name-always-parquet", "NT-FILE-02", "Names every file .parquet", _renamed_to(".parquet")),
    Mutant("name-dat", "NT-FILE-02", "Names every file .dat", _renamed_to(".dat")),
    Mutant(
        "name-txt-for-csv",
        "NT-FILE-02",
        "Names CSV files .txt",
        datafile.renamed(lambda path: path.replace(".csv", ".txt")),
    ),
    Mutant(
        "format-ignored",
        "NT-FILE-03",
        "Gives Parquet whatever is asked for",
        forgive("/format", text, "parquet"),
        also=frozenset({"NT-FILE-02", "NT-FORMAT-03"}),
    ),
    Mutant(
        "csv-for-parquet",
        "NT-FILE-03",
        "Gives CSV under the name of Parquet",
        on_content("parquet", lambda b: datafile.csv_text(datafile.table(b))),
        also=frozenset({"NT-FORMAT-01"}),
    ),
    Mutant(
        "csv-for-json",
        "NT-FILE-03",
        "Gives CSV under the name of JSON",
        on_content("json", lambda _: b"timestamp,1\n2021-09-01,1\n"),
    ),
    Mutant(
        "json-for-csv",
        "NT-FILE-03",
        "Gives JSON under the name of CSV",
        on_content("csv", lambda _: b'[{"timestamp": 1}]'),
    ),
    Mutant(
        "file-is-a-page",
        "NT-FILE-03",
        "Gives a page in place of JSON",
        on_content("json", lambda _: b"<html>not here</html>"),
    ),
    Mutant(
        "json-nan",
        "NT-FILE-03",
        "Writes NaN into JSON",
        on_content("json", lambda b: re.sub(rb'("1":\s*)[-0-9.eE]+', rb"\1NaN", b, count=1)),
    ),
    Mutant("csv-empty", "NT-FILE-03", "Gives an empty CSV file", on_content("csv", lambda _: b"")),
    Mutant(
        "format-of-the-last",
        "NT-FILE-03",
        "Gives requests that are under way together the format of the last of them",
        _format_of_the_last,
        also=frozenset({"NT-FILE-02"}),
    ),
    Mutant(
        "parquet-cut",
        "NT-FILE-03",
        "Cuts Parquet files short",
        on_content("parquet", lambda b: b[: len(b) // 2]),
        also=frozenset({"NT-FORMAT-01"}),
    ),
    Mutant("json-cut", "NT-FILE-03", "Cuts JSON files short", on_content("json", lambda b: b.rstrip()[:-1])),
    Mutant(
        "csv-packed",
        "NT-FILE-03",
        "Packs CSV files without saying so",
        on_content("csv", lambda b: gzip.compress(b, mtime=0)),
    ),
    Mutant(
        "crash-on-two-names",
        "NT-ANSWER-06",
        "Fails where one signal is asked for under two names",
        crash(_two_names),
    ),
    Mutant(
        "crash-on-half-an-offset",
        "NT-ANSWER-06",
        "Fails where one end of the window has an offset, and the other has none",
        crash(_half_an_offset),
    ),
    Mutant(
        "last-year-500",
        "NT-ANSWER-06",
        "Fails over the last minutes of the year 9999",
        crash(lambda a: b"9999-12-31" in a.body),
    ),
    Mutant(
        "file-as-page",
        "NT-FILE-16",
        "Calls every file a web page",
        on_file(lambda r, _, __: r.with_header("content-type", "text/html; charset=utf-8")),
    ),
    Mutant(
        "parquet-as-csv",
        "NT-FILE-16",
        "Calls a Parquet file CSV",
        on_file(
            lambda r, _, a: r.with_header("content-type", "application/json") if "parquet" in a.path else r
        ),
    ),
    Mutant(
        "scheme-alone-403",
        "NT-AUTH-10",
        "Answers 403 to a scheme without a token",
        instead(
            lambda a: (a.header("authorization") or "").strip() == "Bearer",
            lambda _: reply(403, {"status": "Forbidden"}),
        ),
    ),
    Mutant(
        "third-signal-cut",
        "NT-FILE-03",
        "Loses the first bytes of the file where the third signal is asked for alone",
        on_file(lambda r, body, _: replace(r, body=r.body[4:]) if body.get("signals") == [3] else r),
    ),
    Mutant(
        "third-signal-gone",
        "NT-FILE-01",
        "Has no file where the third signal is asked for alone",
        on_file(lambda r, body, _: reply(404, {}) if body.get("signals") == [3] else r),
    ),
    Mutant("file-without-rows", "NT-FILE-11", "Gives no row at all", on_table(lambda t, _: t.slice(0, 0))),
    Mutant(
        "file-without-values",
        "NT-FILE-11",
        "Gives no value at all",
        on_table(lambda t, _: datafile.each(t, lambda held: [None] * len(held))),
    ),
)
