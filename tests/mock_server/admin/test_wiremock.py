"""WireMock's own client for Python, as it comes from the registry, reads the journal and resets it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests
from wiremock.client import (
    HttpMethods,
    NearMisses,
    NearMissMatchPatternRequest,
    Requests,
    WireMockMatchers,
)
from wiremock.constants import DEFAULT_HEADERS, Config
from wiremock.exceptions import ClientException, NotFoundException, RequiresLoginException

from mock_server.settings import Settings
from tests.mock_server.conftest import LIVERIG, NORTECH

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mock_server.conftest import Mock

SESSION = "wiremock"


@pytest.fixture(params=["header", "user", "bearer"])
def session(request: pytest.FixtureRequest, mock: Mock, monkeypatch: pytest.MonkeyPatch) -> str:
    """A session that the client is in by one of the ways that its configuration has room for."""
    name = uuid.uuid4().hex
    headers, url = dict(DEFAULT_HEADERS), mock.url
    if request.param == "header":
        headers["X-Histdata-Session"] = name
    elif request.param == "bearer":
        headers["Authorization"] = f"Bearer any~{name}"
    else:
        # The near misses are asked for without the configured headers, and so need this one.
        url = url.replace("://", f"://any~{name}:x@")
    monkeypatch.setattr(Config, "headers", headers)
    monkeypatch.setattr(Config, "base_url", f"{url}/__admin")
    return name


@pytest.fixture
def sent(mock: Mock, session: str) -> None:
    """Three requests in that session, and others elsewhere."""
    for own in ({"X-Histdata-Session": session}, {}):
        requests.post(
            mock.url + LIVERIG, params={"qualifier": "ü"}, json={"a": [1, 2]}, headers=own, timeout=30
        )
        requests.post(mock.url + NORTECH, json={"signals": [1]}, headers={**own, "Cookie": "a=b"}, timeout=30)
        requests.get(mock.url + "/nowhere", headers=own, timeout=30)


def pattern(**parts: Any) -> NearMissMatchPatternRequest:
    return NearMissMatchPatternRequest(**parts)


@pytest.mark.usefixtures("sent")
def test_the_client_reads_the_journal(mock: Mock) -> None:
    journal = Requests.get_all_received_requests(parameters={})

    assert journal.meta.total == 3
    assert [each.request.url for each in journal.requests] == [
        "/nowhere",
        NORTECH,
        f"{LIVERIG}?qualifier=%C3%BC",
    ]
    newest, middle, oldest = journal.requests
    assert [each.response_definition.status for each in journal.requests] == [404, 401, 400]
    assert oldest.request.method == "POST"
    assert oldest.request.absolute_url == mock.url + oldest.request.url
    assert oldest.request.client_ip == "127.0.0.1"
    assert oldest.request.body == '{"a": [1, 2]}'
    assert oldest.request.headers["content-type"] == "application/json"
    assert middle.request.cookies == {"a": "***"}
    assert abs(datetime.now(UTC).timestamp() - newest.request.logged_date / 1000) < 60
    assert newest.request.browser_proxy_request is False
    one = Requests.get_request(middle.id)
    assert one.request.url == NORTECH
    assert one.response_definition.from_configured_stub is True


@pytest.mark.usefixtures("sent")
def test_the_client_lists_what_is_newer_and_only_so_many() -> None:
    newest = Requests.get_all_received_requests(limit=1, parameters={})
    none = Requests.get_all_received_requests(since="2100-01-01T00:00:00Z", parameters={})

    assert [each.request.url for each in newest.requests] == ["/nowhere"]
    assert none.requests == []


@pytest.mark.usefixtures("sent")
def test_the_client_counts_and_finds() -> None:
    posts = pattern(method=HttpMethods.POST, url_path_pattern="/.*")
    nortech = pattern(
        method=HttpMethods.ANY,
        url=NORTECH,
        headers={
            "Content-Type": {WireMockMatchers.CONTAINS: "json"},
            "X-No": {WireMockMatchers.ABSENT: True},
        },
        body_patterns=[
            {
                WireMockMatchers.EQUAL_TO_JSON: '{"signals": [1]}',
                WireMockMatchers.IGNORE_ARRAY_ORDER: True,
                WireMockMatchers.IGNORE_EXTRA_ELEMENTS: True,
            }
        ],
    )

    assert Requests.get_matching_request_count(posts).count == 2
    assert Requests.get_matching_request_count(nortech).count == 1
    (found,) = Requests.get_matching_requests(nortech).requests
    assert (found.url, found.body) == (NORTECH, '{"signals": [1]}')
    assert Requests.get_matching_requests(pattern(method="PUT")).requests == []


@pytest.mark.usefixtures("sent")
def test_the_client_lists_what_no_operation_took() -> None:
    (unmatched,) = Requests.get_unmatched_requests().requests

    assert (unmatched.method, unmatched.url) == ("GET", "/nowhere")


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize("session", ["user"], indirect=True)
def test_the_client_asks_for_near_misses() -> None:
    wanted = pattern(method="POST", url=NORTECH, body_patterns=[{"equalToJson": '{"signals": [2]}'}])

    misses = NearMisses.find_nearest_misses_by_request_pattern(wanted).near_misses

    assert [each.request.url for each in misses[:1]] == [NORTECH]
    assert misses[0].request_pattern.url == NORTECH
    assert 0 < misses[0].match_result.distance < misses[1].match_result.distance


@pytest.mark.usefixtures("sent")
def test_the_client_resets_its_session_and_no_other(mock: Mock) -> None:
    before = mock.admin("requests").json()["meta"]["total"]

    Requests.reset_request_journal()

    assert Requests.get_all_received_requests(parameters={}).requests == []
    assert mock.admin("requests").json()["meta"]["total"] == before >= 3


@pytest.mark.usefixtures("session")
def test_what_the_client_cannot_have_is_an_error_of_its_own_kind() -> None:
    with pytest.raises(ClientException, match="matchesXPath"):
        Requests.get_matching_request_count(pattern(body_patterns=[{WireMockMatchers.MATCHES_X_PATH: "//a"}]))
    with pytest.raises(ClientException, match="basicAuthCredentials"):
        Requests.get_matching_request_count(
            pattern(basic_auth_credentials={"username": "a", "password": "b"})
        )
    with pytest.raises(NotFoundException):
        Requests.get_request(uuid.uuid4())


def test_the_client_sends_a_token_where_one_is_wanted(
    start: Callable[[Settings], Mock], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = start(Settings(admin_token="secret"))
    monkeypatch.setattr(Config, "base_url", f"{own.url}/__admin")
    requests.get(own.url + "/nowhere", headers={"X-Histdata-Session": SESSION}, timeout=30)

    with pytest.raises(RequiresLoginException):
        Requests.get_all_received_requests(parameters={})

    monkeypatch.setattr(Config, "headers", {**DEFAULT_HEADERS, "Authorization": f"Bearer secret~{SESSION}"})
    assert Requests.get_all_received_requests(parameters={}).meta.total == 1
