"""An accepted request becomes a job; everything else is refused with every reason (L3 to L18)."""

from __future__ import annotations

import copy
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.mock_server.liverig.conftest import DEPTH, LOG, TIME, WELL, WELLBORE, asking

if TYPE_CHECKING:
    from tests.mock_server.conftest import Mock


def test_a_job_has_a_child_for_each_log_with_its_range(mock: Mock) -> None:
    body = asking("date time", "measured depth", **TIME, **DEPTH)

    job = mock.admin(f"jobs/{mock.backlog(body).json()['success']}").json()

    assert (job["source"], job["rigName"]) == ("Example WITSML server", "RIG02")
    assert (job["qualifier"], job["instance"]) == ("qualifier", "instance")
    time, depth = job["children"]
    assert depth["number"] == time["number"] + 1
    for child in (time, depth):
        assert child["parentUID"] == job["uuid"]
        assert (child["well"], child["wellbore"], child["log"]) == (WELL, WELLBORE, LOG)
    assert (time["backlogSpecificType"], time["start"], time["end"]) == (
        "TIME",
        "1704250800000",
        "1704337200000",
    )
    assert (depth["backlogSpecificType"], depth["start"], depth["end"]) == ("DEPTH", "100", "200")


def test_a_range_in_digits_is_the_same_range(mock: Mock) -> None:
    body = asking("date time", start="01704250800000", end=1704337200000)

    job = mock.admin(f"jobs/{mock.backlog(body).json()['success']}").json()

    assert job["children"][0]["start"] == "1704250800000"


def test_each_accepted_request_gets_a_uuid_of_its_own_also_at_once(mock: Mock) -> None:
    body = asking("date time", **TIME)

    with ThreadPoolExecutor(8) as pool:
        jobs = [response.json()["success"] for response in pool.map(mock.backlog, [body] * 40)]

    assert len(set(jobs)) == len(jobs)
    assert all(uuid.UUID(job).version == 4 for job in jobs)
    newest = {job["uuid"] for job in mock.admin("jobs", params={"limit": 1000}).json()["jobs"]}
    assert set(jobs) <= newest


def test_a_refused_request_leaves_no_job(mock: Mock) -> None:
    before = mock.admin("jobs").json()["meta"]["total"]

    assert mock.backlog(asking("date time")).status_code == 400
    assert mock.admin("jobs").json()["meta"]["total"] == before


@pytest.mark.parametrize(
    "body, reasons",
    [
        pytest.param(asking("date time"), ["start: is missing", "end: is missing"], id="no range of time"),
        pytest.param(asking("date time", start=1), ["end: is missing"], id="half a range of time"),
        pytest.param(asking("measured depth"), ["depth: is missing"], id="no range of depth"),
        pytest.param(asking("date time", **DEPTH), ["start: is missing"], id="the other kind of range"),
        pytest.param(
            asking("date time", "measured depth", **TIME), ["depth: is missing"], id="one range for two kinds"
        ),
        pytest.param(
            asking("date time", start=2, end=1), ["end: 1 lies before the start, 2"], id="time inverted"
        ),
        pytest.param(
            asking("date time", start="10", end="9"), ["end: 9 lies before the start, 10"], id="text inverted"
        ),
        pytest.param(
            asking("measured depth", depth={"start": "9.5", "end": "-10", "uom": "m"}),
            ["depth.end: -10 lies above the start, 9.5"],
            id="depth inverted",
        ),
        pytest.param(
            asking("date time", **TIME, source="x"), ["source: there is no source 'x'"], id="source"
        ),
        pytest.param(
            asking("date time", **TIME, source="Example OPC server"),
            ["OPC DA", "WITSML"],
            id="other protocol",
        ),
        pytest.param(asking("date time", **TIME, rigName="RIG99"), ["rigName: ", "RIG99"], id="rig"),
        pytest.param(
            asking(
                "date time", **TIME, wells={"x": {"y": {"logs": [{"uid": "z", "indexType": "date time"}]}}}
            ),
            ["wells.x: ", "RIG02"],
            id="well",
        ),
        pytest.param(
            asking(
                "date time", **TIME, wells={WELL: {"y": {"logs": [{"uid": "z", "indexType": "date time"}]}}}
            ),
            [f"wells.{WELL}.y: "],
            id="wellbore",
        ),
        pytest.param(
            asking(
                "date time",
                **TIME,
                wells={WELL: {WELLBORE: {"logs": [{"uid": "z", "indexType": "date time"}]}}},
            ),
            ["logs[0]", "'z'"],
            id="log",
        ),
        pytest.param(asking("bogus", **TIME), ["indexType"], id="no index type"),
        pytest.param(
            asking("date time", source="Example OPC server", start=2, end=1),
            ["source: ", "end: 1 lies before"],
            id="two reasons at once",
        ),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_with_its_reasons(
    mock: Mock, body: dict[str, Any], reasons: list[str]
) -> None:
    response = mock.backlog(body)

    assert response.status_code == 400
    for reason in reasons:
        assert reason in response.json()["failure"]


@pytest.mark.parametrize("name", ["qualifier", "instance"])
def test_an_unknown_collector_is_refused(mock: Mock, name: str) -> None:
    collector = {"qualifier": "qualifier", "instance": "instance", name: "unknown"}

    response = mock.backlog(asking("date time", **TIME), params=collector)

    assert response.status_code == 400
    assert f"{name}: " in response.json()["failure"]


def test_the_query_wins_over_the_body(mock: Mock) -> None:
    job = mock.backlog(asking("date time", **TIME, qualifier="other", instance="other")).json()["success"]

    assert mock.admin(f"jobs/{job}").json()["qualifier"] == "qualifier"


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kinds=st.lists(st.sampled_from(["date time", "measured depth"]), min_size=1, max_size=4),
    times=st.tuples(st.integers(0, 10**14), st.integers(0, 10**14)),
    depths=st.tuples(st.decimals(-9999, 9999, places=3), st.decimals(-9999, 9999, places=3)),
    as_text=st.booleans(),
)
def test_a_request_is_accepted_exactly_if_its_ranges_are_in_order(
    mock: Mock, kinds: list[str], times: tuple[int, int], depths: tuple[Any, Any], as_text: bool
) -> None:
    start, end = times
    body = asking(
        *kinds,
        start=str(start) if as_text else start,
        end=end,
        depth={"start": str(depths[0]), "end": str(depths[1]), "uom": "m"},
    )

    assert mock.backlog(body).ok == (start <= end and depths[0] <= depths[1])


class TestOldRevision:
    def test_nothing_is_required(self, other_mock: Mock) -> None:
        response = other_mock.backlog({}, params={})

        assert response.status_code == 200
        job = other_mock.admin(f"jobs/{response.json()['success']}").json()
        assert job["children"] == []

    def test_a_rig_is_an_integer(self, other_mock: Mock) -> None:
        body = {**asking("date time", start="1", end="2"), "rigName": 2}

        assert other_mock.backlog(body).status_code == 200
        assert other_mock.backlog({**body, "rigName": "RIG02"}).status_code == 400
        assert other_mock.backlog({**body, "rigName": 99}).status_code == 400

    def test_a_log_without_a_range_is_taken_whole(self, other_mock: Mock) -> None:
        body = {**asking("date time"), "rigName": 2}

        job = other_mock.admin(f"jobs/{other_mock.backlog(body).json()['success']}").json()

        # 2023-01-01 to 2099-01-01, where the world says that the log has data.
        assert (job["children"][0]["start"], job["children"][0]["end"]) == ("1672531200000", "4070908800000")

    @pytest.mark.parametrize("depth", [5, "x", {"start": "x", "end": []}, None])
    def test_a_range_of_depth_is_no_business_of_its(self, other_mock: Mock, depth: Any) -> None:
        assert other_mock.backlog({**asking("date time"), "rigName": 2, "depth": depth}).status_code == 200

    def test_a_range_is_text(self, other_mock: Mock) -> None:
        body = {**asking("date time", start=1, end=2), "rigName": 2}

        assert other_mock.backlog(copy.deepcopy(body)).status_code == 400
