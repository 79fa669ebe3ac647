from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from mock_server.app import create_app
from mock_server.serving.server import OPTIONS, bind, serving
from mock_server.settings import DEMO_TOKEN, Settings


def test_two_mocks_run_side_by_side_and_end_with_their_blocks() -> None:
    with serving(create_app()) as first, serving(create_app()) as second:
        assert first != second
        for url in (first, second):
            assert requests.get(f"{url}/__admin/health", timeout=30).ok
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{first}/__admin/health", timeout=30)


def test_who_still_waits_when_the_mock_stops_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(OPTIONS, "timeout_graceful_shutdown", 0)
    slow = {"nortech": {"valuesPerSecond": 1, "timeoutSeconds": 3600}}
    body = b"""{"signals": [1],
        "timeWindow": {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T01:00:00Z"}}"""
    head = (
        "POST /api/v1/historical-data/sync HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {DEMO_TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with serving(create_app(Settings(session=slow))) as url:
        parts = urlsplit(url)
        connection = socket.create_connection((parts.hostname, parts.port), timeout=30)
        connection.sendall(head.encode() + body)
        # What came first is under way when this is answered.
        assert requests.get(f"{url}/__admin/health", timeout=30).ok

    with connection:
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"is being stopped" in answer
    assert capfd.readouterr().err == ""


def test_a_taken_port_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        bind("127.0.0.1", taken.getsockname()[1])


def test_an_application_that_does_not_start_is_an_error() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})

    with pytest.raises(RuntimeError, match="did not start"), serving(broken):
        pass


def test_a_revision_that_is_not_there_is_an_error_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with pytest.raises(LookupError, match="no revision 'x'"):
        create_app(Settings(nortech_revision="x"))

    assert not list(tmp_path.iterdir())
