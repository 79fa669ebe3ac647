from __future__ import annotations

import contextlib
import csv
import io
import json
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.answer import Kind
from conformance.bench import Sent, Unusable
from conformance.nortech.datafile import DataFile, alike, same
from tests.conformance.targets import NORTECH, calls, exchange, target

FIRST = datetime(2021, 9, 1)  # noqa: DTZ001 - as the vendor writes it, without a time zone (N9)

columns = st.lists(
    st.none() | st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1, max_size=6
)


@cache
def sent() -> Sent:
    of = target(NORTECH, "documented")
    answer = of.classify(exchange(200, {"requestId": 1}))
    assert answer.kind is Kind.ACCEPTED
    return Sent("byId", calls(of)["byId"], answer)


def data_file(
    content: bytes, status: int = 200, url: str = "https://a.example/1/000.parquet?x=.csv"
) -> DataFile:
    return DataFile(sent(), url, exchange(status, content, "application/octet-stream"))


def instants(values: list[Any]) -> list[datetime]:
    return [FIRST + timedelta(seconds=index) for index in range(len(values))]


def parquet(values: list[Any], kind: pa.DataType | None = None, times: pa.Array | None = None) -> bytes:
    buffer = io.BytesIO()
    stamps = pa.array(instants(values), kind or pa.timestamp("ms")) if times is None else times
    pq.write_table(pa.table({"timestamp": stamps, "1": pa.array(values, pa.float64())}), buffer)
    return buffer.getvalue()


def words(values: list[str]) -> bytes:
    buffer = io.BytesIO()
    stamps = pa.array(instants(values), pa.timestamp("ms"))
    pq.write_table(pa.table({"timestamp": stamps, "1": pa.array(values, pa.string())}), buffer)
    return buffer.getvalue()


def as_json(values: list[Any]) -> bytes:
    rows = [{"timestamp": f"{t.isoformat()}Z", "1": v} for t, v in zip(instants(values), values, strict=True)]
    return json.dumps(rows).encode()


def as_lines(values: list[Any]) -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in json.loads(as_json(values)))


def as_csv(values: list[Any], delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(["timestamp", "1"])
    writer.writerows(zip((t.isoformat() for t in instants(values)), values, strict=True))
    return text.getvalue().encode()


@given(columns, st.sampled_from([",", ";", "\t"]))
def test_each_format_is_told_by_the_bytes_alone(values: list[Any], delimiter: str) -> None:
    assert data_file(parquet(values)).format == "parquet"
    assert data_file(as_json(values)).format == "json"
    assert data_file(as_lines(values)).format == "json"
    assert data_file(as_csv(values, delimiter)).format == "csv"
    assert data_file(b"\xef\xbb\xbf" + as_csv(values, delimiter)).format == "csv"


@pytest.mark.parametrize(
    "content, format_",
    [
        (b"[]", "json"),
        (b"{}", "json"),
        (b'{"columns": [], "data": []}', "json"),
        (b"timestamp,1,2\r\n", "csv"),
        (b'timestamp;1\n2021-09-01;"a\nb"\n', "csv"),
        (b"", "unknown"),
        (b"17", "unknown"),
        (b'"text"', "unknown"),
        (b"null", "unknown"),
        (b"no table at all", "unknown"),
        (b"a,b\nc\n", "unknown"),
        (b"PAR1", "unknown"),
        (b"PAR1garbagePAR1", "unknown"),
        (b"PAR1 and no more", "unknown"),
        (b"\xff\xfe\x00", "unknown"),
        (b"[" * 100_000, "unknown"),
        (b"a,b\n" + b'"' + b"x" * 200_000, "unknown"),
    ],
)
def test_odd_contents_are_told_too(content: bytes, format_: str) -> None:
    assert data_file(content).format == format_


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_have_some_format_and_are_either_read_or_unusable(content: bytes) -> None:
    file = data_file(content)
    assert file.format in ("parquet", "json", "csv", "unknown")
    for read in (lambda: file.table, lambda: file.times, lambda: file.rows("1"), file.records):
        with contextlib.suppress(Unusable):
            read()


@given(columns, st.data())
def test_a_damaged_parquet_file_is_either_read_or_unusable(values: list[Any], data: st.DataObject) -> None:
    content = bytearray(parquet(values))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(4, len(content) - 5))] = data.draw(st.integers(0, 255))
    file = data_file(bytes(content))
    for read in (lambda: file.rows("1"), file.records):
        with contextlib.suppress(Unusable):
            read()


@given(
    columns, st.sampled_from(["s", "ms", "us", "ns"]), st.sampled_from([None, "UTC", "+03:00", "Europe/Oslo"])
)
def test_a_parquet_file_is_read_with_its_times_in_utc(values: list[Any], unit: str, zone: str | None) -> None:
    file = data_file(parquet(values, pa.timestamp(unit, tz=zone)))
    assert file.signals == ["1"]
    assert file.times == [instant.replace(tzinfo=UTC) for instant in instants(values)]
    known = {t: v for t, v in zip(file.times, values, strict=True) if v is not None}
    read = file.rows("1")
    assert read.keys() == known.keys()
    assert all(same(read[instant], value) for instant, value in known.items())


@given(columns)
def test_the_three_formats_of_one_table_give_the_same_records(values: list[Any]) -> None:
    read = [data_file(content).records() for content in (parquet(values), as_json(values), as_csv(values))]
    for other in read[1:]:
        assert other.keys() == read[0].keys()
        assert all(alike(other[instant]["1"], row["1"]) for instant, row in read[0].items())
    assert len(read[0]) == sum(value is not None for value in values)


@pytest.mark.parametrize(
    "written",
    [
        "2021-09-01T00:00:00Z",
        "2021-09-01 00:00:00",
        "2021-09-01T03:00:00.000+03:00",
        1630454400,
        1630454400000,
        1630454400000000,
        1630454400000000000,
        "1630454400000",
    ],
)
def test_a_time_stamp_is_read_in_any_common_spelling(written: Any) -> None:
    file = data_file(json.dumps([{"timestamp": written, "1": 5}]).encode())
    assert file.records() == {datetime(2021, 9, 1, tzinfo=UTC): {"1": 5}}


@pytest.mark.parametrize(
    "written", [None, [], {}, "", "yesterday", "9999-12-31T23:59:59.9999Z", 1e300, "nan", True]
)
def test_a_time_stamp_that_is_none_makes_the_file_unusable(written: Any) -> None:
    file = data_file(json.dumps([{"timestamp": written, "1": 5}]).encode())
    if written is True:
        assert len(file.records()) == 1  # JSON's true is a number to Python; one row is one row
    else:
        with pytest.raises(Unusable, match="time stamp that is not known"):
            file.records()


@pytest.mark.parametrize(
    "table, words",
    [
        (pa.table({"1": [1.0]}), "no column 'timestamp'"),
        (pa.table({"timestamp": ["2021-09-01"]}), "no column `timestamp` of instants"),
        (pa.table({"timestamp": pa.array([None], pa.timestamp("ms"))}), "without a time stamp"),
        (pa.table({"timestamp": pa.array([2**52], pa.timestamp("ms"))}), "cannot be read"),
        (
            pa.Table.from_arrays([pa.array([FIRST]), pa.array([FIRST])], names=["timestamp", "timestamp"]),
            "or several",
        ),
    ],
)
def test_a_table_without_usable_times_says_why(table: pa.Table, words: str) -> None:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    with pytest.raises(Unusable, match=words):
        _ = data_file(buffer.getvalue()).times


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(Unusable, match="no column '2'"):
        data_file(parquet([1.0])).rows("2")


def test_instants_between_microseconds_are_unusable_and_no_crash() -> None:
    odd = pa.array([1630454400000000001], pa.timestamp("ns"))
    file = data_file(parquet([1.0], times=odd))
    assert file.times == [datetime(2021, 9, 1, tzinfo=UTC)]


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_file_that_is_not_there_is_no_table(status: int) -> None:
    file = data_file(b"gone", status)
    assert not file.is_there
    with pytest.raises(Unusable, match=str(status)):
        _ = file.table


@pytest.mark.parametrize(
    "url, name",
    [
        ("https://a.example/User-10/000.parquet", "000.parquet"),
        ("https://a.example/000.parquet?X-Amz-Signature=a/b.csv#c", "000.parquet"),
        ("https://a.example", ""),
    ],
)
def test_the_name_is_the_last_segment_of_the_path(url: str, name: str) -> None:
    assert data_file(b"", url=url).name == name


@given(
    st.floats() | st.integers() | st.booleans() | st.text(max_size=5) | st.none(), st.floats() | st.integers()
)
def test_values_can_be_compared_whatever_they_are(left: Any, right: Any) -> None:
    assert isinstance(alike(left, right), bool)
    assert same(left, left) or left != left
    assert alike(right, right) or right != right


def test_numbers_beyond_floats_are_compared_as_they_are() -> None:
    assert alike(10**400, 10**400)
    assert not alike(10**400, 1)
    assert not alike("1", 10**400)


def test_an_offset_is_no_other_instant() -> None:
    there = datetime(2021, 9, 1, 3, tzinfo=timezone(timedelta(hours=3)))
    file = data_file(json.dumps([{"timestamp": there.isoformat(), "1": 1}]).encode())
    assert list(file.records()) == [datetime(2021, 9, 1, tzinfo=UTC)]


@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=6))
def test_numbers_with_a_fraction_that_are_written_as_text_are_told(values: list[float]) -> None:
    assert data_file(words([f"{value:.3f}" for value in values])).written_numbers() == ["1"]
    assert data_file(parquet(values)).written_numbers() == []


@given(st.lists(st.integers(), max_size=5), st.sampled_from(["run", "", "1.2.3", "17 V"]))
def test_words_and_whole_numbers_may_be_text(values: list[int], word: str) -> None:
    assert data_file(words(list(map(str, values)))).written_numbers() == []
    assert data_file(words(["1.5", word, "run"])).written_numbers() == []


@given(st.permutations(range(4)))
def test_rows_of_json_may_run_either_way_and_no_other(order: list[int]) -> None:
    rows = json.loads(as_json([1.0, 2.0, 3.0, 4.0]))
    shuffled = data_file(json.dumps([rows[index] for index in order]).encode())
    assert (shuffled.astray() == []) is (order in ([0, 1, 2, 3], [3, 2, 1, 0]))
    assert data_file(json.dumps([*rows, rows[-1]]).encode()).astray() != []


def test_a_json_value_is_the_same_as_an_object_and_as_its_text() -> None:
    """Parquet has a column of text for it, and a JSON file may have the object itself."""
    value = {"code": "TORQUE_HIGH", "limit": 15.0, "of": [1, None]}
    assert alike(json.dumps(value), value)
    assert alike(value, json.dumps(value, indent=1))
    for other in (json.dumps({**value, "limit": 16}), "{", "", "null"):
        assert not alike(other, value)
