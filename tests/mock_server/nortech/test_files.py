"""The data files: a real table, the same in each format, whatever way it is asked for (N8, N9)."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.nortech.table import Table
from mock_server.nortech.world import Data, Signal, Swing
from mock_server.nortech.write import write
from mock_server.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.mock_server.conftest import Mock

ON_THE_WIRE = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
FIRST, LAST = datetime(2020, 12, 31, 23, 50, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
Rows = list[dict[str, Any]]

# At most an hour, anywhere in the years that have data, and at their edge.
starts = st.one_of(
    st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None) - timedelta(hours=1)),
    st.datetimes(FIRST.replace(tzinfo=None), FIRST.replace(tzinfo=None) + timedelta(minutes=11)),
)
seconds = st.floats(0, 900, allow_nan=False)
subsets = st.lists(st.integers(1, 9), min_size=1, max_size=4, unique=True)
SENSORS = [101, 102, 103, 104, 111, 112, 113, 121, 122, 123, 131, 132, 133, 134, 141, 142, 143]
sensors = st.lists(st.sampled_from([1, 2, *SENSORS]), min_size=1, max_size=6, unique=True)


def swing(number: int, data: Data) -> tuple[str, Signal]:
    return str(number), Signal(number, ("w", "a", "d", "u", str(number)), data)


def iso(moment: datetime) -> str:
    return moment.isoformat() + "Z"


def rows_of(
    mock: Mock, signals: list[Any], start: datetime, end: datetime, file_format: str = "json"
) -> Rows:
    body = {"signals": signals, "timeWindow": {"start": iso(start), "end": iso(end)}, "format": file_format}
    answer = mock.history(body)
    if answer.status_code == 404:
        assert answer.json() == {"status": "Signal Data not found"}
        return []
    assert answer.status_code == 200
    response = requests.get(answer.json()["outputFile"], timeout=30)
    assert response.status_code == 200
    rows: Rows = table(response.content, file_format).to_pylist()
    return rows


def table(content: bytes, file_format: str) -> pa.Table:
    """The table in the file; what a text format cannot say of a type is told by how the value looks."""
    if file_format == "parquet":
        return pa.parquet.read_table(io.BytesIO(content))
    if file_format == "csv":
        records = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    else:
        records = json.loads(content)
    for record in records:
        record["timestamp"] = datetime.fromisoformat(record["timestamp"]).replace(tzinfo=None)
        for name, value in record.items():
            if isinstance(value, dict):
                record[name] = json.dumps(value, separators=(",", ":"))
            elif file_format == "csv" and isinstance(value, str):
                record[name] = from_text(value)
    return pa.Table.from_pylist(records)


def from_text(text: str) -> Any:
    if text in {"", "true", "false"}:
        return {"": None, "true": True, "false": False}[text]
    try:
        return float(text)
    except ValueError:
        return text


def test_parquet_has_times_without_a_zone_and_a_column_for_each_signal(mock: Mock) -> None:
    names = {"workspace": "Workspace 1", "asset": "Asset 1", "division": "Division 1", "unit": "Unit 1"}
    signals = [{**names, "signal": "Signal 2", "rename": 'hook, "load"'}, {**names, "signal": "Signal 1"}]
    body = {
        "signals": signals,
        "timeWindow": {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:01:00Z"},
    }

    answer = mock.history(body)
    response = requests.get(answer.json()["outputFile"], timeout=30)

    read = pa.parquet.read_table(io.BytesIO(response.content))
    assert read.column_names == ["timestamp", 'hook, "load"', "1"]
    assert read.schema.field("timestamp").type == pa.timestamp("ms")
    assert read["timestamp"][0].as_py() == datetime(2024, 1, 3)  # noqa: DTZ001 - without a zone, as meant
    assert read.num_rows == 60
    assert response.headers["Content-Type"] == "application/vnd.apache.parquet"


@ON_THE_WIRE
@given(signals=st.one_of(subsets, sensors), start=starts, length=seconds)
def test_each_format_holds_the_same_table(
    mock: Mock, signals: list[int], start: datetime, length: float
) -> None:
    end = start + timedelta(seconds=length)

    parquet, comma, records = (
        rows_of(mock, signals, start, end, each) for each in ("parquet", "csv", "json")
    )

    assert parquet == comma == records
    assert all(start <= row["timestamp"] < end for row in parquet)
    times = [row["timestamp"] for row in parquet]
    assert times == sorted(set(times))


@ON_THE_WIRE
@given(signals=st.one_of(subsets, sensors), start=starts, lengths=st.tuples(seconds, seconds))
def test_adjacent_windows_make_up_the_whole(
    mock: Mock, signals: list[int], start: datetime, lengths: tuple[float, float]
) -> None:
    middle = start + timedelta(seconds=lengths[0])
    end = middle + timedelta(seconds=lengths[1])

    parts = rows_of(mock, signals, start, middle) + rows_of(mock, signals, middle, end)

    assert parts == rows_of(mock, signals, start, end)


@ON_THE_WIRE
@given(signals=subsets, start=starts, data=st.data())
def test_a_signal_does_not_depend_on_the_others_nor_on_how_it_is_asked_for(
    mock: Mock, signals: list[int], start: datetime, data: st.DataObject
) -> None:
    end = start + timedelta(seconds=20)
    together = rows_of(mock, signals, start, end)
    names = {"workspace": "Workspace 1", "asset": "Asset 1", "division": "Division 1", "unit": "Unit 1"}
    shuffled = data.draw(st.permutations(signals))

    named = rows_of(mock, [{**names, "signal": f"Signal {number}"} for number in shuffled], start, end)

    assert together == named
    one = data.draw(st.sampled_from(signals))
    alone = {row["timestamp"]: row[str(one)] for row in rows_of(mock, [one], start, end)}
    assert alone == {row["timestamp"]: row[str(one)] for row in together if one != 9}


def test_asking_for_a_signal_twice_gives_one_column(mock: Mock) -> None:
    (row,) = rows_of(mock, [1, 1], datetime(2024, 1, 3), datetime(2024, 1, 3, 0, 0, 1))  # noqa: DTZ001

    assert list(row) == ["timestamp", "1"]


@pytest.mark.parametrize(
    "now, start, last",
    [
        ("2024-01-03T00:00:10Z", "2024-01-03T00:00:00Z", "2024-01-03T00:00:09.000Z"),
        ("2099-05-06T00:00:00Z", "2098-12-31T23:59:50Z", "2098-12-31T23:59:59.000Z"),
    ],
    ids=["by now", "by the end of the data"],
)
def test_without_an_end_the_window_has_all_there_is_by_now(
    mock: Mock, now: str, start: str, last: str
) -> None:
    headers = {"X-Histdata-Session": f"by-{now[:4]}"}
    mock.admin("clock", "PUT", json={"mode": "manual", "now": now}, headers=headers)
    body = {"signals": [1], "timeWindow": {"start": start}, "format": "csv"}

    content = requests.get(mock.history(body, headers=headers).json()["outputFile"], timeout=30).text

    lines = content.splitlines()
    assert lines[-1].startswith(f"{last},")
    assert len(lines) == 11


def test_others_are_served_while_a_large_file_is_made(mock: Mock) -> None:
    body = {"signals": [1, 2, 3], "timeWindow": {"start": "2021-01-01T00:00:00Z"}, "format": "json"}

    with requests.get(mock.history(body).json()["outputFile"], timeout=30, stream=True) as download:
        # Years of data: nobody waits for them, and leaving early stops the making.
        assert next(download.iter_content(65536))
        assert mock.admin("health").elapsed < timedelta(seconds=5)


def test_values_of_other_rates_are_joined_by_time(start: Callable[[Settings], Mock], tmp_path: Path) -> None:
    world = tmp_path / "world.yaml"
    world.write_text(
        """
liverig: {collectors: [{qualifier: q, instance: i}], sources: []}
nortech:
  workspaces:
    - name: W
      assets:
        - name: A
          divisions:
            - name: D
              units:
                - name: U
                  signals:
                    - id: 1
                      name: fast
                      data: {start: 2024-01-01T00:00:00Z, end: 2024-01-02T00:00:00Z, everyMs: 400}
                    - {id: 2, name: slow, data: {start: 2024-01-01T00:00:01Z, end: 2024-01-02T00:00:00Z}}
""",
        encoding="utf-8",
    )
    own = start(Settings(world=world))

    rows = rows_of(own, [1, 2], datetime(2024, 1, 1), datetime(2024, 1, 1, 0, 0, 2))  # noqa: DTZ001

    assert [row["timestamp"].microsecond // 1000 + row["timestamp"].second * 1000 for row in rows] == [
        0,
        400,
        800,
        1000,
        1200,
        1600,
    ]
    assert [row["1"] is None for row in rows] == [False, False, False, True, False, False]
    assert [row["2"] is None for row in rows] == [True, True, True, False, True, True]


@given(
    every=st.lists(st.integers(1, 5000), min_size=1, max_size=3),
    offset=st.lists(st.integers(0, 5000), min_size=3, max_size=3),
    span=st.integers(1, 40_000),
)
@settings(max_examples=25)
def test_batches_are_bounded_and_lose_nothing(every: list[int], offset: list[int], span: int) -> None:
    columns = [
        swing(number + 1, Data(offset[number], 10**9, rate, Swing(0.0, 1.0, 1000)))
        for number, rate in enumerate(every)
    ]

    made = list(Table(columns, 0, span * 1000).batches())

    times = [int(time) for batch in made for time in batch.times_ms]
    expected = {time for number, rate in enumerate(every) for time in range(offset[number], span, rate)}
    assert times == sorted(expected)
    assert all(len(batch.times_ms) <= 70_000 for batch in made)


def test_memory_is_that_of_a_batch_and_not_of_the_file() -> None:
    import tracemalloc

    columns = [swing(number, Data(0, 10**12, 1000, Swing(0.0, 1.0, 60_000))) for number in range(1, 11)]
    table = Table(columns, 0, 4 * 86_400 * 1_000_000)
    tracemalloc.start()
    try:
        total = sum(len(piece) for piece in write("csv", table))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total > 28_000_000
    assert peak < 14_000_000
