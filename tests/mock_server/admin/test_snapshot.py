"""Snapshots: one document holds a session, and any session of any mock can be made of it."""

from __future__ import annotations

import copy
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mock_server.settings import DEMO_TOKEN, Settings
from mock_server.state import snapshot as snapshots
from tests.mock_server.conftest import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.mock_server.conftest import Mock

WINDOW = {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:00:05Z"}
HISTORY = {"signals": [1], "timeWindow": WINDOW, "format": "csv"}
# What a client may do in a session.
actions = st.lists(
    st.one_of(
        st.sampled_from(["mixedLogs", "dateTimeLog", "nothing"]).map(lambda name: ("backlog", name)),
        st.sampled_from(["csv", "json", "parquet", "none"]).map(lambda kind: ("history", kind)),
        st.integers(0, 10**9).map(lambda seconds: ("advance", seconds)),
        st.sampled_from(["time", "manual", "immediate"]).map(lambda mode: ("mode", mode)),
        st.just(("reset", "")),
    ),
    max_size=8,
)


def within(session: str) -> dict[str, str]:
    return {"X-Histdata-Session": session}


def act(mock: Mock, session: str, action: str, value: Any) -> None:
    headers = within(session)
    if action == "backlog":
        mock.backlog(mock.liverig.examples().get(value, {}), headers=headers)
    elif action == "history":
        mock.history({**HISTORY, "format": value}, headers=headers)
    elif action == "advance":
        mock.admin("clock/advance", "POST", json={"seconds": value}, headers=headers)
    elif action == "mode":
        mock.admin("clock", "PUT", json={"mode": value}, headers=headers)
    else:
        mock.admin("reset", "POST", headers=headers)


def snapshot(mock: Mock, session: str) -> dict[str, Any]:
    response = mock.admin("snapshot", headers=within(session))
    assert response.status_code == 200
    taken: dict[str, Any] = response.json()
    return taken


def restore(mock: Mock, session: str, document: Any) -> requests.Response:
    return mock.admin("snapshot", "PUT", json=document, headers=within(session))


@given(actions)
@settings(max_examples=25)
def test_a_session_is_what_its_snapshot_says_in_any_mock(
    mock: Mock, other_mock: Mock, taken_actions: list[tuple[str, Any]]
) -> None:
    session, other = uuid.uuid4().hex, uuid.uuid4().hex
    for action in taken_actions:
        act(mock, session, *action)
    mock.admin("clock", "PUT", json={"mode": "manual"}, headers=within(session))
    taken = snapshot(mock, session)

    for target, name in ((mock, session), (mock, other), (other_mock, session)):
        act(target, name, "backlog", "dateTimeLog")
        assert restore(target, name, taken).json() == {"status": "restored"}
        again = snapshot(target, name)
        assert {**again, "session": session, "taken": taken["taken"]} == taken
        act(target, name, "history", "csv")
        ids = [each["record"]["id"] for each in snapshot(target, name)["requests"]]
        assert len(set(ids)) == len(ids) == len(taken["requests"]) + 1


@pytest.fixture(scope="module")
def raised_mock() -> Iterator[Mock]:
    """A mock whose ids are far from 1 in the end."""
    yield from running(Settings())


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 2**53 - 1)), max_size=4))
@settings(max_examples=20)
@example([(True, 2**52 - 1)] * 3)
@example([(False, 2**52 - 1), (True, 2**53 - 1)])
def test_what_the_mock_gives_it_takes_back_whatever_was_restored(
    raised_mock: Mock, brought: list[tuple[bool, int]]
) -> None:
    session, other = uuid.uuid4().hex, uuid.uuid4().hex
    for is_request, number in [*brought, (True, 1)]:
        act(raised_mock, session, "reset", "")
        for name in (session, other):
            act(raised_mock, name, "backlog", "dateTimeLog")
            act(raised_mock, name, "history", "csv")
        document = snapshot(raised_mock, session)
        for each in (document, snapshot(raised_mock, other)):
            assert restore(raised_mock, session, each).status_code == 200
        if is_request:
            document["requests"][0]["record"]["id"] = number
        else:
            document["jobs"][0]["record"]["children"][0]["number"] = number
        response = restore(raised_mock, session, document)
        assert response.status_code == 200 or number >= 2**52
        if number >= 2**52 + 2**51:
            assert f"is {number}" in response.json()["detail"]


def test_jobs_and_files_are_there_again(mock: Mock, start: Callable[[Settings], Mock]) -> None:
    session = uuid.uuid4().hex
    job = mock.backlog(mock.liverig.examples()["mixedLogs"], headers=within(session)).json()["success"]
    mock.history(HISTORY, headers=within(session))
    answer = mock.history(HISTORY, headers=within(session)).json()
    content = requests.get(answer["outputFile"], timeout=30).content
    own = start(Settings(nortech_revision="current"))
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}~b"}
    before = own.history(HISTORY, headers=headers).json()["requestId"]
    restore(own, "b", snapshot(mock, session))

    assert own.admin(f"jobs/{job}", headers=within("b")).json() == (
        mock.admin(f"jobs/{job}", headers=within(session)).json()
    )
    # A link is one of the mock that gave it; the request itself is there.
    request = f"{own.url}/api/v1/historical-data/{answer['requestId']}"
    again = requests.get(request, headers=headers, timeout=30).json()
    assert requests.get(again["outputFile"], timeout=30).content == content
    after = own.history(HISTORY, headers=within("b")).json()["requestId"]
    assert after > max(before, answer["requestId"])


def test_a_clock_goes_on_from_what_the_snapshot_shows(mock: Mock) -> None:
    session = uuid.uuid4().hex
    setting = {"mode": "time", "speed": 2, "now": "2001-01-01T00:00:00Z"}
    mock.admin("clock", "PUT", json=setting, headers=within(session))
    taken = snapshot(mock, session)
    mock.admin("reset", "POST", headers=within(session))
    restore(mock, session, taken)

    clock = mock.admin("clock", headers=within(session)).json()
    assert clock["speed"] == 2
    assert taken["clock"]["now"] <= clock["now"] < "2001-01-02"


def broken(document: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    """Documents with one fault each, and where it is."""
    faults: dict[str, tuple[str, Any]] = {
        "another format": ("format", {**document, "format": 2}),
        "a foreign document": ("jobs: is missing", {"format": 1, "records": []}),
        "no object": ("body: ", [document]),
        "a member too many": ("more", {**document, "more": 1}),
        "no such settings": ("settings", {**document, "settings": {"liverig": {"noSuch": 1}}}),
        "bounds the wrong way round": (
            "settings.delays.downloadDataFile.lower",
            {
                **document,
                "settings": {"delays": {"downloadDataFile": {"type": "uniform", "lower": 2, "upper": 1}}},
            },
        ),
        "no such instant": (
            "clock.now",
            {**document, "clock": {**document["clock"], "now": "0000-01-01T00:00:00Z"}},
        ),
        "a speed by hand": (
            "clock",
            {**document, "clock": {**document["clock"], "mode": "manual", "speed": 2}},
        ),
        "a job twice": ("jobs[1]: is there twice", {**document, "jobs": document["jobs"] * 2}),
        "a request twice": (
            "requests[1].record.id: is there twice",
            {**document, "requests": document["requests"] * 2},
        ),
        "an entry twice": ("journal[2]: is there twice", {**document, "journal": document["journal"] * 2}),
    }
    for name, (place, member, value) in {
        "a job without children": ("jobs[0].record", "children", None),
        "an id out of bounds": ("requests[0].record", "id", 2**60),
        "columns that are none": ("requests[0].record", "columns", [[1, "1"]]),
        "an entry without an id": ("journal[0].entry", "id", "x"),
        "an address that is none": ("journal[0].entry", "server", [4010, "127.0.0.1"]),
        "bytes that are none": ("journal[0].entry", "base64", "é"),
        "a header that is none": ("journal[0].entry", "headers", [["a", "\u0100"]]),
        "a file without columns": ("requests[0].record", "columns", []),
        "a file without a format": ("requests[0].record", "format", ""),
        "a success with an error": ("requests[0].record", "error", "Request timed out"),
        "a failure without an error": ("requests[0].record", "status", "Failed"),
        "a window that runs backwards": ("requests[0].record", "end_us", 0),
    }.items():
        changed = copy.deepcopy(document)
        where: Any = changed[place.split("[")[0]][0]
        where[place.split(".")[1]][member] = value
        faults[name] = (f"{place}.{'error' if member == 'status' else member}", changed)
    for name, (child, members, place) in {
        "a column twice": (None, {"columns": [["a", 1], ["a", 2]]}, "requests[0].record.columns[1][0]: "),
        "a column of times": (None, {"columns": [["timestamp", 1]]}, "requests[0].record.columns[0][0]: "),
        "a failure that keeps half of what was asked for": (
            None,
            {"status": "Failed", "error": "Request timed out", "format": ""},
            "requests[0].record.format: ",
        ),
        "a range that runs backwards": (0, {"start": "9", "end": "8"}, "jobs[0].record.children[0].end: "),
        "a range without data that does not fail": (
            1,
            {"start": "9", "end": "9", "data_start": "10"},
            "jobs[0].record.children[1].end: ",
        ),
        "a number twice": (
            1,
            {"number": document["jobs"][0]["record"]["children"][0]["number"]},
            "jobs[0].record.children[1].number: is there twice",
        ),
    }.items():
        changed = copy.deepcopy(document)
        record = (
            changed["requests"][0]["record"]
            if child is None
            else changed["jobs"][0]["record"]["children"][child]
        )
        record.update(members)
        faults[name] = (place, changed)
    return faults


def test_a_broken_document_is_refused_with_what_is_wrong_and_changes_nothing(mock: Mock) -> None:
    session = uuid.uuid4().hex
    act(mock, session, "backlog", "mixedLogs")
    act(mock, session, "history", "csv")
    mock.admin("clock", "PUT", json={"mode": "manual"}, headers=within(session))
    taken = snapshot(mock, session)

    for name, (where, document) in broken(taken).items():
        response = restore(mock, session, document)
        assert response.status_code == 400, name
        assert where in response.json()["detail"], name
        again = snapshot(mock, session)
        assert {**again, "taken": taken["taken"]} == taken, name


def test_a_snapshot_has_as_many_entries_as_a_journal_keeps(
    mock: Mock, start: Callable[[Settings], Mock]
) -> None:
    session = uuid.uuid4().hex
    small = start(Settings(journal_size=5))
    for _ in range(6):
        act(small, session, "backlog", "dateTimeLog")
    taken = snapshot(small, session)
    (entry,) = taken["journal"][:1]
    many = [{**entry, "entry": {**entry["entry"], "id": str(uuid.uuid4())}} for _ in range(1001)]

    assert len(taken["journal"]) == 5
    assert restore(mock, session, {**taken, "journal": many[:1000]}).status_code == 200
    refused = restore(mock, session, {**taken, "journal": many})
    assert refused.status_code == 400
    assert "journal: " in refused.json()["detail"]
    assert "has more than 1000 items" in refused.json()["detail"]


def test_a_link_to_a_signal_of_another_world_says_so(other_mock: Mock) -> None:
    session = uuid.uuid4().hex
    act(other_mock, session, "history", "csv")
    taken = snapshot(other_mock, session)
    record = taken["requests"][0]["record"]
    record["columns"].append(["other", 987_654])
    restore(other_mock, session, taken)
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}~{session}"}
    request = f"{other_mock.url}/api/v1/historical-data/{record['id']}"
    link = requests.get(request, headers=headers, timeout=30).json()["outputFile"]

    answer = requests.get(link, timeout=30)

    assert answer.status_code == 404
    assert "The world of this mock lacks" in answer.json()["detail"]
    assert "987654" in answer.json()["detail"]


@pytest.mark.parametrize("size, status", [(2, 400), (65, 413)])
def test_a_snapshot_may_be_larger_than_other_bodies(mock: Mock, size: int, status: int) -> None:
    response = mock.admin("snapshot", "PUT", json={"padding": " " * (size * 1024 * 1024)})

    assert response.status_code == status


@pytest.mark.parametrize("step", ["take", "clear"])
def test_others_go_on_while_a_snapshot_is_taken_or_restored(
    mock: Mock, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be large."""
    session = uuid.uuid4().hex
    taken = snapshot(mock, session)
    begun, go_on = threading.Event(), threading.Event()
    really = getattr(snapshots, step)

    def slowly(*arguments: Any) -> Any:
        begun.set()
        assert go_on.wait(10)
        return really(*arguments)

    with ThreadPoolExecutor() as clients:
        monkeypatch.setattr(snapshots, step, slowly)
        work = partial(mock.admin, "snapshot", headers=within(session))
        slow = clients.submit(work) if step == "take" else clients.submit(work, "PUT", json=taken)
        try:
            assert begun.wait(30)
            assert mock.admin("health").ok
            assert mock.admin("jobs").ok
        finally:
            go_on.set()
        assert slow.result().ok
