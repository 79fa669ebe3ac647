"""Who names a `notificationUrl` is told there, once, when the request is over on the session's clock."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import requests

from mock_server.app import create_app
from mock_server.nortech.notification import post
from mock_server.serving.contract import load
from mock_server.serving.server import serving
from mock_server.settings import DEMO_TOKEN, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = "2024-01-04T00:00:00Z"
# Ten minutes of one signal, 600 values, at ten a second: a minute.
SLOW = {"valuesPerSecond": 10}
WINDOW = {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:10:00Z"}
PATIENCE = 30


class Listener:
    """Somebody at an address of loopback, and what was told there."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.told: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self.status = 200


@pytest.fixture
def listener() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/json"
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.told.put((self.path, body))
            self.send_response(found.status)
            self.send_header("Location", found.url)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Listener(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


class Client:
    """A session whose clock stands, of any mock on its state."""

    def __init__(self, url: str) -> None:
        self.url = url

    def admin(self, path: str, method: str = "GET", body: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}/__admin/{path}", json=body, timeout=PATIENCE)
        assert answer.ok, answer.text
        return answer.json()

    def stand(self) -> None:
        self.admin("clock", "PUT", {"mode": "manual", "now": NOW})
        self.admin("settings", "PATCH", {"nortech": SLOW})

    def ask(self, url: str, signal: int = 1) -> requests.Response:
        return requests.post(
            f"{self.url}/api/v1/historical-data/async",
            json={"signals": [signal], "timeWindow": WINDOW, "format": "csv", "notificationUrl": url},
            headers={"Authorization": f"Bearer {DEMO_TOKEN}"},
            timeout=PATIENCE,
        )

    def outcomes(self) -> list[str]:
        return [each["outcome"] for each in self.admin("notifications")["notifications"]]

    def settled(self) -> list[str]:
        """The outcomes, once nothing is open."""
        while {"waiting", "being sent"} & set(self.outcomes()):
            threading.Event().wait(0.02)
        return self.outcomes()


@contextlib.contextmanager
def mocking(state: Path | None = None) -> Iterator[Client]:
    with serving(create_app(Settings(nortech_revision="current", state=state))) as url:
        yield Client(url)


def kept(body: dict[str, Any]) -> bool:
    """Whether what was told keeps the contract."""
    document = load("nortech-historical-data-sync", "current").document
    (callback,) = document["paths"]["/api/v1/historical-data/async"]["post"]["callbacks"][
        "requestIsOver"
    ].values()
    schema = callback["post"]["requestBody"]["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]}).is_valid(body)


def test_it_is_told_when_the_clock_says_so_and_the_file_is_there(listener: Listener) -> None:
    with mocking() as client:
        client.stand()
        number = client.ask(f"{listener.url}/ready?key=s3cret").json()["requestId"]
        client.admin("clock/advance", "POST", {"seconds": 59})
        assert client.outcomes() == ["waiting"]
        assert listener.told.empty()
        client.admin("clock/advance", "POST", {"seconds": 1})

        path, body = listener.told.get(timeout=PATIENCE)

        assert path == "/ready?key=s3cret"
        assert kept(body)
        assert (body["requestId"], body["status"]) == (number, "Finished")
        assert requests.get(body["outputFile"], timeout=PATIENCE).text.startswith("timestamp,1")
        assert client.settled() == ["answered 200"]
        (told,) = client.admin("notifications")["notifications"]
        assert told == {"requestId": number, "url": f"{listener.url}/ready", "outcome": "answered 200"}


def test_a_failure_is_told_too_and_a_redirect_is_an_answer(listener: Listener) -> None:
    listener.status = 307
    with mocking() as client:
        assert client.ask(listener.url, signal=9).status_code == 503

        _, body = listener.told.get(timeout=PATIENCE)

        assert kept(body)
        assert (body["status"], body["error"]) == ("Failed", "Data request failed")
        assert client.settled() == ["answered 307"]
        assert listener.told.empty()


def test_one_of_several_mocks_tells_it_and_a_restart_forgets_nothing(
    listener: Listener, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    with mocking(state) as client:
        client.stand()
        numbers = {client.ask(listener.url).json()["requestId"] for _ in range(20)}
    with mocking(state) as one, mocking(state) as other:
        assert one.outcomes() == ["waiting"] * 20
        other.admin("clock/advance", "POST", {"seconds": 60})
        assert one.settled() == ["answered 200"] * 20
    told = [listener.told.get_nowait()[1]["requestId"] for _ in range(20)]
    assert set(told) == numbers
    assert listener.told.empty()


def test_a_reset_tells_nobody(listener: Listener) -> None:
    with mocking() as client:
        client.stand()
        client.ask(listener.url)
        client.admin("reset", "POST")
        assert client.outcomes() == []
        client.ask(f"{listener.url}/other")
        assert listener.told.get(timeout=PATIENCE)[0] == "/other"


@pytest.mark.parametrize(
    "url, outcome",
    [
        (
            "http://192.0.2.1/",
            "not sent: 192.0.2.1 is not this machine, and the setting nortech.notificationH",
        ),
        ("http://client.example/", "not sent: client.example is not this machine"),
        ("http://127.0.0.1.example/", "not sent: 127.0.0.1.example is not this machine"),
        ("mailto:me@client.example", "not sent: the address is none of http"),
        ("http://127.0.0.1:99999/", "not sent: Port out of range"),
        ("http://localhost:1/", "failed: "),
    ],
)
def test_what_is_not_sent_says_why(url: str, outcome: str) -> None:
    with mocking() as client:
        assert client.ask(url).status_code == 200
        (told,) = client.settled()
        assert told.startswith(outcome)


def test_another_machine_is_called_only_where_that_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def refuse(address: tuple[str, int], *_: Any) -> Any:
        called.append(address[0])
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr("socket.create_connection", refuse)
    assert post("http://192.0.2.1/", {}).startswith("not sent: ")
    assert post("https://192.0.2.1/", {}, anywhere=True) == "failed: nobody there"
    assert called == ["192.0.2.1"]
