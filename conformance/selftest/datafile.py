"""Faults in data files: the gateway reads what the mock has made and gives out something else."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import pyarrow as pa
import pyarrow.parquet

if TYPE_CHECKING:
    from conformance.selftest.gateway import Ask, Behaviour, Make, Reply, Serve

TIMESTAMP = "timestamp"
TableChange = Callable[[pa.Table, Any], pa.Table]


def on_file(change: Callable[[Reply, Any, Ask], Reply]) -> Make:
    """Change each download that succeeds; *change* is given the body of the request that the file answers."""

    def fresh() -> Behaviour:
        asked: dict[str, Any] = {}

        async def behave(ask: Ask, serve: Serve) -> Reply:
            answer = await serve(ask)
            document = answer.document
            if ask.is_file:
                return change(answer, asked.get(ask.path), ask) if answer.status == 200 else answer
            if answer.status == 200 and isinstance(document, dict) and "outputFile" in document:
                asked[urlsplit(document["outputFile"]).path] = ask.document
            return answer

        return behave

    return fresh


def on_content(form: str, change: Callable[[bytes], bytes]) -> Make:
    """Change the bytes of each file of one *form*."""
    return on_file(
        lambda answer, _, ask: (
            replace(answer, body=change(answer.body)) if ask.path.endswith(f".{form}") else answer
        )
    )


def on_second_download(change: Callable[[Reply], Reply]) -> Make:
    """Change each download of a file that was fetched before."""

    def fresh() -> Behaviour:
        fetched: set[str] = set()

        async def behave(ask: Ask, serve: Serve) -> Reply:
            answer = await serve(ask)
            if ask.is_file and ask.path in fetched:
                return change(answer)
            if ask.is_file:
                fetched.add(ask.path)
            return answer

        return behave

    return fresh


def on_table(change: TableChange, *forms: str) -> Make:
    """Change the table of each file, whatever its form, or of the files in some *forms* only."""

    def changed(answer: Reply, asked: Any, ask: Ask) -> Reply:
        form = ask.path.rsplit(".", 1)[-1]
        if not isinstance(asked, dict) or (forms and form not in forms):
            return answer
        return replace(answer, body=_WRITERS[form](change(_READERS[form](answer.body), asked)))

    return on_file(changed)


def on_parquet(change: TableChange) -> Make:
    """Change the table of each Parquet file."""
    return on_table(change, "parquet")


def renamed(change: Callable[[str], str]) -> Make:
    """Give files out under another path; *change* makes it from the mock's."""

    def fresh() -> Behaviour:
        real: dict[str, str] = {}

        async def behave(ask: Ask, serve: Serve) -> Reply:
            if ask.is_file:
                return await serve(replace(ask, path=real.get(ask.path, ask.path)))
            answer = await serve(ask)
            document = answer.document
            if answer.status != 200 or not isinstance(document, dict) or "outputFile" not in document:
                return answer
            parts = urlsplit(document["outputFile"])
            path = change(parts.path)
            real[path] = parts.path
            return answer.with_document(document | {"outputFile": urlunsplit(parts._replace(path=path))})

        return behave

    return fresh


def cached(key: Callable[[Any], Any]) -> Make:
    """Give the file of an earlier request to each that has the same key; *key* makes it from the body."""

    def fresh() -> Behaviour:
        files: dict[str, str] = {}

        async def behave(ask: Ask, serve: Serve) -> Reply:
            answer = await serve(ask)
            document = answer.document
            if answer.status != 200 or not isinstance(document, dict) or "outputFile" not in document:
                return answer
            address = files.setdefault(repr(key(ask.document)), document["outputFile"])
            return answer.with_document(document | {"outputFile": address})

        return behave

    return fresh


def unless(good: Callable[[pa.Table], bool], answer: Reply) -> Make:
    """Give this *answer* in place of each Parquet file that is not *good*."""

    async def behave(ask: Ask, serve: Serve) -> Reply:
        given = await serve(ask)
        address = urlsplit(given.document["outputFile"] if not ask.is_file and given.status == 200 else "")
        if not address.path.endswith(".parquet"):
            return given
        get = replace(
            ask.with_body(b""), method="GET", path=address.path, query=tuple(parse_qsl(address.query))
        )
        file = await serve(get)
        return given if good(table(file.body)) else answer

    return lambda: behave


def table(content: bytes) -> pa.Table:
    """A Parquet file as a table."""
    read = pa.parquet.read_table(io.BytesIO(content))
    # Without what the mock says of empty cells, so that tables can be put together.
    return read.cast(pa.schema([field.with_nullable(True) for field in read.schema]))


def parquet(content: pa.Table, **options: Any) -> bytes:
    """A table as a Parquet file."""
    sink = io.BytesIO()
    pa.parquet.write_table(content, sink, **options)
    return sink.getvalue()


def csv_text(content: pa.Table) -> bytes:
    """A table as CSV, written as the mock does."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(content.column_names)
    writer.writerows(zip(*map(_texts, content.columns), strict=True))
    return sink.getvalue().encode()


def json_text(content: pa.Table) -> bytes:
    """A table as JSON, written as the mock does."""
    rows = zip(*map(_texts, content.columns), strict=True)
    return json.dumps([dict(zip(content.column_names, row, strict=True)) for row in rows]).encode()


def _texts(column: pa.ChunkedArray) -> list[Any]:
    return [_text(value) if isinstance(value, datetime) else value for value in column.to_pylist()]


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "") + "Z"


def _from_rows(rows: list[dict[str, Any]]) -> pa.Table:
    names = list(rows[0]) if rows else []
    columns = {name: [row[name] for row in rows] for name in names}
    return pa.table(
        {
            name: pa.array([datetime.fromisoformat(text[:-1]) for text in held], pa.timestamp("ms"))
            if name == TIMESTAMP
            else pa.array([None if value in (None, "") else float(value) for value in held], pa.float64())
            for name, held in columns.items()
        }
    )


def _read_csv(content: bytes) -> pa.Table:
    return _from_rows(list(csv.DictReader(io.StringIO(content.decode()))))


def _read_json(content: bytes) -> pa.Table:
    return _from_rows(json.loads(content))


def times(content: pa.Table, column: pa.Array) -> pa.Table:
    """The table with other time stamps."""
    return content.set_column(content.column_names.index(TIMESTAMP), TIMESTAMP, column)


def shifted(content: pa.Table, seconds: int) -> pa.Table:
    """The table with each time stamp so many seconds later."""
    ms = content[TIMESTAMP].cast(pa.int64())
    return times(content, pa.compute.add(ms, seconds * 1000).cast(pa.timestamp("ms")))


def values(content: pa.Table, name: str, change: Callable[[list[Any]], list[Any]]) -> pa.Table:
    """The table with other values in one column."""
    column = pa.array(change(content[name].to_pylist()), content[name].type)
    return content.set_column(content.column_names.index(name), name, column)


def signals(content: pa.Table) -> list[str]:
    """The columns beside the time stamp."""
    return [name for name in content.column_names if name != TIMESTAMP]


def each(content: pa.Table, change: Callable[[list[Any]], list[Any]]) -> pa.Table:
    """The table with each signal's values changed, where there are any."""
    for name in signals(content) if len(content) else ():
        content = values(content, name, lambda held: _filled(held, change))
    return content


def _filled(held: list[Any], change: Callable[[list[Any]], list[Any]]) -> list[Any]:
    """The values changed, where there are any; the cells without one stay so."""
    there = [value for value in held if value is not None]
    changed = iter(change(there) if there else ())
    return [None if value is None else next(changed) for value in held]


def relabelled(content: pa.Table, change: Callable[[str], str]) -> pa.Table:
    """The table with other names for its signals."""
    return content.rename_columns([n if n == TIMESTAMP else change(n) for n in content.column_names])


_READERS: Mapping[str, Callable[[bytes], pa.Table]] = {"parquet": table, "csv": _read_csv, "json": _read_json}
_WRITERS: Mapping[str, Callable[[pa.Table], bytes]] = {"parquet": parquet, "csv": csv_text, "json": json_text}
