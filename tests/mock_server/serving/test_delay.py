"""An operation is as slow as a session wants it (in WireMock's words), and nobody else waits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mock_server.serving import delay
from tests.mock_server.conftest import CONTRACTS, FILES, NORTECH

if TYPE_CHECKING:
    from tests.mock_server.conftest import Mock

VALID = {"signals": [1], "timeWindow": {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:00:05Z"}}
SLOW = {"type": "fixed", "milliseconds": 300}
lengths = st.floats(0, 60_000)


def set_delays(mock: Mock, session: str, **delays: Any) -> dict[str, str]:
    """Give the session these delays; the headers that choose it."""
    headers = {"X-Histdata-Session": session}
    answer = mock.admin("settings", "PATCH", headers=headers, json={"delays": delays})
    assert answer.json().get("delays") == delays
    return headers


def test_every_answer_of_the_operation_is_held_back(mock: Mock) -> None:
    headers = set_delays(mock, "delay-all", requestHistoricalDataSync=SLOW)
    answers = [
        mock.history(VALID, headers=headers),
        mock.history({}, headers=headers),
        mock.history(VALID, headers={**headers, "Prefer": "code=500"}),
        requests.post(mock.url + NORTECH, json=VALID, headers=headers, timeout=30),
    ]

    assert [answer.status_code for answer in answers] == [200, 400, 500, 401]
    assert all(answer.elapsed.total_seconds() >= 0.3 for answer in answers)


def test_others_do_not_wait(mock: Mock) -> None:
    headers = set_delays(mock, "delay-one", requestHistoricalDataSync={**SLOW, "milliseconds": 3000})

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(mock.history, VALID, headers=headers)
        others = [
            mock.backlog(mock.liverig.examples()["dateTimeLog"], headers=headers),
            mock.history(VALID),
            mock.admin("health", headers=headers),
        ]

    assert waiting.result().elapsed.total_seconds() >= 3
    assert all(answer.elapsed.total_seconds() < 3 for answer in others)
    mock.admin("settings", "PATCH", headers=headers, json={"delays": None})
    assert mock.history(VALID, headers=headers).elapsed.total_seconds() < 3


def test_what_is_answered_late_is_kept_at_once(mock: Mock) -> None:
    headers = set_delays(mock, "delay-kept", requestBacklogSync={**SLOW, "milliseconds": 3000})
    body = mock.liverig.examples()["dateTimeLog"]

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(mock.backlog, body, headers=headers)
        # A client that gives up now does not know, but its job has begun: as with a server that is slow.
        while not mock.admin("jobs", headers=headers).json()["meta"]["total"]:
            assert not waiting.done()

    assert waiting.result().status_code == 200


@pytest.mark.parametrize(
    "delays",
    [
        {"noSuchOperation": SLOW},
        {"requestBacklogSync": {"type": "fixed"}},
        {"requestBacklogSync": {"type": "fixed", "milliseconds": 60_001}},
        {"requestBacklogSync": {"type": "fixed", "milliseconds": -1}},
        {"requestBacklogSync": {"type": "normal", "mean": 1}},
        {"requestBacklogSync": {"type": "uniform", "lower": 1}},
        {"requestBacklogSync": {"type": "uniform", "lower": 2, "upper": 1}},
        {"requestBacklogSync": {"type": "fixed", "milliseconds": None}},
        {"noSuchOperation": None},
        {"requestBacklogSync": {"type": "lognormal", "median": 1, "sigma": 11}},
        {"requestBacklogSync": 300},
    ],
)
def test_a_delay_that_is_none_is_refused_with_its_place(mock: Mock, delays: dict[str, Any]) -> None:
    headers = {"X-Histdata-Session": "delay-none"}

    answer = mock.admin("settings", "PATCH", headers=headers, json={"delays": delays})

    assert answer.status_code == 400
    assert "delays" in answer.json()["detail"]


def test_a_delay_is_replaced_whole(mock: Mock) -> None:
    own, others = {"type": "lognormal", "median": 1, "sigma": 0}, {"type": "uniform", "lower": 0, "upper": 1}
    headers = set_delays(mock, "delay-whole", requestBacklogSync=SLOW, downloadDataFile=others)

    answer = mock.admin(
        "settings", "PATCH", headers=headers, json={"delays": {"requestBacklogSync": own}}
    ).json()

    assert answer["delays"] == {"requestBacklogSync": own, "downloadDataFile": others}


def test_each_operation_of_the_vendors_can_be_slow() -> None:
    admin = yaml.safe_load((CONTRACTS / "admin.yaml").read_text(encoding="utf-8"))
    named = set(admin["components"]["schemas"]["Settings"]["properties"]["delays"]["properties"])

    operations = {
        item[method]["operationId"]
        for file in FILES.values()
        for item in yaml.safe_load((CONTRACTS / file).read_text(encoding="utf-8"))["paths"].values()
        for method in item.keys() & {"get", "post"}
    }
    assert operations | {"downloadDataFile"} == named


@given(st.lists(lengths, min_size=2, max_size=2))
def test_a_length_is_within_its_bounds(bounds: list[float]) -> None:
    lower, upper = sorted(bounds)

    assert lower <= delay.milliseconds({"type": "uniform", "lower": lower, "upper": upper}) <= upper
    assert delay.milliseconds({"type": "fixed", "milliseconds": upper}) == upper
    assert delay.milliseconds({"type": "lognormal", "median": upper, "sigma": 0}) == upper


def test_half_of_the_lengths_are_beyond_the_median() -> None:
    drawn = [delay.milliseconds({"type": "lognormal", "median": 90, "sigma": 0.4}) for _ in range(4000)]

    # Twelve standard deviations to either side of 2000.
    assert 1600 < sum(length > 90 for length in drawn) < 2400
    assert max(drawn) > 180


def test_no_length_is_beyond_a_minute() -> None:
    wide = {"type": "lognormal", "median": 60_000, "sigma": 10}

    assert max(delay.milliseconds(wide) for _ in range(100)) == 60_000
