"""What Connexion gets wrong by default, right on the wire; and what HTTP itself asks for."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests

from mock_server.serving.contract import load_admin

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mock_server.conftest import Mock

VALID: dict[str, Any] = {
    "source": "Example WITSML server",
    "rigName": "RIG02",
    "wells": {
        "Energistics-well-0001": {
            "Energistics-w1-wellbore-0001": {
                "logs": [{"uid": "Energistics-w1-wb1-log-0002", "indexType": "date time"}]
            }
        }
    },
    "start": 1704250800000,
    "end": 1704337200000,
}
BODY = json.dumps(VALID).encode()
INVALID = json.dumps({**VALID, "rigName": 2}).encode()
LIVERIG = "/services/plugin-liverig/collectors/backlog-sync/request"
NORTECH = "/api/v1/historical-data/sync"


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json",
        b"Application/JSON",
        b"application/json;charset=utf-8",
        b"application/json ; charset=UTF-8",
        b'application/json; charset="utf-8"',
        b"application/json;",
        b"application/json; profile=x",
    ],
)
def test_each_way_to_write_the_content_type_is_taken_and_validated(
    mock: Mock, http: Callable[..., bytes], content_type: bytes
) -> None:
    assert mock.send(http(BODY, content_type=content_type)).status == 200
    refused = mock.send(http(INVALID, content_type=content_type))
    assert refused.status == 400
    assert "rigName" in refused.json()["failure"]


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        b"",
        b"text/plain",
        b"application/json; charset=klingon",
        b"application/json; charset=utf-16",
        b"application/json; charset",
        b"application",
        b"application/json, application/json",
        b"application/problem+json",
        b"multipart/form-data",
    ],
)
def test_any_other_content_type_is_unsupported(
    mock: Mock, http: Callable[..., bytes], content_type: bytes | None
) -> None:
    answer = mock.send(http(BODY, content_type=content_type))

    assert answer.status == 415
    assert "content-type" in answer.json()["failure"]


def test_a_contract_without_415_says_in_its_own_words_that_the_content_type_is_wrong(mock: Mock) -> None:
    response = mock.history(data=b"{}", headers={"Content-Type": "text/plain"})

    assert response.status_code == 400
    assert {error["location"] for error in response.json()["errors"]} == {"headers"}


def test_a_compressed_body_is_unsupported(mock: Mock, http: Callable[..., bytes]) -> None:
    assert mock.send(http(BODY, extra=b"Content-Encoding: gzip\r\n")).status == 415


@pytest.mark.parametrize(
    "body, reason",
    [
        pytest.param(b"", "missing", id="empty"),
        pytest.param(b"   ", "missing", id="blank"),
        pytest.param(b"{", "JSON", id="cut off"),
        pytest.param(BODY + b"x", "JSON", id="more behind it"),
        pytest.param(BODY.replace(b"RIG02", b"RIG\xff"), "is not valid UTF-8: byte ", id="invalid UTF-8"),
        pytest.param(BODY.decode().encode("utf-16"), "JSON", id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf" + BODY, "byte order mark", id="byte order mark"),
        pytest.param(BODY.replace(b"1704250800000", b"NaN"), "JSON", id="NaN"),
        pytest.param(BODY.replace(b"1704250800000", b"Infinity"), "JSON", id="Infinity"),
        pytest.param(BODY.replace(b"1704250800000", b"1e999"), "JSON", id="too large for a double"),
        pytest.param(
            BODY.replace(b"1704250800000", b"1" * 30), "expected one from -92", id="too large for 64 bits"
        ),
        pytest.param(BODY.replace(b"1704250800000", b"1" * 5000), "JSON", id="5000 digits"),
        pytest.param(b"[" * 2000 + b"]" * 2000, "JSON", id="nested 2000 deep"),
        pytest.param(b"[" * 65 + b"]" * 65, "nested", id="nested 65 deep"),
        pytest.param(BODY[:-1] + b', "rigName": "RIG02"}', "more than once", id="a member twice"),
        pytest.param(BODY.replace(b"RIG02", b"\\ud800"), "JSON", id="half a surrogate pair"),
        pytest.param(BODY.replace(b"RIG02", b"RIG\x00"), "JSON", id="control character"),
        pytest.param(b"null", "object", id="null"),
        pytest.param(b"[]", "object", id="array"),
        pytest.param(b'"text"', "object", id="string"),
    ],
)
def test_a_body_that_readers_could_disagree_on_is_refused(
    mock: Mock, http: Callable[..., bytes], body: bytes, reason: str
) -> None:
    answer = mock.send(http(body))

    assert answer.status == 400
    assert reason in answer.json()["failure"]


def test_a_chunked_body_is_read(mock: Mock, http: Callable[..., bytes]) -> None:
    chunks = (
        b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (BODY[:10], BODY[10:])) + b"0\r\n\r\n"
    )
    chunked = http(b"", length=False, extra=b"Transfer-Encoding: chunked\r\n")

    assert mock.send(chunked, chunks).status == 200


def test_a_body_that_comes_in_single_bytes_is_read(mock: Mock, http: Callable[..., bytes]) -> None:
    request = http(BODY)
    head = len(request) - len(BODY)

    answer = mock.send(request[:head], *(request[at : at + 1] for at in range(head, len(request))))

    assert answer.status == 200


def test_a_body_announced_as_too_large_is_refused_before_it_is_sent(
    mock: Mock, http: Callable[..., bytes]
) -> None:
    answer = mock.send(http(b"", length=False, extra=b"Content-Length: 20000000\r\n"))

    assert answer.status == 413
    assert answer.headers["connection"] == "close"
    assert "larger" in answer.json()["failure"]


def test_an_endless_chunked_body_is_refused_at_the_bound(mock: Mock, http: Callable[..., bytes]) -> None:
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"

    # Eighteen of these chunks are more than a mebibyte; the end of the body never comes.
    answer = mock.send(http(b"", length=False, extra=b"Transfer-Encoding: chunked\r\n"), *[chunk] * 18)

    assert answer.status == 413


def test_a_body_of_the_largest_size_is_read(mock: Mock, http: Callable[..., bytes]) -> None:
    assert mock.send(http(BODY.ljust(1024 * 1024))).status == 200
    assert mock.send(http(BODY.ljust(1024 * 1024 + 1))).status == 413


def test_all_violations_are_told_with_their_places(mock: Mock) -> None:
    body = {**VALID, "source": "", "rigName": 2, "start": -1, "depth": {"start": "a"}}

    response = mock.backlog(body, params={"qualifier": "qualifier"})

    assert response.status_code == 400
    told = {
        (violation["location"], violation["pointer"])
        for violation in json.loads(response.headers["X-Histdata-Violations"])
    }
    assert told >= {
        ("query", "/instance"),
        ("body", "/source"),
        ("body", "/rigName"),
        ("body", "/start"),
        ("body", "/depth/start"),
        ("body", "/depth/end"),
        ("body", "/depth/uom"),
    }
    for place in ("instance", "source", "rigName", "start", "depth.start", "depth.end", "depth.uom"):
        assert f"{place}: " in response.json()["failure"]


def test_a_header_of_violations_stays_within_bounds_and_in_ascii(mock: Mock) -> None:
    logs = [{"uid": "ü" * 300, "indexType": "ß"}] * 90
    body = {**VALID, "wells": {"Energistics-well-0001": {"Energistics-w1-wellbore-0001": {"logs": logs}}}}

    header = mock.backlog(body).headers["X-Histdata-Violations"]

    assert len(header) <= 4096
    assert header.isascii()
    assert json.loads(header)


def test_a_hostile_megabyte_is_refused_soon(mock: Mock, http: Callable[..., bytes]) -> None:
    """One that breaks a rule 340 000 times; listing all takes half a minute."""
    body = b'{"signals": [' + b"{}," * 340_000 + b'{}], "timeWindow": {}}'

    response = mock.history(data=body, headers={"Content-Type": "application/json"})

    assert response.status_code == 400
    assert response.elapsed.total_seconds() < 10


@pytest.mark.parametrize(
    "values", [("qualifier", "qualifier"), ("qualifier", "other"), ("other", "qualifier")]
)
def test_a_query_parameter_given_twice_is_refused_whatever_its_values(
    mock: Mock, values: tuple[str, str]
) -> None:
    response = mock.backlog(
        VALID, params=[("qualifier", values[0]), ("qualifier", values[1]), ("instance", "instance")]
    )

    assert response.status_code == 400
    assert "qualifier: is given more than once" in response.json()["failure"]


def test_an_unknown_query_parameter_is_ignored(mock: Mock) -> None:
    assert mock.backlog(VALID, params={"qualifier": "qualifier", "instance": "instance", "_": "1"}).ok


@pytest.mark.parametrize("query", ["qualifier=%FF&instance=instance", "qualifier=&instance=instance", ""])
def test_a_query_that_is_not_as_the_contract_says_is_refused(
    mock: Mock, http: Callable[..., bytes], query: str
) -> None:
    answer = mock.send(http(BODY, query=query))

    assert answer.status == 400
    assert "qualifier: " in answer.json()["failure"]


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic aGlzdGRhdGE6eA==", "Bearer tokén", "x" * 5000],
)
def test_a_missing_or_wrong_token_is_unauthorized_and_says_how_to_authenticate(
    mock: Mock, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}

    response = requests.post(mock.url + NORTECH, json={}, headers=headers, timeout=30)

    assert response.status_code == 401
    assert response.json() == {"status": "Unauthorized"}
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_the_scheme_of_a_token_has_no_case(mock: Mock) -> None:
    body = {"signals": [1], "timeWindow": {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:00:05Z"}}

    assert mock.history(body, headers={"Authorization": "bEARER histdata-demo-token"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Basic ???"},
        {"Authorization": "Bearer x"},
        {"Cookie": "JSESSIONID=1", "x-csrf-token": "2"},
        {"Cookie": 'a="\\; ]=[; JSESSIONID'},
    ],
)
def test_liverig_takes_any_credential_and_none(mock: Mock, headers: dict[str, str]) -> None:
    assert mock.backlog(VALID, headers=headers).status_code == 200


@pytest.mark.parametrize("path", [LIVERIG, NORTECH])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_another_method_is_told_the_allowed_ones(mock: Mock, path: str, method: str) -> None:
    response = requests.request(method, mock.url + path, timeout=30)

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"


def test_a_get_operation_allows_head_too(mock: Mock) -> None:
    assert mock.admin("health", "DELETE").headers["Allow"] == "GET, HEAD"
    head = mock.admin("health", "HEAD")
    assert head.status_code == 200
    assert head.content == b""


@pytest.mark.parametrize(
    "path", ["/", "/x", LIVERIG + "/", LIVERIG + "s", NORTECH + "/x", "/__admin", "//", "/" + LIVERIG, "/%00"]
)
def test_an_unknown_path_is_not_found(mock: Mock, path: str) -> None:
    answer = mock.send(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())

    assert answer.status == 404
    assert answer.json()["title"] == "Not Found"
    told = set(answer.json()["detail"].removesuffix(".").split("There are ")[1].split(", "))
    control = {f"{method} {path}" for path, methods in load_admin().methods().items() for method in methods}
    assert told == {f"POST {LIVERIG}", f"POST {NORTECH}", *control}


@pytest.mark.parametrize("host", ["[", "a b", "\xe9", ""])
def test_a_host_that_is_none_disturbs_nobody(mock: Mock, host: str) -> None:
    answer = mock.send(f"GET {LIVERIG} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode("latin-1"))

    assert answer.status == 405


@pytest.mark.parametrize("target", ["/files/" + "9" * 5000 + "/000.csv", f"{NORTECH}?{'a' * 20000}"])
def test_an_endless_url_is_refused(mock: Mock, target: str) -> None:
    assert mock.send(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode()).status == 414


def test_a_client_that_leaves_in_the_middle_harms_nobody(mock: Mock, http: Callable[..., bytes]) -> None:
    import socket
    from urllib.parse import urlsplit

    parts = urlsplit(mock.url)
    for _ in range(5):
        with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
            connection.sendall(http(BODY)[:-10])

    assert mock.admin("health").json()["status"] == "healthy"


def test_a_web_socket_is_not_opened(mock: Mock) -> None:
    answer = mock.send(
        b"GET /__admin/health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )

    # Without a library for web sockets the server takes it as the GET that it also is.
    assert answer.status in {200, 403}


def test_answers_belong_to_their_questions_when_many_ask_at_once(mock: Mock) -> None:
    """A server that mixes up requests answers most of them with a status that is right."""

    def ask(number: int) -> bool:
        if number % 2:
            window = {"start": "2024-01-03T00:00:00Z"}
            answer = mock.history({"signals": [1000 + number], "timeWindow": window}).json()
            return bool(answer == {"status": "Signals not found", "signals": [1000 + number]})
        answer = mock.backlog({**VALID, "rigName": f"rig {number}"}).json()
        return f"has no rig 'rig {number}'" in answer["failure"]

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(200)))
