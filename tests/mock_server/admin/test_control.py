"""The control API keeps its own contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import requests
import yaml

from mock_server.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mock_server.conftest import Mock

CONTRACT = yaml.safe_load((Path(__file__).parents[3] / "openapi" / "admin.yaml").read_text(encoding="utf-8"))


def checked(response: requests.Response, path: str) -> Any:
    """The answer's body, if it is as the contract says."""
    (operation,) = CONTRACT["paths"][path].values()
    responses = operation["responses"]
    documented = responses.get(str(response.status_code)) or CONTRACT["components"]["responses"]["Refused"]
    schema = documented["content"]["application/json"]["schema"]
    validator = jsonschema_rs.Draft202012Validator(
        {**schema, "components": CONTRACT["components"]}, validate_formats=True
    )
    validator.validate(response.json())
    return response.json()


def test_health_tells_what_is_served(any_mock: Mock) -> None:
    health = checked(any_mock.admin("health"), "/__admin/health")

    assert health["contracts"] == {
        "liverig-backlog-sync": any_mock.liverig.document["info"]["version"],
        "nortech-historical-data-sync": any_mock.nortech.document["info"]["version"],
    }


def test_the_journal_has_the_newest_requests_first_and_none_of_its_own(
    start: Callable[[Settings], Mock],
) -> None:
    own = start(Settings(journal_size=3))
    for number in range(5):
        own.backlog({"number": number})
    own.admin("health")

    journal = checked(own.admin("requests", params={"limit": 2}), "/__admin/requests")

    assert [json.loads(entry["request"]["body"])["number"] for entry in journal["requests"]] == [4, 3]
    assert journal["meta"]["total"] == 3
    newest = journal["requests"][0]
    assert newest["response"]["status"] == 400
    assert newest["request"]["method"] == "POST"
    assert newest["request"]["url"].endswith("/backlog-sync/request?qualifier=qualifier&instance=instance")


def test_no_credential_reaches_the_journal(mock: Mock) -> None:
    secret = "s3cr3t-value"
    headers = {
        "Authorization": f"Bearer {secret}",
        "Cookie": f"JSESSIONID={secret}",
        "x-csrf-token": secret,
        "Proxy-Authorization": secret,
        "X-Other": "visible",
    }
    mock.backlog({}, headers=headers)
    mock.history({}, headers=headers)

    text = mock.admin("requests").text

    assert secret not in text
    assert "Bearer ***" in text
    assert "visible" in text


def test_odd_bytes_in_a_request_make_a_valid_journal(mock: Mock, http: Callable[..., bytes]) -> None:
    mock.send(http(b"\xff\x00", extra=b"X-Odd: \xe9\xff\r\nX-Odd: 2\r\n", query="a=%00&b=%FF"))

    newest = checked(mock.admin("requests", params={"limit": 1}), "/__admin/requests")["requests"][0]

    assert newest["request"]["headers"]["x-odd"] == "éÿ, 2"


@pytest.mark.parametrize("limit", ["0", "1001", "x", "-1", "1.5", "", "9" * 30])
def test_a_limit_out_of_bounds_is_refused(mock: Mock, limit: str) -> None:
    for path in ("requests", "jobs"):
        response = mock.admin(path, params={"limit": limit})

        assert response.status_code == 400
        assert "limit: " in checked(response, f"/__admin/{path}")["detail"]


def test_jobs_are_listed_newest_first(mock: Mock) -> None:
    body = mock.liverig.examples()["mixedLogs"]
    accepted = [mock.backlog(body).json()["success"] for _ in range(3)]

    listed = checked(mock.admin("jobs", params={"limit": 3}), "/__admin/jobs")

    assert [job["uuid"] for job in listed["jobs"]] == accepted[::-1]
    assert checked(mock.admin(f"jobs/{accepted[0]}"), "/__admin/jobs/{jobId}") == listed["jobs"][2]
    assert mock.admin(f"jobs/{accepted[0].upper()}").status_code == 200


@pytest.mark.parametrize("job", ["x", "02a7533a-fa69-46fc-9441-7592b9b9cb2a", "%FF", "é"])
def test_an_unknown_job_is_not_found(mock: Mock, job: str) -> None:
    response = mock.admin(f"jobs/{job}")

    assert response.status_code == 404
    checked(response, "/__admin/jobs/{jobId}")


def test_reset_forgets_all(start: Callable[[Settings], Mock]) -> None:
    own = start(Settings())
    own.backlog(own.liverig.examples()["dateTimeLog"])
    window = {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:00:05Z"}
    file = own.history({"signals": [1], "timeWindow": window}).json()["outputFile"]

    assert checked(own.admin("reset", "POST"), "/__admin/reset") == {"status": "reset"}

    assert own.admin("jobs").json() == {"jobs": [], "meta": {"total": 0}}
    assert own.admin("requests").json() == {"requests": [], "meta": {"total": 0}}
    assert requests.get(file, timeout=30).status_code == 404
