"""A mock for clients that are not ours, on a real socket."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

import pytest

from mock_server.app import create_app
from mock_server.serving.server import serving
from mock_server.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def mock() -> Iterator[str]:
    """Base URL of a mock with its defaults."""
    with serving(create_app(Settings())) as url:
        yield url


def missing(what: str) -> NoReturn:
    """Skip the test for want of this; in CI, fail it."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
