"""What no document says is a switch (L13 to L15): a request is refused, or accepted and fails, as it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.mock_server.conftest import COLLECTOR, LIVERIG
from tests.mock_server.liverig.conftest import LOG, TIME, WELL, WELLBORE, asking

if TYPE_CHECKING:
    from collections.abc import Callable

from tests.mock_server.liverig.conftest import Session

# What is wrong with a request: the switch that decides on it, and what the collector says then.
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknownSource": (
        {"source": "Example WITSML sever"},
        "'Example WITSML sever'; did you mean 'Example WITSML server'",
    ),
    "otherProtocol": ({"source": "Example OPC server"}, "OPC DA; only WITSML is supported"),
    "unknownRig": ({"rigName": "RIG20"}, "has no rig 'RIG20'; did you mean 'RIG0"),
    "unknownWell": ({"well": "Energistics-well-01"}, "has no well 'Energistics-well-01'; did you mean"),
    "unknownWellbore": ({"wellbore": "nothing like it"}, "known: 'Energistics-w1-wellbore-0001'"),
    "unknownLog": ({"log": LOG[:-1]}, f"has no date time log '{LOG[:-1]}'; did you mean"),
    "rangeWithoutData": ({"start": 0, "end": 1000}, "has data from 1672531200000 to 4070908800000 ms"),
}
# What fails all logs: what the collector cannot reach at all, and the range, which they share.
WHOLE = {"unknownCollector", "unknownSource", "otherProtocol", "unknownRig", "rangeWithoutData"}
SWITCHES = ["unknownCollector", *WRONG]


def body(wrong: list[str], **members: Any) -> dict[str, Any]:
    """A request for two logs; what is wrong is wrong with the first."""
    parts: dict[str, Any] = {"well": WELL, "wellbore": WELLBORE, "log": LOG, **TIME}
    for name in wrong:
        parts |= WRONG[name][0]
    first = {"uid": parts.pop("log"), "indexType": "date time"}
    second = {"uid": "Energistics-w2-wb1-log-0001", "indexType": "date time"}
    wells = {parts.pop("well"): {parts.pop("wellbore"): {"logs": [first]}}}
    wells["Energistics-well-0002"] = {"Energistics-w2-wellbore-0001": {"logs": [second]}}
    return {**asking(**parts), "wells": wells, **members}


def ask(session: Session, wrong: list[str]) -> requests.Response:
    query = {**COLLECTOR, "qualifier": "qualifer"} if "unknownCollector" in wrong else COLLECTOR
    return session.backlog(body([name for name in wrong if name in WRONG]), params=query)


def reason(switch: str) -> str:
    return WRONG[switch][1] if switch in WRONG else "did you mean 'qualifier'?"


@pytest.mark.parametrize("failures", ["status", "envelope"])
@pytest.mark.parametrize("switch", SWITCHES)
def test_what_is_refused_says_what_is_wrong_and_what_there_is(
    session: Session, switch: str, failures: str
) -> None:
    session.set(**{switch: "refused"}, failures=failures)

    answer = ask(session, [switch])

    assert answer.status_code == (200 if failures == "envelope" else 400)
    assert reason(switch) in answer.json()["failure"]
    assert "X-Histdata-Violations" in answer.headers
    assert session.admin("jobs")["meta"]["total"] == 0


@pytest.mark.parametrize("switch", SWITCHES)
def test_what_is_accepted_all_the_same_fails_at_its_first_window_and_says_why(
    session: Session, switch: str
) -> None:
    session.set(**{switch: "failed"})

    job = ask(session, [switch]).json()["success"]

    assert session.job(job)["status"] == "In progress"
    session.advance(300)
    shown = session.job(job)
    first, second = shown["children"]
    assert (first["status"], first["percentage"]) == ("failure", 0)
    assert reason(switch) in first["failure"]
    assert "dataRetrieved" not in first
    assert second["status"] == ("failure" if switch in WHOLE else "In progress")
    failed = [event for event in session.events(job) if event["type"] == "FAILURE"]
    assert reason(switch) in failed[0]["message"]
    assert failed[0]["number"] == first["number"]
    session.clock(mode="immediate")
    assert session.job(job)["status"] == "failure"
    assert session.job(job)["percentage"] == (0 if switch in WHOLE else 98.96)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    switches=st.fixed_dictionaries({name: st.sampled_from(["refused", "failed"]) for name in SWITCHES}),
    # A request has one source, which is either unknown or of another protocol.
    wrong=st.lists(st.sampled_from(SWITCHES), max_size=4, unique=True).filter(
        lambda names: not {"unknownSource", "otherProtocol"} <= set(names)
    ),
)
def test_a_request_is_refused_or_its_job_fails_exactly_if_something_is_wrong(
    new_session: Callable[[], Session], switches: dict[str, str], wrong: list[str]
) -> None:
    session = new_session()
    session.set(**switches)

    answer = ask(session, wrong)

    refused = [name for name in wrong if switches[name] == "refused"]
    if answer.status_code == 400:
        assert refused
        assert any(reason(name) in answer.json()["failure"] for name in refused)
        assert session.admin("jobs")["meta"]["total"] == 0
    else:
        # What is behind something unknown nobody looks for: no log in a well that is not there.
        assert not refused or len(wrong) > 1
        session.clock(mode="immediate")
        (shown,) = session.admin("jobs")["jobs"]
        assert shown["status"] == ("failure" if wrong else "Success")
        ends = [event for event in session.events(shown["uuid"], limit=1000) if event["type"] == "FAILURE"]
        assert bool(ends) == bool(wrong)


def test_by_default_the_unknown_is_refused_and_missing_data_fails(session: Session) -> None:
    for switch in SWITCHES:
        accepted = ask(session, [switch]).status_code == 200
        assert accepted == (switch == "rangeWithoutData")


@pytest.mark.parametrize("name", ["qualifier", "instance"])
class TestCollectorTwice:
    """The collector is named in the query, and perhaps again in the body (L3, L15)."""

    def request(self, name: str, query: str, body: str | None) -> tuple[dict[str, Any], dict[str, str]]:
        members = COLLECTOR if body is None else {**COLLECTOR, name: body}
        given = {key: value for key, value in members.items() if body is not None or key != name}
        return asking("date time", **TIME, **given), {**COLLECTOR, name: query}

    def test_the_query_wins(self, session: Session, name: str) -> None:
        asked, query = self.request(name, name, "other")

        job = session.accepted(asked, params=query)

        assert session.job(job)[name] == name
        asked, query = self.request(name, "other", name)
        assert f"{name}: " in session.backlog(asked, params=query).json()["failure"]

    def test_the_body_wins(self, session: Session, name: str) -> None:
        session.set(collectorMismatch="body")
        asked, query = self.request(name, "other", name)

        job = session.accepted(asked, params=query)

        assert session.job(job)[name] == name
        asked, query = self.request(name, name, "other")
        violations = session.backlog(asked, params=query).headers["X-Histdata-Violations"]
        assert f'"location":"body","pointer":"/{name}"' in violations

    def test_a_mismatch_is_refused(self, session: Session, name: str) -> None:
        session.set(collectorMismatch="refused")
        asked, query = self.request(name, name, "other")

        answer = session.backlog(asked, params=query)

        assert answer.status_code == 400
        assert f"{name}: is 'other', but the query says '{name}'" in answer.json()["failure"]
        for same in (name, None):
            asked, query = self.request(name, name, same)
            assert session.backlog(asked, params=query).status_code == 200

    def test_the_body_is_asked_for_it(self, session: Session, name: str) -> None:
        asked, query = self.request(name, name, None)
        assert session.backlog(asked, params=query).status_code == 200
        session.set(bodyCollector="required")

        answer = session.backlog(asked, params=query)

        assert answer.status_code == 400
        assert f"{name}: is missing" in answer.json()["failure"]
        asked, query = self.request(name, name, name)
        assert session.backlog(asked, params=query).status_code == 200


def test_in_the_siblings_envelope_what_the_contract_forbids_is_a_200_too(
    session: Session, http: Callable[..., bytes]
) -> None:
    session.set(failures="envelope")
    header = f"X-Histdata-Session: {session.name}\r\n".encode()

    for sent in (
        http(b"{}", extra=header),
        http(b"{", extra=header),
        http(b"{}", extra=header, content_type=b"text/plain"),
        http(b"{}", extra=header, query=""),
    ):
        answer = session.mock.send(sent)
        assert (answer.status, list(answer.json())) == (200, ["failure"])


def test_in_the_siblings_envelope_http_stays_what_it_is(session: Session) -> None:
    session.set(failures="envelope")
    url = session.mock.url + LIVERIG

    assert requests.get(url, headers=session.headers, timeout=30).status_code == 405
    too_much = requests.post(url, headers=session.headers, data=b"x" * 2_000_000, timeout=30)
    assert too_much.status_code == 413
    assert requests.get(f"{url}/x", headers=session.headers, timeout=30).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"unknownSource": "ignored"},
        {"failures": 200},
        {"windowMs": 0},
        {"windowMetres": 0},
        {"periodSeconds": -1},
        {"unknownSignal": "refused"},
    ],
)
def test_a_switch_that_does_not_exist_is_refused_by_its_name(
    session: Session, change: dict[str, Any]
) -> None:
    answer = session.mock.admin("settings", "PATCH", headers=session.headers, json={"liverig": change})

    assert answer.status_code == 400
    assert next(iter(change)) in answer.json()["detail"]


def test_many_wrong_names_are_answered_at_once(session: Session) -> None:
    """Each name is compared with those that are known; whoever sends thousands must not stop the mock."""
    logs = [{"uid": f"{LOG}-{number}", "indexType": "date time"} for number in range(999)]
    wells = {f"Energistics-well-{number:04}x": {WELLBORE: {"logs": logs[:1]}} for number in range(99)}
    wells[WELL] = {WELLBORE: {"logs": logs}}

    answer = session.backlog({**asking(**TIME), "wells": wells})

    assert answer.status_code == 400
    assert answer.elapsed.total_seconds() < 2
