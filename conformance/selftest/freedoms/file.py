"""What a Nortech server may do otherwise with a data file."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pyarrow as pa

from conformance.selftest import datafile
from conformance.selftest.datafile import (
    TIMESTAMP,
    on_content,
    on_file,
    on_parquet,
    on_second_download,
    on_table,
)
from conformance.selftest.defect import both, forgive, null, on_status
from conformance.selftest.gateway import Ask, Behaviour, Make, Reply, Serve, reply
from conformance.selftest.variant import Freedom

if TYPE_CHECKING:
    from collections.abc import Callable

_NORTECH = ("nortech-historical-data-sync",)


def _with_semicolons(content: bytes) -> bytes:
    sink = io.StringIO(newline="")
    # Not by exchanging bytes: a name may have a comma in it.
    csv.writer(sink, delimiter=";").writerows(csv.reader(io.StringIO(content.decode(), newline="")))
    return sink.getvalue().encode("utf-8-sig")


def _at(change: Callable[[str], str]) -> Make:
    """Give the file's address in another way that leads to the same place."""
    return on_status(200, lambda d: d | {"outputFile": change(d["outputFile"])} if "outputFile" in d else d)


def _elsewhere() -> Behaviour:
    """Hand files out under a long name of their own, as an object store has it."""
    real: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {}

    async def behave(ask: Ask, serve: Serve) -> Reply:
        if ask.path in real:
            path, query = real[ask.path]
            return await serve(replace(ask, path=path, query=query))
        answer = await serve(ask)
        document = answer.document
        if answer.status != 200 or not isinstance(document, dict) or "outputFile" not in document:
            return answer
        parts = urlsplit(document["outputFile"])
        path = f"/bucket/User-10-{1713999600 + len(real)}/000.{parts.path.rsplit('.', 1)[-1]}"
        real[path] = parts.path, tuple(parse_qsl(parts.query))
        address = f"{parts.scheme}://{parts.netloc}{path}?X-Amz-Signature=ab%2Fcd&X-Amz-Expires=600"
        return answer.with_document(document | {"outputFile": address})

    return behave


def _columns(change: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> Make:
    def changed(table: pa.Table, _: Any) -> pa.Table:
        for name in datafile.signals(table):
            table = table.set_column(table.column_names.index(name), name, change(table[name]))
        return table

    return on_parquet(changed)


def _times(kind: Any) -> Make:
    return on_parquet(lambda t, _: datafile.times(t, t[TIMESTAMP].cast(kind)))


def _written(**options: Any) -> Make:
    return on_file(
        lambda r, _b, a: (
            replace(r, body=datafile.parquet(datafile.table(r.body), **options))
            if a.path.endswith(".parquet")
            else r
        )
    )


def _download(change: Callable[[Reply], Reply]) -> Make:
    return on_file(lambda r, _b, _a: change(r))


def _gaps(table: pa.Table, _: Any) -> pa.Table:
    for name in datafile.signals(table):
        table = datafile.values(table, name, _with_gaps)
    return table


def _rounded(table: pa.Table) -> pa.Table:
    for name in datafile.signals(table):
        table = datafile.values(table, name, lambda held: [v if v is None else round(v, 3) for v in held])
    return table


def _with_gaps(held: list[Any]) -> list[Any]:
    return [None if value is not None and int(value * 1000) % 3 == 0 else value for value in held]


def _records(content: bytes) -> list[Any]:
    """The rows of the mock's JSON, whichever way it is laid out."""
    found = json.loads(content)
    return (
        found
        if isinstance(found, list)
        else [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
    )


def _without_end(table: pa.Table, asked: Any) -> pa.Table:
    end = datetime.fromisoformat(asked["timeWindow"]["end"]).astimezone(UTC).replace(tzinfo=None)
    return table.filter(pa.compute.less(table[TIMESTAMP], pa.scalar(end, pa.timestamp("ms"))))


FREEDOMS: tuple[Freedom, ...] = (
    Freedom(
        "signed-address",
        "Signs the address of a file",
        _at(lambda u: u + "&X-Amz-Signature=0f%2F&Expires=1713999600"),
        _NORTECH,
    ),
    Freedom(
        "address-by-host-name",
        "Gives the address by another name of the host",
        _at(lambda u: u.replace("127.0.0.1", "localhost")),
        _NORTECH,
    ),
    Freedom("address-elsewhere", "Gives files out like an object store", _elsewhere, _NORTECH),
    Freedom(
        "ending-in-capitals",
        "Writes the ending of a file in capitals",
        datafile.renamed(lambda p: p.rsplit(".", 1)[0] + "." + p.rsplit(".", 1)[1].upper()),
        _NORTECH,
    ),
    Freedom(
        "ending-with-compression",
        "Names the compression of a file before its ending",
        datafile.renamed(lambda p: p.replace("000.parquet", "000.snappy.parquet")),
        _NORTECH,
    ),
    Freedom(
        "format-in-capitals",
        "Takes a format in capitals, and null",
        both(forgive("/format", lambda v: v == "CSV", "csv"), forgive("/format", null, "parquet")),
        _NORTECH,
    ),
    Freedom("times-utc", "Writes time stamps in UTC, by name", _times(pa.timestamp("ms", "UTC")), _NORTECH),
    Freedom(
        "times-nanoseconds", "Writes time stamps to the nanosecond", _times(pa.timestamp("ns")), _NORTECH
    ),
    Freedom(
        "times-microseconds",
        "Writes time stamps to the microsecond, in UTC",
        _times(pa.timestamp("us", "UTC")),
        _NORTECH,
    ),
    Freedom(
        "times-offset-zero",
        "Writes time stamps with the zone +00:00",
        _times(pa.timestamp("us", "+00:00")),
        _NORTECH,
    ),
    Freedom(
        "values-float32",
        "Writes values in single precision",
        _columns(lambda c: c.cast(pa.float32(), safe=False)),
        _NORTECH,
    ),
    Freedom(
        "values-dictionary",
        "Writes values as a dictionary",
        _columns(lambda c: c.dictionary_encode()),
        _NORTECH,
    ),
    Freedom(
        "values-decimal",
        "Writes values as decimals",
        both(
            _columns(lambda c: c.cast(pa.decimal128(18, 3), safe=False)),
            on_table(lambda t, _: _rounded(t)),
        ),
        _NORTECH,
    ),
    Freedom("values-with-gaps", "Leaves out values here and there", on_table(_gaps), _NORTECH),
    Freedom(
        "values-nan",
        "Writes NaN for values that it does not have",
        both(_columns(lambda c: c.fill_null(float("nan"))), on_table(_gaps)),
        _NORTECH,
    ),
    Freedom(
        "newest-row-first",
        "Writes the newest row first in JSON and CSV",
        on_table(lambda t, _: t.sort_by([(TIMESTAMP, "descending")]), "json", "csv"),
        _NORTECH,
    ),
    Freedom(
        "file-once",
        "Keeps a file until it has been fetched",
        on_second_download(lambda _: reply(410, {"status": "gone"})),
        _NORTECH,
    ),
    Freedom(
        "columns-in-another-order",
        "Writes the time stamp last",
        on_parquet(lambda t, _: t.select([*reversed(datafile.signals(t)), TIMESTAMP])),
        _NORTECH,
    ),
    Freedom("row-groups", "Writes small row groups", _written(row_group_size=7), _NORTECH),
    Freedom("zstd", "Compresses Parquet with zstd", _written(compression="zstd"), _NORTECH),
    Freedom(
        "uncompressed",
        "Does not compress Parquet",
        _written(compression="none", use_dictionary=False),
        _NORTECH,
    ),
    Freedom("parquet-1", "Writes Parquet 1.0", _written(version="1.0"), _NORTECH),
    Freedom(
        "times-int96",
        "Writes time stamps the old way",
        _written(use_deprecated_int96_timestamps=True),
        _NORTECH,
    ),
    Freedom(
        "metadata",
        "Writes metadata of its own",
        on_parquet(lambda t, _: t.replace_schema_metadata({"pandas": "{}", "vendor": "nortech"})),
        _NORTECH,
    ),
    Freedom(
        "end-excluded", "Does not give the row at the end of the window", on_table(_without_end), _NORTECH
    ),
    Freedom(
        "sparse",
        "Has a value every ten seconds",
        on_table(lambda t, _: t.filter(pa.compute.equal(pa.compute.second(t[TIMESTAMP]), 0))),
        _NORTECH,
    ),
    Freedom(
        "csv-semicolons",
        "Separates CSV by semicolons, with a BOM and CRLF",
        on_content("csv", _with_semicolons),
        _NORTECH,
    ),
    Freedom(
        "json-lines",
        "Writes JSON a row a line",
        on_content("json", lambda b: b"".join(json.dumps(row).encode() + b"\n" for row in _records(b))),
        _NORTECH,
    ),
    Freedom(
        "json-columns",
        "Writes JSON by column",
        on_content(
            "json",
            lambda b: json.dumps({k: [row[k] for row in _records(b)] for k in _records(b)[0]}).encode(),
        ),
        _NORTECH,
    ),
    Freedom(
        "file-as-octets",
        "Gives files out as octets, to be saved",
        _download(
            lambda r: r.with_header("content-type", "application/octet-stream").with_header(
                "content-disposition", "attachment"
            )
        ),
        _NORTECH,
    ),
    Freedom(
        "file-without-type",
        "Gives files out without a content type",
        _download(lambda r: r.with_header("content-type", None)),
        _NORTECH,
    ),
    Freedom(
        "file-in-chunks", "Gives files out in chunks", _download(lambda r: replace(r, chunked=True)), _NORTECH
    ),
    Freedom(
        "file-206",
        "Takes ranges of a file",
        _download(lambda r: r.with_header("accept-ranges", "bytes")),
        _NORTECH,
    ),
)
