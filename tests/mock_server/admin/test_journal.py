"""The journal under WireMock's names: what it holds, and what can be asked of it."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from mock_server.settings import Settings
from tests.mock_server.admin.conftest import checked
from tests.mock_server.conftest import COLLECTOR, LIVERIG, NORTECH

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mock_server.admin.conftest import Control
    from tests.mock_server.conftest import Mock

FIND = ("find", "count", "remove")


def test_a_journal_of_size_0_keeps_nothing(start: Callable[[Settings], Mock]) -> None:
    own = start(Settings(journal_size=0))

    assert own.backlog(next(iter(own.liverig.examples().values()))).status_code == 200

    assert own.admin("requests").json()["requests"] == []


def test_the_newest_requests_come_first_and_the_ring_is_bounded(start: Callable[[Settings], Mock]) -> None:
    own = start(Settings(journal_size=3))
    for number in range(5):
        own.backlog({"number": number})
    own.admin("health")

    journal = own.admin("requests", params={"limit": 2}).json()

    assert [json.loads(entry["request"]["body"])["number"] for entry in journal["requests"]] == [4, 3]
    assert journal["meta"]["total"] == 3


def test_an_entry_tells_the_whole_request(control: Control) -> None:
    before = datetime.now(UTC)
    response = control.send(
        LIVERIG,
        "POST",
        params={**COLLECTOR, "x": ["1", "ü"]},
        headers={"Accept": "application/json", "Cookie": "JSESSIONID=secret; a=b; lone"},
        json={},
    )
    after = datetime.now(UTC)

    (entry,) = control("requests")["requests"]

    assert control(f"requests/{entry['id']}") == entry
    assert control(f"requests/{entry['id'].upper()}") == entry
    request = entry["request"]
    assert request["id"] == entry["id"]
    assert request["method"] == "POST"
    assert request["url"] == f"{LIVERIG}?qualifier=qualifier&instance=instance&x=1&x=%C3%BC"
    assert request["absoluteUrl"] == control.mock.url + request["url"]
    assert f"http://{request['host']}:{request['port']}" == control.mock.url
    assert request["clientIp"] == "127.0.0.1"
    assert request["headers"]["accept"] == "application/json"
    assert request["queryParams"]["x"] == {"key": "x", "values": ["1", "ü"]}
    assert request["cookies"] == {"JSESSIONID": "***", "a": "***", "***": ""}
    assert (request["body"], request["bodyAsBase64"], request["bodyCut"]) == ("{}", "e30=", False)
    # Milliseconds: the instant of arrival, without its last digits.
    arrived = datetime.fromtimestamp(request["loggedDate"] / 1000, UTC)
    assert before - timedelta(milliseconds=1) <= arrived <= after
    assert datetime.fromisoformat(request["loggedDateString"]) == arrived
    assert entry["response"]["status"] == entry["responseDefinition"]["status"] == response.status_code == 400
    assert entry["wasMatched"] is True
    assert entry["operation"] == "requestBacklogSync"


# Names of credentials as they are met: in either case, and as a part of a longer name.
SECRET_NAMES = [
    "X-Auth-Token", "X-Access-Token", "X-Amz-Security-Token", "X-Amz-Credential", "x-csrf-token", "X-Api-Key",
    "Api-Key", "api_key", "apikey", "access_token", "token", "password", "db.passwd", "PWD", "client_secret",
    "Private-Key", "session-id", "PHPSESSID", "signature", "x-xsrf", "Set-Cookie", "X-Authentication", "jwt",
    "Proxy-Authorization",
]  # fmt: skip
SECRET = "s3cr3t-value"
IN_BODIES = [
    json.dumps({"a": {SECRET_NAMES[0]: SECRET}, "visible": 1}),
    json.dumps({"a": [{"password": [SECRET, {"]": SECRET}], "visible": "visible"}]}),
    '{"pass\\u0077ord": "s3cr3t-value", "visible": 1}',
    '{"visible": 1, "token": "s3cr3t-value \\" s3cr3t-value',
    '{"visible": 1, "token": {"a": ["s3cr3t-value"], "b": "s3cr3t-value',
    b'{"visible": 1, "odd": "\xff", "token": "s3cr3t-value"}',
    "visible=1&password=s3cr3t-value&pass%77ord=s3cr3t-value",
]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_no_credential_reaches_the_journal_under_any_name(control: Control, name: str) -> None:
    control.send(
        NORTECH,
        "POST",
        headers={name: SECRET, "Referer": f"http://h/?{name}={SECRET}", "X-Other": "visible"},
        params={name: SECRET, "other": "visible"},
        json={"a": {name: SECRET}, "other": "visible"},
    )

    (entry,) = control("requests")["requests"]
    request = entry["request"]

    assert SECRET not in json.dumps([entry, control("snapshot")])
    assert request["headers"][name.lower()] == request["queryParams"][name]["values"][0] == "***"
    assert json.loads(request["body"]) == {"a": {name: "***"}, "other": "visible"}
    assert request["headers"]["x-other"] == request["queryParams"]["other"]["values"][0] == "visible"
    assert request["headers"]["x-histdata-session"] == control.session


@pytest.mark.parametrize("body", IN_BODIES, ids=str)
def test_no_credential_in_a_body_reaches_the_journal(control: Control, body: str | bytes) -> None:
    control.send(NORTECH, "POST", data=body)

    (entry,) = control("requests")["requests"]
    kept = base64.b64decode(entry["request"]["bodyAsBase64"])

    assert SECRET.encode() not in kept
    assert b"visible" in kept
    assert b"***" in kept


def test_of_what_authenticates_the_kind_is_kept(control: Control) -> None:
    headers = {"Authorization": f"Bearer {SECRET}", "Cookie": f"JSESSIONID={SECRET}; {SECRET}; b={SECRET}=x"}
    control.send(LIVERIG, "POST", headers=headers)

    (entry,) = control("requests")["requests"]

    assert entry["request"]["headers"]["authorization"] == "Bearer ***"
    assert entry["request"]["headers"]["cookie"] == "JSESSIONID=***; ***; b=***"


def test_a_restored_journal_loses_its_credentials(control: Control) -> None:
    control.send("/nowhere", "POST", data="x")
    snapshot = control("snapshot")
    entry = snapshot["journal"][0]["entry"]
    entry["url"] = f"/nowhere?token={SECRET}"
    entry["headers"] = [["authorization", f"Bearer {SECRET}"], ["X-Auth-Token", SECRET], ["Cookie", SECRET]]
    entry["body"] = json.dumps({"password": SECRET})
    other = base64.b64encode(IN_BODIES[5]).decode()  # type: ignore[arg-type]
    odd = {
        **{name: entry[name] for name in entry if name != "body"},
        "id": str(uuid.uuid4()),
        "base64": other,
    }
    snapshot["journal"].append({**snapshot["journal"][0], "realUs": 1, "entry": odd})

    control("snapshot", "PUT", json=snapshot)

    restored = control("snapshot")
    assert SECRET not in json.dumps([restored, control("requests")])
    assert SECRET.encode() not in base64.b64decode(restored["journal"][0]["entry"]["base64"])
    control("snapshot", "PUT", json=restored)
    assert control("snapshot")["journal"] == restored["journal"]


def test_odd_bytes_in_a_request_make_a_valid_entry(control: Control, http: Callable[..., bytes]) -> None:
    session = f"X-Histdata-Session: {control.session}\r\n".encode()
    body = b"\xff\x00\x80"
    control.mock.send(http(body, extra=session + b"X-Odd: \xe9\xff\r\nX-Odd: 2\r\n", query="a=%00&b=%FF&c"))

    (entry,) = control("requests")["requests"]

    assert entry["request"]["headers"]["x-odd"] == ["éÿ", "2"]
    assert base64.b64decode(entry["request"]["bodyAsBase64"]) == body
    assert entry["request"]["queryParams"]["b"]["values"] == ["\ufffd"]
    assert entry["request"]["queryParams"]["c"]["values"] == [""]


@pytest.mark.parametrize("path", [LIVERIG, NORTECH, "/nowhere"])
def test_the_body_of_a_refused_request_is_kept_too(control: Control, path: str) -> None:
    # Nobody reads it: the token is missing, or the path is unknown.
    control.send(path, "POST", json={"a": 1})

    (request,) = control("requests/find", "POST", json={"bodyPatterns": [{"equalToJson": {"a": 1}}]})[
        "requests"
    ]
    assert request["url"] == path


def test_a_client_that_keeps_its_body_back_is_refused_all_the_same(
    control: Control, http: Callable[..., bytes]
) -> None:
    request = (
        f"POST {NORTECH} HTTP/1.1\r\nHost: localhost\r\nX-Histdata-Session: {control.session}\r\n"
        "Connection: close\r\nContent-Length: 100\r\n\r\n{"
    )

    assert control.mock.send(request.encode()).status == 401

    (entry,) = control("requests")["requests"]
    assert (entry["request"]["body"], entry["request"]["bodyCut"]) == ("{", True)


def test_what_no_operation_took_is_unmatched(control: Control) -> None:
    control.send(NORTECH, "POST", json={})
    control.send(LIVERIG, "POST")
    control.send("/nowhere?x=1")
    control.send(NORTECH, "DELETE")
    control.send(NORTECH + "/", "POST")

    unmatched = [(each["method"], each["url"]) for each in control("requests/unmatched")["requests"]]

    assert unmatched == [("POST", NORTECH + "/"), ("DELETE", NORTECH), ("GET", "/nowhere?x=1")]
    listed = control("requests", params={"unmatched": "true", "limit": 2})
    assert [(each["request"]["method"], each["request"]["url"]) for each in listed["requests"]] == unmatched[
        :2
    ]
    assert listed["meta"]["total"] == 3
    assert [each["wasMatched"] for each in control("requests")["requests"]] == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_only_what_is_newer_can_be_asked_for(control: Control) -> None:
    urls = [f"/{number}" for number in range(4)]
    for url in urls:
        control.send(url)
    entries = control("requests")["requests"]

    for number, entry in enumerate(entries):
        # The journal knows microseconds, of which an entry shows the milliseconds: ask by the next one.
        since = datetime.fromtimestamp(entry["request"]["loggedDate"] / 1000, UTC) + timedelta(milliseconds=1)
        newer = control("requests", params={"since": since.isoformat()})

        assert newer["requests"] == entries[: len(newer["requests"])]
        assert len(newer["requests"]) <= number
        assert newer["meta"]["total"] == 4
    assert control("requests", params={"since": "2000-01-01T00:00:00Z"})["requests"] == entries
    assert control("requests", params={"since": "2100-01-01T00:00:00Z"})["requests"] == []


@pytest.mark.parametrize("forget", [("requests", "DELETE"), ("requests/reset", "POST"), ("reset", "POST")])
def test_a_journal_can_be_emptied_and_others_stay(control: Control, forget: tuple[str, str]) -> None:
    other = type(control)(control.mock, uuid.uuid4().hex)
    for session in (control, other):
        session.send("/nowhere")

    control(*forget)

    assert control("requests")["requests"] == []
    assert len(other("requests")["requests"]) == 1


def test_one_entry_can_be_forgotten(control: Control) -> None:
    for number in range(3):
        control.send(f"/{number}")
    entries = control("requests")["requests"]

    for _ in range(2):
        assert control(f"requests/{entries[1]['id']}", "DELETE") == {}

    assert control("requests")["requests"] == [entries[0], entries[2]]
    control(f"requests/{entries[1]['id']}", status=404)


@pytest.mark.parametrize("entry", ["02a7533a-fa69-46fc-9441-7592b9b9cb2a", "x", "%FF"])
def test_an_unknown_entry_is_not_found(control: Control, entry: str) -> None:
    control(f"requests/{entry}", status=404)


def test_an_entry_of_another_session_is_not_found(control: Control) -> None:
    control.send("/nowhere")
    (entry,) = control("requests")["requests"]

    other = type(control)(control.mock, uuid.uuid4().hex)

    other(f"requests/{entry['id']}", status=404)
    other(f"requests/{entry['id']}", "DELETE")
    assert len(control("requests")["requests"]) == 1


def test_find_count_and_remove_take_the_same_requests(control: Control) -> None:
    for number in range(6):
        control.send(NORTECH, "POST", json={"signals": [number], "other": number % 2})
    pattern = {
        "method": "POST",
        "urlPath": NORTECH,
        "bodyPatterns": [{"equalToJson": '{"other": 1}', "ignoreExtraElements": True}],
    }

    found = control("requests/find", "POST", json=pattern)["requests"]
    count = control("requests/count", "POST", json=pattern)["count"]
    removed = control("requests/remove", "POST", json=pattern)["serveEvents"]

    assert [json.loads(each["body"])["signals"] for each in found] == [[1], [3], [5]]
    assert count == 3
    assert [each["request"] for each in removed] == found
    assert [json.loads(each["request"]["body"])["other"] for each in control("requests")["requests"]] == [
        0
    ] * 3
    assert control("requests/count", "POST", json={})["count"] == 3
    assert control("requests/count", "POST", json=pattern)["count"] == 0


def test_the_nearest_requests_come_with_what_differs(control: Control) -> None:
    control.send("/nowhere")
    control.send(NORTECH, "POST", json={"signals": [1], "format": "csv"})
    control.send(NORTECH, "POST", json={"signals": [2], "format": "parquet"})
    control.send(NORTECH, "POST", json={"signals": [1], "format": "parquet"})
    pattern = {
        "method": "POST",
        "urlPath": NORTECH,
        "headers": {"X-Trace": {"equalTo": "1"}},
        "bodyPatterns": [{"equalToJson": {"signals": [1], "format": "parquet"}}],
    }

    misses = control("near-misses/request-pattern", "POST", json=pattern)["nearMisses"]

    assert [json.loads(each["request"]["body"]) for each in misses] == [
        {"signals": [1], "format": "parquet"},
        {"signals": [2], "format": "parquet"},
        {"signals": [1], "format": "csv"},
    ]
    assert all(each["requestPattern"] == pattern for each in misses)
    assert misses[1]["matchResult"]["differences"] == [
        {"place": "headers.X-Trace", "expected": "1"},
        {"place": "body/signals/0", "expected": "1", "actual": "2"},
    ]
    assert 0 < misses[0]["matchResult"]["distance"] < misses[1]["matchResult"]["distance"] < 1
    assert control("near-misses/request-pattern", "POST", json={})["nearMisses"][0]["matchResult"] == {
        "distance": 0,
        "differences": [],
    }


def test_without_requests_nothing_is_near(control: Control) -> None:
    assert control("near-misses/request-pattern", "POST", json={"method": "GET"})["nearMisses"] == []


@pytest.mark.parametrize("operation", FIND)
@pytest.mark.parametrize(
    "pattern, detail",
    [
        ({"bodyPatterns": [{"matchesXPath": "//a"}]}, ["bodyPatterns[0]: ", "'matchesXPath'"]),
        ({"bodyPatterns": [{"matchesJsonPath": "$.a"}]}, ["bodyPatterns[0]: ", "'matchesJsonPath'"]),
        ({"headers": {"X": {"and": []}}}, ["headers.X: ", "'and'"]),
        ({"basicAuthCredentials": {}}, ["'basicAuthCredentials'"]),
        ({"urlPathTemplate": "/{a}"}, ["'urlPathTemplate'"]),
        ({"bodyPatterns": {"equalTo": "x"}}, ["bodyPatterns: "]),
        ({"headers": {"X": {"equalTo": 1}}}, ["headers.X.equalTo: "]),
        ({"headers": {"X": {"absent": False}}}, ["headers.X.absent: "]),
        ({"urlPattern": "("}, ["urlPattern: ", "missing )"]),
        ({"urlPattern": "a" * 1001}, ["urlPattern: "]),
        ({"cookies": {"JSESSIONID": {"equalTo": "x"}}}, ["cookies.JSESSIONID: is a credential"]),
        ([], ["body: "]),
    ],
    ids=str,
)
def test_a_pattern_that_cannot_be_understood_is_refused_and_removes_nothing(
    control: Control, operation: str, pattern: Any, detail: list[str]
) -> None:
    control.send("/nowhere")

    problem = control(f"requests/{operation}", "POST", status=400, json=pattern)

    for part in detail:
        assert part in problem["detail"]
    assert len(control("requests")["requests"]) == 1


def test_no_verdict_hangs_on_what_was_cut_off_a_body(control: Control) -> None:
    control.send(NORTECH, "POST", json={"signals": [1], "long": "x" * 20000})
    body = [{"contains": "signals"}, {"contains": "behind"}]

    assert control("requests/count", "POST", json={"bodyPatterns": body[:1]})["count"] == 1
    problem = control("requests/count", "POST", status=409, json={"bodyPatterns": body})

    assert "16384 bytes" in problem["detail"]
    (entry,) = control("requests")["requests"]
    assert (len(entry["request"]["body"]), entry["request"]["bodyCut"]) == (16384, True)
    assert control("requests/count", "POST", json={"bodyPatterns": body, "method": "GET"})["count"] == 0
    (miss,) = control("near-misses/request-pattern", "POST", json={"bodyPatterns": body})["nearMisses"]
    assert miss["matchResult"]["differences"][0]["actual"] == "(cut when it was stored: too long)"


@pytest.mark.parametrize("query", ["limit=-1", "limit=1001", "limit=x", "since=yesterday", "unmatched=1"])
def test_a_list_that_cannot_be_had_is_refused(control: Control, query: str) -> None:
    problem = control(f"requests?{query}", status=400)

    assert problem["detail"].startswith(query.partition("=")[0])


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, 1.5, "", "a", "(", ".*", "{", "[1]", "ü", "x" * 1001, [], {}, {"a": 1}]
)
MATCHERS = st.dictionaries(
    st.sampled_from(
        [
            "equalTo", "caseInsensitive", "contains", "doesNotContain", "matches", "doesNotMatch",
            "equalToJson", "ignoreArrayOrder", "ignoreExtraElements", "absent", "matchesJsonPath",
        ]
    ),
    ODD,
    max_size=3,
)  # fmt: skip
PATTERNS = st.dictionaries(
    st.sampled_from(
        [
            "method", "url", "urlPattern", "urlPath", "urlPathPattern", "headers", "queryParameters",
            "cookies", "bodyPatterns", "basicAuthCredentials",
        ]
    ),
    ODD
    | MATCHERS
    | st.lists(MATCHERS, max_size=2)
    | st.dictionaries(st.sampled_from(["accept", "Cookie", "x", ""]), MATCHERS, max_size=2),
    max_size=3,
)  # fmt: skip


@hypothesis.settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pattern=PATTERNS | ODD)
def test_whatever_is_asked_is_answered_or_refused(control: Control, pattern: Any) -> None:
    if not control("requests")["requests"]:
        control.send(NORTECH, "POST", json={"a": 1})
    headers = {**control.headers, "Content-Type": "application/json"}
    answers = [
        control.mock.admin(path, "POST", headers=headers, data=json.dumps(pattern))
        for path in ("requests/find", "requests/count", "near-misses/request-pattern")
    ]

    found, count, near = (checked(answer) for answer in answers)
    assert {answer.status_code for answer in answers} in ({200}, {400})
    if answers[0].status_code == 200:
        assert len(found["requests"]) == count["count"]
        assert (near["nearMisses"][0]["matchResult"]["distance"] == 0) is (count["count"] == 1)
    else:
        assert found["detail"] == count["detail"] == near["detail"] != ""


@pytest.mark.parametrize(
    "host", ["localhost:99999", "a b", "", "[::1", "x" * 300, "h:", "%", "user@h", "[::1]:80", "é"]
)
def test_no_host_that_a_client_names_breaks_the_journal(control: Control, host: str) -> None:
    request = (
        f"GET /nowhere HTTP/1.1\r\nHost: {host}\r\nX-Histdata-Session: {control.session}\r\nConnection: close"
    )
    control.mock.send(request.encode("latin-1") + b"\r\n\r\n")

    (entry,) = control("requests")["requests"]

    assert urlsplit(entry["request"]["absoluteUrl"]).path == "/nowhere"
    assert (entry["request"]["host"], entry["request"]["port"]) in {
        ("::1", 80),
        (urlsplit(control.mock.url).hostname, urlsplit(control.mock.url).port),
    }


def test_a_restored_journal_can_be_read_whatever_is_in_it(control: Control) -> None:
    control.send("/nowhere", "POST", data=b"\xff")
    snapshot = control("snapshot")
    (kept,) = snapshot["journal"]
    odd: list[dict[str, Any]] = [
        {"server": []},
        {"server": ["h"]},
        {"scheme": "", "url": "", "headers": []},
        {"url": "?&=&a=%FF", "headers": [["cookie", ";=;a"], ["host", "\x00"]]},
        {"arrived_us": -1, "status": 599, "client": ""},
    ]
    for number, change in enumerate(odd):
        entry = {**kept["entry"], **change, "id": str(uuid.UUID(int=number))}
        control("snapshot", "PUT", json={**snapshot, "journal": [{**kept, "entry": entry}]})

        for path, method in (("requests", "GET"), ("requests/unmatched", "GET"), ("requests/find", "POST")):
            response = control.mock.admin(path, method, headers=control.headers, json={})
            assert response.status_code == 200, change
            assert response.json()["requests"]
    broken = {**kept, "entry": {**kept["entry"], "base64": "/w="}}
    control("snapshot", "PUT", status=400, json={**snapshot, "journal": [broken]})


def test_a_browsers_question_before_a_request_is_none_itself(control: Control) -> None:
    asked = {"Origin": "https://page.example", "Access-Control-Request-Method": "POST"}

    assert control.send(NORTECH, "OPTIONS", headers=asked).ok

    assert control("requests")["requests"] == []
