"""The vendor's screen: a job moves from its start to its end on the session's clock (L18)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from mock_server.settings import Settings
from tests.mock_server.liverig.conftest import DEPTH, TIME, WELL, WELLBORE, Session, asking

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.mock_server.conftest import Mock

NOON = "2026-03-01T12:00:00.000Z"
# Nine hours in windows of a quarter of an hour, each in five minutes: a job of three hours.
MORNING = {"start": TIME["start"], "end": TIME["start"] + 9 * 3_600_000}
# Where the documented log begins.
FIRST_MS = 1_672_531_200_000
BOTH = asking("date time", "measured depth", **MORNING, depth={"start": "100", "end": "350.5", "uom": "m"})


def test_a_job_of_three_hours_from_start_to_end(session: Session) -> None:
    session.clock(mode="manual", now=NOON)
    job = session.accepted(BOTH)

    seen = []
    for _ in range(37):
        shown = session.job(job)
        seen.append((shown["status"], shown["percentage"], *(c["percentage"] for c in shown["children"])))
        session.advance(300)

    assert seen[0] == ("In progress", 0, 0, 0)
    assert seen[1] == ("In progress", 5.12, 2.77, 33.33)
    assert seen[3] == ("In progress", 15.38, 8.33, 100)
    assert seen[35] == ("In progress", 97.43, 97.22, 100)
    assert seen[36] == ("Success", 100, 100, 100)


def test_what_is_there_grows_window_by_window(session: Session) -> None:
    job = session.accepted(BOTH)

    retrieved = []
    for _ in range(4):
        retrieved.append([child.get("dataRetrieved") for child in session.job(job)["children"]])
        session.advance(300)

    begin = MORNING["start"]
    assert retrieved[0] == [None, None]
    assert retrieved[1] == [
        {"start": f"{begin}", "end": f"{begin + 900_000}"},
        {"start": "100", "end": "200"},
    ]
    assert retrieved[3] == [
        {"start": f"{begin}", "end": f"{begin + 2_700_000}"},
        {"start": "100", "end": "350.5"},
    ]


def test_events_are_in_order_with_their_instants_and_children(session: Session) -> None:
    session.clock(mode="manual", now=NOON)
    job = session.accepted(asking("date time", "measured depth", **MORNING, **DEPTH))
    first, second = (child["number"] for child in session.job(job)["children"])
    session.advance(600)

    events = [(event["instant"][11:19], event["type"], event.get("number")) for event in session.events(job)]

    assert events == [
        ("12:00:00", "START", None),
        ("12:00:00", "START", first),
        ("12:00:00", "START", second),
        ("12:05:00", "WINDOW", first),
        ("12:05:00", "WINDOW", second),
        ("12:05:00", "SUCCESS", second),
        ("12:10:00", "WINDOW", first),
    ]
    session.clock(mode="immediate")
    assert session.events(job, offset=1, limit=2)[1]["number"] == second
    total = session.admin(f"jobs/{job}/events", params={"limit": 1})["meta"]["total"]
    last = session.events(job, offset=total - 1)
    assert [(event["type"], "number" in event) for event in last] == [("SUCCESS", False)]
    assert session.events(job, offset=total) == []


def test_a_row_has_what_the_screen_shows(session: Session) -> None:
    session.clock(mode="manual", now=NOON)
    basic = base64.b64encode(b"driller:secret").decode()
    job = session.accepted(BOTH, headers={"Authorization": f"Basic {basic}"})

    (row,) = session.jobs()

    assert row == {
        "uuid": job,
        "qualifier": "qualifier",
        "instance": "instance",
        "source": "Example WITSML server",
        "rigName": "RIG02",
        "created": NOON,
        "user": "driller",
        "logs": 2,
        "types": ["TIME", "DEPTH"],
        "ranges": [
            {"type": "TIME", "start": f"{MORNING['start']}", "end": f"{MORNING['end']}"},
            {"type": "DEPTH", "start": "100", "end": "350.5"},
        ],
        "status": "In progress",
        "percentage": 0,
    }
    assert row.items() <= session.job(job).items()


@pytest.mark.parametrize("user", [b"driller~elsewhere:secret", b"driller:~x", b"driller"])
def test_a_user_is_the_name_without_password_and_session(session: Session, user: bytes) -> None:
    session.accepted(BOTH, headers={"Authorization": f"Basic {base64.b64encode(user).decode()}"})

    assert session.jobs()[0]["user"] == "driller"
    assert "secret" not in str(session.jobs())


@pytest.mark.parametrize("authorization", ["Basic ???", "Bearer driller", "Basic", ""])
def test_without_a_name_there_is_no_user(session: Session, authorization: str) -> None:
    session.accepted(BOTH, headers={"Authorization": authorization})

    assert "user" not in session.jobs()[0]


def test_a_range_is_fetched_as_far_as_there_is_data(session: Session) -> None:
    # The log begins with 2023 and has 5000 m; both ranges begin before and end after that.
    body = asking(
        "date time",
        "measured depth",
        start=0,
        end=FIRST_MS + 3_600_000,
        depth={"start": "-500", "end": "99999", "uom": "m"},
    )

    job = session.accepted(body)

    session.clock(mode="immediate")
    time, depth = session.job(job)["children"]
    assert (time["start"], time["end"]) == ("0", f"{FIRST_MS + 3_600_000}")
    assert time["dataRetrieved"] == {"start": f"{FIRST_MS}", "end": f"{FIRST_MS + 3_600_000}"}
    assert depth["dataRetrieved"] == {"start": "0", "end": "5000"}


def test_years_are_fetched_at_once_where_nothing_takes_time(session: Session) -> None:
    session.set(windowMs=1)
    job = session.accepted(asking("date time", start=0, end=253402300799999))
    session.clock(mode="immediate")

    answer = session.mock.admin(f"jobs/{job}/events?offset=99999999999&limit=1000", headers=session.headers)

    # Decades of milliseconds.
    assert answer.json()["meta"]["total"] == 4070908800000 - FIRST_MS + 4
    assert len(answer.json()["events"]) == 1000
    assert answer.elapsed.total_seconds() < 2


def test_settings_count_as_they_were_at_acceptance(session: Session) -> None:
    session.set(windowMs=MORNING["end"] - MORNING["start"], windowMetres=250.5, periodSeconds=10)
    job = session.accepted(BOTH)
    session.set(windowMs=1, windowMetres=1, periodSeconds=1)

    session.advance(9.9)
    assert session.job(job)["percentage"] == 0
    session.advance(0.1)
    assert session.job(job)["status"] == "Success"
    assert session.job(job)["windowMetres"] == 250.5


def test_a_clock_that_is_set_back_takes_the_job_back(session: Session) -> None:
    session.clock(mode="manual", now=NOON)
    job = session.accepted(BOTH)
    begun = session.job(job)
    session.advance(3 * 3600)
    assert session.job(job)["status"] == "Success"

    for now in (NOON, "2026-03-01T00:00:00Z"):
        session.clock(mode="manual", now=now)
        assert session.job(job) == begun


def test_a_clock_at_speed_moves_by_itself(session: Session) -> None:
    session.clock(mode="time", speed=1_000_000)
    job = session.accepted(BOTH)

    # Three hours are 11 ms.
    for _ in range(1000):
        if session.job(job)["status"] == "Success":
            break
    else:
        pytest.fail("the job does not end")


def test_where_nothing_takes_time_a_job_is_over_when_it_is_accepted(session: Session) -> None:
    session.clock(mode="immediate")

    job = session.accepted(BOTH)

    shown = session.job(job)
    assert (shown["status"], shown["percentage"]) == ("Success", 100)
    assert {event["instant"] for event in session.events(job, limit=1000)} == {shown["created"]}


def test_another_replica_and_a_later_one_say_the_same(
    tmp_path: Path, start: Callable[[Settings], Mock]
) -> None:
    state = Settings(state=tmp_path / "state.sqlite")
    one = Session(start(state), "shared")
    one.clock(mode="manual", now=NOON)
    job = one.accepted(BOTH)
    one.advance(1234)
    told = (one.job(job), one.events(job), one.jobs())

    other = Session(start(state), "shared")

    assert (other.job(job), other.events(job), other.jobs()) == told


def test_a_job_of_another_session_is_not_found(session: Session, new_session: Callable[[], Session]) -> None:
    job = session.accepted(BOTH)
    other = new_session()

    for path in (f"jobs/{job}", f"jobs/{job}/events"):
        assert session.mock.admin(path, headers=other.headers).status_code == 404


@pytest.mark.parametrize("page", [{"offset": -1}, {"limit": -1}, {"limit": 1001}, {"offset": 2**60}])
def test_a_page_beyond_the_bounds_is_refused(session: Session, page: dict[str, int]) -> None:
    job = session.accepted(BOTH)

    answer = session.mock.admin(f"jobs/{job}/events", headers=session.headers, params=page)

    assert answer.status_code == 400
    assert next(iter(page)) in answer.json()["detail"]


class TestOldRevision:
    """It lets a request leave out what a job needs (L17)."""

    def test_a_job_without_logs_is_over_at_once(self, old_session: Session) -> None:
        job = old_session.accepted({})

        assert old_session.job(job)["status"] == "Success"
        assert [event["type"] for event in old_session.events(job)] == ["START", "SUCCESS"]

    @pytest.mark.parametrize("missing", ["source", "rigName"])
    def test_a_job_without_a_source_or_a_rig_fails_and_says_so(
        self, old_session: Session, missing: str
    ) -> None:
        body: dict[str, Any] = {**asking("date time", start="1", end="2"), "rigName": 2}
        del body[missing]
        job = old_session.accepted(body)

        old_session.advance(300)

        assert old_session.job(job)["status"] == "failure"
        word = {"source": "source", "rigName": "rig"}[missing]
        assert old_session.job(job)["failure"] == f"the request names no {word}"

    def test_logs_without_a_range_of_their_own_show_the_whole(self, old_session: Session) -> None:
        body: dict[str, Any] = {**asking("date time"), "rigName": 2}
        wells = {
            **body["wells"],
            "Energistics-well-0002": {
                "Energistics-w2-wellbore-0001": {
                    "logs": [{"uid": "Energistics-w2-wb1-log-0001", "indexType": "date time"}]
                }
            },
        }
        old_session.accepted({**body, "wells": wells})

        # One begins with 2023, the other with 2024.
        assert old_session.jobs()[0]["ranges"] == [
            {"type": "TIME", "start": "1672531200000", "end": "4070908800000"}
        ]

    def test_unknown_logs_without_a_range_have_none_to_show(self, old_session: Session) -> None:
        old_session.set(unknownLog="failed")
        logs = [{"uid": "nothing", "indexType": "date time"}]
        body = {**asking(), "rigName": 2, "wells": {WELL: {WELLBORE: {"logs": logs}}}}

        job = old_session.accepted(body)

        old_session.advance(300)
        assert old_session.job(job)["ranges"] == [{"type": "TIME", "start": "", "end": ""}]
        assert old_session.job(job)["status"] == "failure"
