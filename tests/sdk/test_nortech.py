"""The vendor's own client reads our mock without knowing that it is one."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from mock_server.settings import DEMO_TOKEN
from tests.sdk.conftest import missing

pytestmark = pytest.mark.sdk

PYTHON = Path(__file__).parents[2] / ".venv-sdk" / "bin" / "python"
START, SECONDS = datetime(2021, 9, 1, tzinfo=UTC), 600
PATHS = [f"Workspace 1/Asset 1/Division 1/Unit 1/Signal {number}" for number in (1, 2)]
COLUMNS = ["timestamp", *PATHS]


def run(url: str, folder: Path, token: str = DEMO_TOKEN) -> subprocess.CompletedProcess[str]:
    if not PYTHON.exists():
        missing("the vendor's client is not installed: it needs the registry and `make tools`")
    # Nothing of this run's settings reaches the client, so that it is what a user has.
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("NORTECH", "PYTHON"))
    }
    return subprocess.run(
        [str(PYTHON), str(Path(__file__).parent / "client.py"), url, str(folder)],
        env={**environment, "NORTECH_API_KEY": token},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="module")
def answers(mock: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All that the client read."""
    folder = tmp_path_factory.mktemp("sdk")
    done = run(mock, folder)
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def raw(mock: str) -> list[list[float]]:
    """The same signals over the same window, by plain HTTP in another format."""
    end = START + timedelta(seconds=SECONDS)
    finished = requests.post(
        f"{mock}/api/v1/historical-data/sync",
        json={
            "signals": [1, 2],
            "timeWindow": {"start": START.isoformat(), "end": end.isoformat()},
            "format": "json",
        },
        headers={"Authorization": f"Bearer {DEMO_TOKEN}"},
        timeout=30,
    ).json()
    rows = requests.get(finished["outputFile"], timeout=30).json()
    return [[row["1"], row["2"]] for row in rows]


def values(table: dict[str, Any]) -> list[list[float]]:
    return [row[1:] for row in table["rows"]]


def moments(table: dict[str, Any]) -> list[datetime]:
    return [datetime.fromisoformat(row[0]) for row in table["rows"]]


@pytest.mark.parametrize("reader", ["polars", "lazy", "pandas"])
def test_each_reader_gets_every_second_of_the_window_once(
    answers: dict[str, Any], raw: list[list[float]], reader: str
) -> None:
    table = answers[reader]
    assert list(table["types"]) == COLUMNS
    assert len(raw) >= SECONDS
    assert moments(table) == [START + timedelta(seconds=second) for second in range(len(raw))]
    assert values(table) == raw


def test_the_time_stamps_are_instants_and_the_values_are_numbers(answers: dict[str, Any]) -> None:
    assert all("UTC" in answers[reader]["types"]["timestamp"] for reader in ("polars", "lazy", "pandas"))
    assert {answers["polars"]["types"][path] for path in PATHS} == {"Float64"}


def test_the_two_signals_are_not_confused(answers: dict[str, Any]) -> None:
    first, second = zip(*values(answers["polars"]), strict=True)
    assert first != second
    assert len(set(first)) > 1


def test_a_window_in_another_zone_is_the_same_clock_three_hours_later(answers: dict[str, Any]) -> None:
    elsewhere = moments(answers["elsewhere"])
    assert elsewhere[0] == START + timedelta(hours=3)
    assert elsewhere[0].utcoffset() == timedelta(hours=-3)
    assert values(answers["elsewhere"]) != values(answers["polars"])


@pytest.mark.parametrize("name, columns", [("no data", 1), ("too early", 2)])
def test_a_window_without_data_is_an_empty_frame(answers: dict[str, Any], name: str, columns: int) -> None:
    assert len(answers[name]["types"]) == 1 + columns
    assert answers[name]["rows"] == []
    assert answers["too early, pandas"] == COLUMNS


@pytest.mark.parametrize("name", ["parquet", "csv", "json"])
def test_a_download_in_each_format_holds_what_the_readers_read(
    answers: dict[str, Any], raw: list[list[float]], name: str
) -> None:
    assert answers["downloads"][name] == {"columns": COLUMNS, "values": raw}


def test_a_wrong_token_reaches_the_client_as_the_vendor_s_401(mock: str, tmp_path: Path) -> None:
    done = run(mock, tmp_path, token="wrong")
    assert done.returncode != 0
    assert 'Status code: 401. Response: {"status":"Unauthorized"}' in done.stderr
