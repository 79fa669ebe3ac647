"""Which session a request belongs to."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
import requests
from hypothesis import assume, given
from hypothesis import strategies as st

from mock_server.session import DEFAULT, SessionError, is_name, session
from mock_server.settings import DEMO_TOKEN

if TYPE_CHECKING:
    from tests.mock_server.conftest import Mock

names = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", fullmatch=True)
HISTORY = {"signals": [1], "timeWindow": {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:00:05Z"}}


def bearer(token: str) -> tuple[bytes, bytes]:
    return b"authorization", f"Bearer {token}".encode()


def basic(user: str, password: str) -> tuple[bytes, bytes]:
    pair = base64.b64encode(f"{user}:{password}".encode())
    return b"authorization", b"Basic " + pair


def cookie(value: str) -> tuple[bytes, bytes]:
    return b"cookie", f"a=b; JSESSIONID={value}; c=d".encode()


@given(names, names)
def test_the_header_wins_over_each_credential(name: str, other: str) -> None:
    credentials = [bearer(f"t~{other}"), basic(f"u~{other}", "p~p"), cookie(f"c~{other}")]
    for credential in credentials:
        assert session([credential]) == other
        assert session([credential, (b"x-histdata-session", name.encode())]) == name


suffixes = st.text(st.characters(codec="latin-1", exclude_characters=':;~"'))


@given(suffixes.filter(lambda text: not is_name(text.strip())))
def test_a_suffix_that_is_no_name_is_refused_by_whoever_knows_the_credential(suffix: str) -> None:
    for credential, header in (
        (basic(f"u~{suffix}", "p"), "authorization"),
        (cookie(f"c~{suffix}"), "cookie"),
    ):
        with pytest.raises(SessionError, match="expected 1 to 64 of") as refused:
            session([credential])
        assert refused.value.header == header
        assert session([credential, (b"x-histdata-session", b"a")]) == "a"
    # Another token may end in whatever it likes.
    assert session([bearer(f"t~{suffix}")]) == DEFAULT


@given(st.lists(st.tuples(st.sampled_from([b"authorization", b"cookie", b"x-other"]), st.binary())))
def test_no_other_credential_is_a_fault(headers: list[tuple[bytes, bytes]]) -> None:
    assume(not any(b"JSESSIONID" in value or b"asic" in value.lower() for _, value in headers))

    assert is_name(session(headers))


@pytest.mark.parametrize("value", [b"", b"a b", b"a~b", b"\xe9", b"x" * 65, b"a\n", b".", b"..", b"-a"])
def test_a_header_that_is_no_name_is_refused(value: bytes) -> None:
    if value.strip() == b"a":
        value = b"a,b"
    with pytest.raises(SessionError, match="expected 1 to 64 of"):
        session([(b"x-histdata-session", value)])


def test_a_header_given_twice_is_refused() -> None:
    with pytest.raises(SessionError, match="more than once"):
        session([(b"x-histdata-session", b"a")] * 2)


def test_sessions_see_nothing_of_each_other(mock: Mock) -> None:
    body = mock.liverig.examples()["mixedLogs"]
    job = mock.backlog(body, auth=("user~alice", "password")).json()["success"]
    mock.history(HISTORY, headers={"Authorization": f"Bearer {DEMO_TOKEN}~bob"})

    def seen(path: str, name: str) -> requests.Response:
        return mock.admin(path, headers={"X-Histdata-Session": name})

    assert [each["uuid"] for each in seen("jobs", "alice").json()["jobs"]] == [job]
    assert seen("jobs", "bob").json()["meta"]["total"] == 0
    assert seen(f"jobs/{job}", "alice").status_code == 200
    assert seen(f"jobs/{job}", "bob").status_code == 404
    (entry,) = seen("requests", "bob").json()["requests"]
    assert entry["request"]["url"].startswith("/api/v1/historical-data/sync")
    mock.admin("reset", "POST", headers={"X-Histdata-Session": "bob"})
    assert seen("requests", "bob").json()["meta"]["total"] == 0
    assert seen("requests", "alice").json()["meta"]["total"] == 1


def test_a_name_that_is_none_is_refused_in_the_words_of_whoever_is_asked(mock: Mock) -> None:
    headers = {"X-Histdata-Session": "no name"}

    assert "x-histdata-session: " in mock.backlog({}, headers=headers).json()["failure"]
    assert mock.history({}, headers=headers).json()["errors"][0]["location"] == "headers"
    refused = mock.admin("jobs", headers=headers)
    assert refused.status_code == 400
    assert "x-histdata-session: " in refused.json()["detail"]


@pytest.mark.parametrize(
    "token", [f"{DEMO_TOKEN}~", f"{DEMO_TOKEN}~a b", f"{DEMO_TOKEN}~a~b", "~alice", "x~alice"]
)
def test_a_token_with_another_suffix_than_a_name_is_wrong(mock: Mock, token: str) -> None:
    answer = mock.history(HISTORY, headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 401
    # What is behind the right one only, or a guess would be told how near it is.
    assert ("X-Histdata-Violations" in answer.headers) is token.startswith(DEMO_TOKEN)


def test_a_user_or_a_cookie_that_names_no_session_is_refused_in_the_vendor_s_words(mock: Mock) -> None:
    body = mock.liverig.examples()["dateTimeLog"]
    for options, where in (
        ({"auth": ("me~a b", "secret")}, "authorization"),
        ({"headers": {"Cookie": "JSESSIONID=secret~"}}, "cookie"),
    ):
        answer = mock.backlog(body, **options)

        assert answer.status_code == 400
        assert answer.json()["failure"].startswith(f"{where}: holds a ~ with no name of a session behind it")
        (told,) = json.loads(answer.headers["X-Histdata-Violations"])
        assert (told["location"], told["pointer"]) == ("headers", f"/{where}")
        assert "secret" not in answer.text


@pytest.mark.parametrize("headers", [{"Cookie": "JSESSIONID=of~"}, {"X-Histdata-Session": "no name"}])
def test_what_concerns_no_session_is_refused_to_nobody(mock: Mock, headers: dict[str, str]) -> None:
    """A browser sends the cookies of whatever else listens on this machine."""
    link = mock.history(HISTORY).json()["outputFile"]

    assert mock.admin("health", headers=headers).status_code == 200
    assert requests.get(link, headers=headers, timeout=30).status_code == 200
