"""Signals are looked up, windows are checked, and ids are unique (N1 to N15)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests

from mock_server.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mock_server.conftest import Mock

WINDOW = {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:00:10Z"}


def named(signal: int | str, **members: str) -> dict[str, str]:
    return {
        "workspace": "Workspace 1",
        "asset": "Asset 1",
        "division": "Division 1",
        "unit": "Unit 1",
        "signal": f"Signal {signal}",
        **members,
    }


def asking(*signals: Any, **members: Any) -> dict[str, Any]:
    return {"signals": list(signals), "timeWindow": WINDOW, **members}


def test_each_accepted_request_gets_an_id_of_its_own_also_at_once(mock: Mock) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = [answer.json()["requestId"] for answer in pool.map(mock.history, [asking(1)] * 40)]

    assert len(set(ids)) == len(ids)


def test_all_missing_ids_are_listed_as_they_were_asked_for(mock: Mock) -> None:
    answer = mock.history(asking(1, 77, 2, 78, 77))

    assert answer.status_code == 404
    assert answer.json() == {"status": "Signals not found", "signals": [77, 78]}


def test_all_missing_searches_are_listed_as_they_were_asked_for(mock: Mock) -> None:
    missing = [
        named("x", rename="a"),
        {**named(1), "workspace": "Workspace 2"},
        {**named(2), "unit": "unit 1"},
    ]

    answer = mock.history(asking(named(1), *missing))

    assert answer.status_code == 404
    assert answer.json() == {"status": "Signals not found", "signals": missing}


def test_the_current_revision_lists_them_under_details(other_mock: Mock) -> None:
    answer = other_mock.history(asking(77))

    assert answer.json() == {"status": "Signals not found", "details": {"signals": [77]}}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(asking(9), id="a signal without data"),
        pytest.param(
            {"signals": [1], "timeWindow": {"start": "2019-01-01T00:00:00Z", "end": "2020-01-01T00:00:00Z"}},
            id="before the data",
        ),
        pytest.param(
            {"signals": [1], "timeWindow": {"start": "2099-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}},
            id="behind the data",
        ),
        pytest.param(
            {"signals": [1], "timeWindow": {"start": "2099-01-01T00:00:00Z"}}, id="behind, without an end"
        ),
        pytest.param(
            {"signals": [1], "timeWindow": {"start": WINDOW["start"], "end": WINDOW["start"]}},
            id="an empty window",
        ),
    ],
)
def test_no_data_is_not_found(any_mock: Mock, body: dict[str, Any]) -> None:
    answer = any_mock.history(body)

    assert answer.status_code == 404
    assert answer.json() == {"status": "Signal Data not found"}


@pytest.mark.parametrize(
    "window, reason",
    [
        ({"start": WINDOW["end"], "end": WINDOW["start"]}, "lies before the start"),
        # Later by the clock on the wall, earlier in truth.
        ({"start": "2024-01-03T00:00:00-05:00", "end": "2024-01-03T01:00:00+05:00"}, "lies before the start"),
        ({"start": "2023-02-30T00:00:00Z"}, "date-time"),
        ({"start": "0000-01-01T00:00:00Z"}, "date-time"),
        ({"start": "2024-01-03T00:00:00", "end": WINDOW["end"]}, "date-time"),
        ({"start": "2024-01-03", "end": WINDOW["end"]}, "date-time"),
        ({"start": 1704250800000}, "string"),
        ({"end": WINDOW["end"]}, "is missing"),
        ({}, "is missing"),
    ],
)
def test_a_window_that_is_none_is_refused(any_mock: Mock, window: dict[str, Any], reason: str) -> None:
    answer = any_mock.history({"signals": [1], "timeWindow": window})

    assert answer.status_code == 400
    assert reason in answer.text


@pytest.mark.parametrize(
    "instant",
    [
        "2024-01-03T00:00:00.000Z",
        "2024-01-03t00:00:00z",
        "2024-01-02T21:00:00-03:00",
        "2024-01-03T00:00:00.0000001Z",
    ],
)
def test_each_way_to_write_an_instant_is_understood(mock: Mock, instant: str) -> None:
    answer = mock.history(
        {"signals": [1], "timeWindow": {"start": instant, "end": WINDOW["end"]}, "format": "json"}
    )

    rows = requests.get(answer.json()["outputFile"], timeout=30).json()
    assert rows[0]["timestamp"] == "2024-01-03T00:00:00.000Z"


@pytest.mark.parametrize(
    "signals",
    [
        [],
        [0],
        [-1],
        [1.5],
        ["1"],
        [True],
        [None],
        [1, named(2)],
        [named(1), 2],
        [{}],
        [named(1, rename="x" * 128)],
        {"1": 1},
        1,
        "1",
        None,
    ],
)
def test_signals_are_ids_or_searches_and_never_a_mixture(any_mock: Mock, signals: Any) -> None:
    answer = any_mock.history({"signals": signals, "timeWindow": WINDOW})

    assert answer.status_code == 400


def test_every_violation_is_listed_with_its_location(mock: Mock) -> None:
    answer = mock.history(
        {"signals": [{**named(1), "signal": ""}], "timeWindow": {"end": 1}, "format": "xml"}
    )

    errors = answer.json()["errors"]
    assert {error["location"] for error in errors} == {"body"}
    for place in ("signals[0].signal: ", "timeWindow.start: ", "timeWindow.end: ", "format: "):
        assert any(error["error"].startswith(place) for error in errors)


@pytest.mark.parametrize(
    "signals",
    [
        [named(1, rename="a"), named(2, rename="a")],
        [named(1, rename="2"), named(2)],
        [named(1, rename="timestamp")],
    ],
)
def test_two_columns_of_one_name_are_refused(mock: Mock, signals: list[Any]) -> None:
    answer = mock.history(asking(*signals))

    assert answer.status_code == 400
    assert "another column has the name" in answer.json()["errors"][0]["error"]


def test_a_link_names_the_host_that_the_client_has_used(
    mock: Mock, start: Callable[[Settings], Mock]
) -> None:
    body = asking(1)
    public = start(Settings(public_url="https://mock.example/base/"))

    assert mock.history(body).json()["outputFile"].startswith(mock.url + "/files/")
    assert (
        mock.history(body, headers={"Host": "x.example:81"})
        .json()["outputFile"]
        .startswith("http://x.example:81/")
    )
    for host in ("not a host", "[", "x:y", "[::1", ""):
        assert mock.history(body, headers={"Host": host}).json()["outputFile"].startswith(mock.url)
    assert public.history(body).json()["outputFile"].startswith("https://mock.example/base/files/")


def test_a_token_of_ones_own_replaces_the_one_for_demonstrations(start: Callable[[Settings], Mock]) -> None:
    guarded = start(Settings(nortech_token="s3cret"))

    assert guarded.history(asking(1)).status_code == 401
    assert guarded.history(asking(1), headers={"Authorization": "Bearer s3cret"}).status_code == 200
