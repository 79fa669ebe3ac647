"""A session's settings and clock, over the control API."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_server.conftest import Mock


@pytest.fixture
def own() -> dict[str, str]:
    """The headers of a session that no other test is in."""
    return {"X-Histdata-Session": uuid.uuid4().hex}


def shown(clock: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(clock["now"])


def test_a_clock_that_is_moved_by_hand_stands_where_it_was_put(mock: Mock, own: dict[str, str]) -> None:
    setting = {"mode": "manual", "now": "2024-01-02T03:04:05.000006+01:00"}
    put = mock.admin("clock", "PUT", json=setting, headers=own).json()
    for _ in range(2):
        mock.admin("clock/advance", "POST", json={"seconds": 1.5}, headers=own)

    assert put == {"mode": "manual", "speed": 1.0, "now": "2024-01-02T02:04:05.000006Z"}
    assert mock.admin("clock", headers=own).json()["now"] == "2024-01-02T02:04:08.000006Z"


def test_a_clock_goes_on_from_where_it_is(mock: Mock, own: dict[str, str]) -> None:
    mock.admin("clock", "PUT", json={"mode": "manual", "now": "2024-01-01T00:00:00Z"}, headers=own)
    fast = mock.admin("clock", "PUT", json={"mode": "time", "speed": 1000}, headers=own).json()
    later = mock.admin("clock", headers=own).json()

    assert fast["now"] == "2024-01-01T00:00:00.000000Z"
    assert timedelta(0) < shown(later) - shown(fast) < timedelta(days=1)
    mock.admin("reset", "POST", headers=own)
    assert mock.admin("clock", headers=own).json()["speed"] == 1
    assert shown(mock.admin("clock", headers=own).json()) > shown(later)


def test_jobs_are_dated_by_the_clock_of_their_session(mock: Mock, own: dict[str, str]) -> None:
    mock.admin("clock", "PUT", json={"mode": "manual", "now": "2001-02-03T04:05:06.007Z"}, headers=own)
    job = mock.backlog(mock.liverig.examples()["mixedLogs"], headers=own).json()["success"]

    assert mock.admin(f"jobs/{job}", headers=own).json()["created"] == "2001-02-03T04:05:06.007Z"
    assert mock.admin("clock").json()["now"] > "2020"


@pytest.mark.parametrize(
    "path, method, body, where",
    [
        ("clock", "PUT", {}, "mode"),
        ("clock", "PUT", {"mode": "fast"}, "mode"),
        ("clock", "PUT", {"mode": "time", "speed": 0}, "speed"),
        ("clock", "PUT", {"mode": "time", "speed": 1e300}, "speed"),
        ("clock", "PUT", {"mode": "manual", "speed": 2}, "only the mode time has a speed"),
        ("clock", "PUT", {"mode": "time", "now": "10000-01-01T00:00:00Z"}, "now"),
        ("clock", "PUT", {"mode": "time", "now": "0000-01-01T00:00:00Z"}, "now"),
        ("clock", "PUT", {"mode": "time", "now": "2024-01-01"}, "now"),
        ("clock", "PUT", {"mode": "time", "now": "9999-12-31T23:59:59-12:00"}, "beyond the years 1 to 9999"),
        ("clock", "PUT", {"mode": "time", "rate": 2}, "rate"),
        ("clock/advance", "POST", {"seconds": -1}, "seconds"),
        ("clock/advance", "POST", {"seconds": 315537897600}, "beyond the year"),
        ("clock/advance", "POST", {"minutes": 1}, "seconds: is missing"),
        ("settings", "PATCH", {"liverig": {"noSuchSwitch": 1}}, "liverig.noSuchSwitch: is no setting"),
        ("settings", "PATCH", {"noSuchVendor": {}}, "noSuchVendor"),
        ("settings", "PATCH", {"liverig": {"noSuchSwitch": None}}, "liverig.noSuchSwitch: is no setting"),
        ("settings", "PATCH", {"noSuchVendor": None}, "noSuchVendor: is no setting"),
        ("settings", "PATCH", {"liverig": 1}, "liverig"),
        ("settings", "PATCH", [], "is not of type"),
    ],
)
def test_what_cannot_be_set_is_refused_and_changes_nothing(
    mock: Mock, own: dict[str, str], path: str, method: str, body: Any, where: str
) -> None:
    before = [mock.admin(each, headers=own).json() for each in ("settings", "clock")]
    response = mock.admin(path, method, json=body, headers=own)
    after = [mock.admin(each, headers=own).json() for each in ("settings", "clock")]

    assert response.status_code == 400
    assert where in response.json()["detail"]
    assert after[0] == before[0]
    assert shown(after[1]) - shown(before[1]) < timedelta(days=1)
    assert after[1]["mode"] == before[1]["mode"]


def test_settings_are_those_of_the_contract(mock: Mock, own: dict[str, str]) -> None:
    whole = mock.admin("settings", headers=own).json()

    assert set(whole) == {"liverig", "nortech", "delays"}
    assert mock.admin("settings", "PATCH", json=whole, headers=own).json() == whole
    assert mock.admin("settings", "PATCH", json={"liverig": None}, headers=own).json() == whole
