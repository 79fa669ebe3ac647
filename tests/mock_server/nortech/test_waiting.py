"""How long a request takes, and what a client sees meanwhile (N12, N13); all of it on the session's clock."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import requests

from mock_server.settings import DEMO_TOKEN

if TYPE_CHECKING:
    from tests.mock_server.conftest import Mock

NUMBERS = itertools.count(1)
# Ten minutes of two signals: 1200 values.
ASKING = {
    "signals": [1, 2],
    "timeWindow": {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:10:00Z"},
    "format": "csv",
}
NO_DATA = {**ASKING, "signals": [9]}


class Client:
    """Talks to a mock in a session of its own, and holds each answer to the contract."""

    def __init__(self, mock: Mock, name: str | None = None) -> None:
        self.mock = mock
        self.name = name or f"waiting-{next(NUMBERS)}"
        self.headers = {"Authorization": f"Bearer {DEMO_TOKEN}~{self.name}"}

    def settings(self, **nortech: float) -> None:
        answer = self.mock.admin("settings", "PATCH", json={"nortech": nortech}, headers=self.headers)
        assert answer.status_code == 200, answer.text

    def clock(self, mode: str, **members: Any) -> None:
        answer = self.mock.admin("clock", "PUT", json={"mode": mode, **members}, headers=self.headers)
        assert answer.status_code == 200, answer.text

    def advance(self, seconds: float) -> None:
        self.mock.admin("clock/advance", "POST", json={"seconds": seconds}, headers=self.headers)

    def sync(self, body: Any = ASKING) -> requests.Response:
        return self.mock.history(body, headers=self.headers)

    def start(self, body: Any = ASKING, **options: Any) -> requests.Response:
        path = "/api/v1/historical-data/async"
        options = {"headers": self.headers, "json": body, **options}
        return self._checked(path, "post", requests.post(self.mock.url + path, timeout=30, **options))

    def look(self, number: Any, **options: Any) -> requests.Response:
        path = "/api/v1/historical-data/{requestId}"
        options = {"headers": self.headers, **options}
        url = self.mock.url + path.replace("{requestId}", str(number))
        return self._checked(path, "get", requests.get(url, timeout=30, **options))

    def _checked(self, path: str, method: str, response: requests.Response) -> requests.Response:
        document = self.mock.nortech.document
        documented = document["paths"][path][method]["responses"][str(response.status_code)]
        schema = documented["content"][response.headers["Content-Type"]]["schema"]
        whole = {**schema, "components": document["components"]}
        jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(response.json())
        return response


@pytest.fixture
def client(other_mock: Mock) -> Client:
    return Client(other_mock)


def test_a_request_takes_its_values_over_the_throughput(mock: Mock) -> None:
    client = Client(mock)
    client.clock("time", speed=100)
    client.settings(valuesPerSecond=60)

    began = time.monotonic()
    assert client.sync().status_code == 200

    # 1200 values at 60 a second are 20 seconds, of which a hundred pass in a second.
    assert 0.19 <= time.monotonic() - began < 5


def test_a_request_that_takes_too_long_times_out(mock: Mock, other_mock: Mock) -> None:
    for served in (mock, other_mock):
        client = Client(served)
        client.clock("time", speed=1000)
        client.settings(valuesPerSecond=1, timeoutSeconds=60)

        began = time.monotonic()
        answer = client.sync()

        assert 0.05 <= time.monotonic() - began < 5
        body = answer.json()
        if served is mock:
            assert (answer.status_code, body["status"], body["error"]) == (500, "Failed", "Request timed out")
        else:
            assert (answer.status_code, body["status"]) == (503, "Failed")
            assert body["details"]["error"] == "Request timed out"
            seen = client.look(body["details"]["requestId"]).json()
            assert seen == {**body["details"], "status": "Failed"}
        # Half of it is in time.
        client.settings(valuesPerSecond=10, timeoutSeconds=60.1)
        half = {**ASKING, "timeWindow": {**ASKING["timeWindow"], "end": "2024-01-03T00:05:00Z"}}  # type: ignore[dict-item]
        assert client.sync(half).status_code == 200


@pytest.mark.parametrize("mode", ["manual", "immediate"])
@pytest.mark.parametrize("rate, status", [(20, 200), (19, 500)])
def test_without_a_running_clock_the_size_decides_at_once(
    mock: Mock, mode: str, rate: int, status: int
) -> None:
    client = Client(mock)
    client.clock(mode)
    client.settings(valuesPerSecond=rate, timeoutSeconds=60)

    began = time.monotonic()
    answer = client.sync()

    assert answer.status_code == status
    assert time.monotonic() - began < 10
    if status == 200:
        assert requests.get(answer.json()["outputFile"], timeout=30).status_code == 200


def test_others_go_on_while_one_waits_and_a_clock_moved_on_ends_the_wait(mock: Mock) -> None:
    client, other = Client(mock), Client(mock)
    client.settings(valuesPerSecond=1, timeoutSeconds=86400)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.sync)
        while not other.sync().ok:
            pass
        assert not waiting.done()
        # A move ends no wait that begins after it, and nobody can tell from outside when this one does.
        while not waiting.done():
            client.advance(1200)
        assert waiting.result().status_code == 200


def test_a_wait_on_a_clock_that_is_taken_back_begins_again_there(mock: Mock) -> None:
    client, other = Client(mock), Client(mock)
    client.settings(valuesPerSecond=1, timeoutSeconds=86400)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.sync)
        assert all(other.sync().ok for _ in range(5))
        client.clock("time", now="2001-01-01T00:00:00Z")
        while not waiting.done():
            client.advance(1200)
        assert waiting.result().status_code == 200


def test_an_asynchronous_request_runs_on_the_clock_of_its_session(client: Client) -> None:
    client.clock("manual")
    client.settings(valuesPerSecond=10)
    started = client.start().json()
    number = started["requestId"]

    assert started["status"] == "Running"
    assert client.look(number).json()["status"] == "Running"
    assert requests.get(started["outputFile"], timeout=30).status_code == 404
    client.advance(119.999)
    assert client.look(number).json()["status"] == "Running"
    client.advance(0.001)
    finished = client.look(number).json()
    assert finished["status"] == "Finished"
    contents = {requests.get(each["outputFile"], timeout=30).content for each in (started, finished)}
    assert len(contents) == 1
    waited = Client(client.mock).sync().json()
    assert contents == {requests.get(waited["outputFile"], timeout=30).content}
    # What is over stays over only as long as the clock is not taken back.
    client.clock("manual", now="2001-01-01T00:00:00Z")
    assert client.look(number).json()["status"] == "Running"


def test_a_link_of_a_running_request_is_good_from_when_the_file_is_there(client: Client) -> None:
    client.clock("manual")
    client.settings(valuesPerSecond=1, linkSeconds=10)
    url = client.start().json()["outputFile"]

    client.advance(1210)
    assert requests.get(url, timeout=30).status_code == 200
    client.advance(1)
    assert requests.get(url, timeout=30).status_code == 403


@pytest.mark.parametrize(
    "body, settings, error",
    [
        (NO_DATA, {}, "Data request failed"),
        (ASKING, {"valuesPerSecond": 1, "asyncTimeoutSeconds": 1000}, "Request timed out"),
    ],
)
def test_an_asynchronous_request_can_fail(
    client: Client, body: Any, settings: dict[str, float], error: str
) -> None:
    client.settings(**settings)
    client.clock("immediate")

    answer = client.start(body)

    assert answer.status_code == 503
    details = answer.json()["details"]
    assert details["error"] == error
    assert client.look(details["requestId"]).json() == {**details, "status": "Failed"}


def test_one_that_fails_later_runs_until_then(client: Client) -> None:
    client.clock("manual")
    client.settings(valuesPerSecond=1, asyncTimeoutSeconds=1000)
    started = client.start().json()

    client.advance(999)
    assert client.look(started["requestId"]).json()["status"] == "Running"
    client.advance(1)
    assert client.look(started["requestId"]).json() == {
        "requestId": started["requestId"],
        "status": "Failed",
        "error": "Request timed out",
    }
    assert requests.get(started["outputFile"], timeout=30).status_code == 404


def test_by_default_it_is_soon_over(client: Client) -> None:
    started = client.start().json()

    assert started["status"] in {"Running", "Finished"}
    assert client.look(started["requestId"]).json()["status"] == "Finished"


def test_a_request_that_was_waited_for_can_be_looked_at_too(client: Client) -> None:
    client.clock("manual")
    answer = client.sync().json()

    seen = client.look(answer["requestId"]).json()

    assert (seen["requestId"], seen["status"]) == (answer["requestId"], "Finished")
    assert requests.get(seen["outputFile"], timeout=30).status_code == 200


def test_a_session_sees_no_other_session_s_requests(client: Client) -> None:
    other = Client(client.mock)
    number = client.start().json()["requestId"]

    assert client.look(number).status_code == 200
    answer = other.look(number)
    assert (answer.status_code, answer.json()) == (404, {"status": "Request not found"})
    for unknown in (2**53 - 1, 0, 2**53):
        assert client.look(unknown).json() == {"status": "Request not found"}


def test_both_want_the_token(client: Client) -> None:
    number = client.start().json()["requestId"]

    for headers in ({}, {"Authorization": "Bearer wrong"}):
        for answer in (client.start(headers=headers), client.look(number, headers=headers)):
            assert (answer.status_code, answer.json()) == (401, {"status": "Unauthorized"})


@pytest.mark.parametrize(
    "body, status",
    [
        ({**ASKING, "signals": [77]}, 404),
        ({**ASKING, "format": "xml"}, 400),
        ({**ASKING, "notificationUrl": "not a URI"}, 400),
        ({**ASKING, "notificationUrl": "https://client.example/ready"}, 200),
        ({"signals": [1]}, 400),
    ],
)
def test_an_asynchronous_request_is_judged_as_the_other_one(client: Client, body: Any, status: int) -> None:
    assert client.start(body).status_code == status


def test_the_documented_revision_has_neither(mock: Mock) -> None:
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}"}

    assert (
        requests.post(
            f"{mock.url}/api/v1/historical-data/async", json=ASKING, headers=headers, timeout=30
        ).status_code
        == 404
    )
    assert (
        requests.get(f"{mock.url}/api/v1/historical-data/1", headers=headers, timeout=30).status_code == 404
    )


def test_the_method_that_a_path_takes_is_its_own(other_mock: Mock) -> None:
    for path, allowed in (("sync", "POST"), ("async", "POST"), ("1", "GET, HEAD")):
        answer = requests.put(f"{other_mock.url}/api/v1/historical-data/{path}", timeout=30)
        assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
