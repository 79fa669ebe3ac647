"""`--validate-responses`: a fault of the mock's own shows as a 500 and in the log, not as a wrong answer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
import requests

from mock_server.liverig.model import BacklogSync
from mock_server.settings import Settings
from tests.mock_server.conftest import COLLECTOR, LIVERIG

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mock_server.conftest import Mock


@pytest.mark.parametrize("revisions", [("current", "documented"), ("old", "current")])
def test_answers_that_keep_the_contract_go_out(
    start: Callable[[Settings], Mock], revisions: tuple[str, str]
) -> None:
    own = start(Settings(*revisions, validate_responses=True))

    for body in own.liverig.examples().values():
        assert own.backlog(body).status_code == 200
    for body in own.nortech.examples().values():
        assert own.history(body).status_code == 200
    assert own.history({"signals": [404], "timeWindow": {"start": "2021-09-01T00:00:00Z"}}).status_code == 404
    assert own.backlog({}).status_code == (400 if revisions[0] == "current" else 200)
    for path in ("health", "requests", "jobs", "settings", "clock"):
        assert own.admin(path).status_code == 200


def test_an_answer_that_breaks_the_contract_does_not(
    start: Callable[[Settings], Mock], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def accept(*_: object, **__: object) -> str:
        return "no uuid"

    monkeypatch.setattr(BacklogSync, "accept", accept)
    own, lenient = start(Settings(validate_responses=True)), start(Settings())
    body = next(iter(own.liverig.examples().values()))

    with caplog.at_level(logging.ERROR):
        strict, loose = (
            requests.post(each.url + LIVERIG, params=COLLECTOR, json=body, timeout=30)
            for each in (own, lenient)
        )

    assert (strict.status_code, loose.status_code) == (500, 200)
    assert "the body of a 200 breaks the contract: success:" in caplog.text
