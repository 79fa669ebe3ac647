from __future__ import annotations

import socket
from typing import Any

import pytest
import requests

from mock_server.app import create_app
from mock_server.serving.server import bind, serving
from mock_server.settings import Settings


def test_two_mocks_run_side_by_side_and_end_with_their_blocks() -> None:
    with serving(create_app()) as first, serving(create_app()) as second:
        assert first != second
        for url in (first, second):
            assert requests.get(f"{url}/__admin/health", timeout=30).ok
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{first}/__admin/health", timeout=30)


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
