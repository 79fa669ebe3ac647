"""The control API keeps its own contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from mock_server.settings import Settings
from tests.mock_server.admin.conftest import checked

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mock_server.conftest import Mock


def test_health_tells_what_is_served(any_mock: Mock) -> None:
    health = checked(any_mock.admin("health"))

    assert health["contracts"] == {
        "liverig-backlog-sync": any_mock.liverig.document["info"]["version"],
        "nortech-historical-data-sync": any_mock.nortech.document["info"]["version"],
    }


def test_a_limit_of_none_gives_the_total_alone(mock: Mock) -> None:
    job = mock.backlog(mock.liverig.examples()["dateTimeLog"]).json()["success"]

    for path, name in {"requests": "requests", "jobs": "jobs", f"jobs/{job}/events": "events"}.items():
        answer = checked(mock.admin(path, params={"limit": "0"}))
        assert answer[name] == []
        assert answer["meta"]["total"] > 0


@pytest.mark.parametrize("limit", ["1001", "x", "-1", "1.5", "", "9" * 30])
def test_a_limit_out_of_bounds_is_refused(mock: Mock, limit: str) -> None:
    response = mock.admin("jobs", params={"limit": limit})

    assert response.status_code == 400
    assert "limit: " in checked(response)["detail"]


def test_jobs_are_listed_newest_first(mock: Mock) -> None:
    body = mock.liverig.examples()["mixedLogs"]
    accepted = [mock.backlog(body).json()["success"] for _ in range(3)]

    listed = checked(mock.admin("jobs", params={"limit": 3}))

    assert [job["uuid"] for job in listed["jobs"]] == accepted[::-1]
    job = checked(mock.admin(f"jobs/{accepted[0]}"))
    assert listed["jobs"][2].items() <= job.items()
    assert mock.admin(f"jobs/{accepted[0].upper()}").status_code == 200


@pytest.mark.parametrize("job", ["x", "02a7533a-fa69-46fc-9441-7592b9b9cb2a", "%FF", "é"])
def test_an_unknown_job_is_not_found(mock: Mock, job: str) -> None:
    response = mock.admin(f"jobs/{job}")

    assert response.status_code == 404
    checked(response)


def test_reset_forgets_all(start: Callable[[Settings], Mock]) -> None:
    own = start(Settings())
    own.backlog(own.liverig.examples()["dateTimeLog"])
    window = {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:00:05Z"}
    file = own.history({"signals": [1], "timeWindow": window}).json()["outputFile"]

    assert checked(own.admin("reset", "POST")) == {"status": "reset"}

    assert own.admin("jobs").json() == {"jobs": [], "meta": {"total": 0}}
    assert own.admin("requests").json()["meta"] == {"total": 0}
    assert requests.get(file, timeout=30).status_code == 404
