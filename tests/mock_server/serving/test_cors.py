"""A web page of another origin may use the vendors' operations, and nothing else (Fetch standard)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from mock_server.settings import DEMO_TOKEN, Settings
from tests.mock_server.conftest import COLLECTOR, LIVERIG, NORTECH

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mock_server.conftest import Mock

PAGE = "https://front-end.example:5173"
VALID = {"signals": [1], "timeWindow": {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:00:05Z"}}


def preflight(mock: Mock, path: str, *, page: str = PAGE, headers: str = "") -> requests.Response:
    return requests.options(
        mock.url + path,
        headers={
            "Origin": page,
            "Access-Control-Request-Method": "POST",
            **({"Access-Control-Request-Headers": headers} if headers else {}),
        },
        timeout=30,
    )


def allowed(response: requests.Response, page: str = PAGE) -> bool:
    """Whether a browser shows the answer to a page that sends credentials."""
    return (
        response.headers.get("Access-Control-Allow-Origin") == page
        and response.headers.get("Access-Control-Allow-Credentials") == "true"
        and "Origin" in response.headers["Vary"]
    )


@pytest.mark.parametrize("path", [LIVERIG, NORTECH, "/files/1/000.parquet"])
def test_a_preflight_is_answered_before_anything_is_looked_at(mock: Mock, path: str) -> None:
    asked = ["authorization", "content-type", "x-csrf-token", "prefer", "x-histdata-session", "range"]

    answer = preflight(mock, path, headers=",".join(asked))

    # Neither the token nor the query that the operations want.
    assert answer.status_code == 200
    assert allowed(answer)
    assert {"POST", "GET", "HEAD"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
    given = answer.headers["Access-Control-Allow-Headers"].lower().replace(" ", "").split(",")
    assert set(asked) <= set(given)


def test_a_success_is_shown(mock: Mock) -> None:
    answer = mock.history(VALID, headers={"Origin": PAGE})

    assert allowed(answer)
    file = requests.get(answer.json()["outputFile"], headers={"Origin": PAGE}, timeout=30)
    assert allowed(file)


def test_a_refusal_is_shown_as_well_with_what_it_says_of_itself(mock: Mock) -> None:
    page = {"Origin": PAGE}
    answers = {
        400: mock.backlog({}, headers=page),
        401: requests.post(mock.url + NORTECH, headers=page, json=VALID, timeout=30),
        404: requests.get(mock.url + "/nothing", headers=page, timeout=30),
        405: requests.get(mock.url + LIVERIG, headers=page, timeout=30),
        413: requests.post(mock.url + LIVERIG, headers=page, data=b"x" * 2_000_000, timeout=30),
        500: mock.history(VALID, headers={**page, "Prefer": "code=500"}),
    }

    for status, answer in answers.items():
        assert answer.status_code == status
        assert allowed(answer)
    exposed = answers[400].headers["Access-Control-Expose-Headers"].split(", ")
    assert {"X-Histdata-Violations", "WWW-Authenticate", "Allow", "Preference-Applied"} <= set(exposed)
    assert {"ETag", "Content-Range"} <= set(exposed)


def test_even_a_fault_of_the_mock_is_shown(mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("mock_server.state.store.Store.add_job", fail)
    headers = {"Origin": PAGE}
    body = mock.liverig.examples()["dateTimeLog"]
    answer = requests.post(mock.url + LIVERIG, params=COLLECTOR, headers=headers, json=body, timeout=30)

    assert answer.status_code == 500
    assert allowed(answer)


def test_a_cookie_gets_no_wildcard(mock: Mock) -> None:
    body = mock.liverig.examples()["dateTimeLog"]

    answer = mock.backlog(body, headers={"Origin": PAGE, "Cookie": "JSESSIONID=x", "x-csrf-token": "y"})

    assert answer.status_code == 200
    assert allowed(answer)


def test_without_an_origin_nothing_is_said_but_to_caches(mock: Mock) -> None:
    answer = mock.history(VALID)
    file = requests.get(answer.json()["outputFile"], timeout=30)

    assert not [name for name in (*answer.headers, *file.headers) if name.lower().startswith("access-")]
    assert "Origin" in file.headers["Vary"]


@pytest.mark.parametrize("path", ["/__admin/reset", "/__admin/health", "/__admin/nothing"])
def test_the_control_api_is_for_no_page(mock: Mock, path: str) -> None:
    asked = preflight(mock, path)
    got = requests.get(mock.url + path, headers={"Origin": PAGE}, timeout=30)

    assert not asked.ok
    for answer in (asked, got):
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_only_the_named_origins_where_some_are(start: Callable[[Settings], Mock]) -> None:
    own = start(Settings(cors_origins=(PAGE, "http://localhost:3000")))

    assert allowed(preflight(own, LIVERIG))
    assert allowed(preflight(own, LIVERIG, page="http://localhost:3000"), "http://localhost:3000")
    other = "https://front-end.example"
    assert "Access-Control-Allow-Origin" not in preflight(own, LIVERIG, page=other).headers
    assert "Access-Control-Allow-Origin" not in own.history(VALID, headers={"Origin": other}).headers


def test_none_where_it_is_switched_off(start: Callable[[Settings], Mock]) -> None:
    own = start(Settings(cors=False))

    assert preflight(own, LIVERIG).status_code == 405
    assert "Access-Control-Allow-Origin" not in own.history(VALID, headers={"Origin": PAGE}).headers


def test_a_preflight_without_its_headers_is_a_request_like_any_other(mock: Mock) -> None:
    answer = requests.options(mock.url + LIVERIG, params=COLLECTOR, timeout=30)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_what_a_page_did_is_in_the_journal_and_its_preflights_are_not(
    start: Callable[[Settings], Mock],
) -> None:
    own = start(Settings())
    preflight(own, NORTECH)
    headers = {"Origin": PAGE, "Authorization": f"Bearer {DEMO_TOKEN}"}
    requests.post(own.url + NORTECH, headers=headers, json=VALID, timeout=30)

    assert own.admin("requests").json()["meta"]["total"] == 1
