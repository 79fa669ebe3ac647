"""A client chooses its answer, within what the contract documents (RFC 7240)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_server.conftest import Mock

VALID = {"signals": [1], "timeWindow": {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:00:05Z"}}


def test_each_documented_example_can_be_had(any_mock: Mock) -> None:
    for status, response in any_mock.nortech.operation["responses"].items():
        for name, example in response["content"]["application/json"]["examples"].items():
            answer = any_mock.history(VALID, headers={"Prefer": f"code={status}, example={name}"})

            assert answer.status_code == int(status)
            assert answer.headers["Preference-Applied"] == f"code={status}, example={name}"
            # The vendor prints 1000; each answer has an id of its own.
            assert "1000" not in answer.text
            assert re.sub(r'"requestId": *[0-9]+', '"requestId":1000', answer.text) == json.dumps(
                example["value"], separators=(",", ":")
            )


def test_failed_requests_have_ids_of_their_own(mock: Mock) -> None:
    wishes: list[dict[str, Any]] = [{"Prefer": "code=500"}, {}, {"Prefer": "code=500; example=timedOut"}, {}]

    ids = [mock.history(VALID, headers=wish).json()["requestId"] for wish in wishes]

    assert len(set(ids)) == len(ids)


def test_a_wished_success_is_a_real_one(mock: Mock) -> None:
    answer = mock.history(VALID, headers={"Prefer": "code=200"})

    assert answer.json()["outputFile"].startswith(mock.url)
    assert answer.headers["Preference-Applied"] == "code=200"


def test_a_wish_does_not_excuse_a_wrong_request(mock: Mock) -> None:
    answer = mock.history({}, headers={"Prefer": "code=500"})

    assert answer.status_code == 400
    assert "Preference-Applied" not in answer.headers


@pytest.mark.parametrize("wish", ["code=418", "code=abc", "code=404, example=nothing"])
def test_a_wish_that_cannot_be_met_is_refused_with_what_there_is(mock: Mock, wish: str) -> None:
    answer = mock.history(VALID, headers={"Prefer": wish})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["location"] == "headers"


@pytest.mark.parametrize(
    "wish", ["", "respond-async", "wait=10", ";;,=", 'return="minimal"', "x" + " " * 60_000 + "="]
)
def test_other_preferences_are_ignored(mock: Mock, wish: str) -> None:
    assert mock.history(VALID, headers={"Prefer": wish}).status_code == 200


def test_a_range_of_statuses_covers_each_of_them(mock: Mock) -> None:
    body = mock.liverig.examples()["dateTimeLog"]

    assert mock.backlog(body, headers={"Prefer": "code=409"}).status_code == 409
    assert list(mock.backlog(body, headers={"Prefer": "code=200, example=refused"}).json()) == ["failure"]
