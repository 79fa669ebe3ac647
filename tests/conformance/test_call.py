from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import engine
from conformance.budget import Limits
from conformance.call import JSON, Absent, Call
from conformance.transport import Transport
from tests.conformance.loopback import Asked, Said, serving
from tests.conformance.targets import LIVERIG, edition, json_values

CONTRACT = edition(LIVERIG, "current")
OPERATION = engine.load(CONTRACT.document, CONTRACT.path, CONTRACT.method)
LIMITS = Limits(max_requests=10, max_accepted=10, timeout=10)


def arrived(call: Call) -> Asked:
    """What a server gets of a call."""
    with serving(lambda _: Said(200)) as target, Transport(target.url, LIMITS, {}) as transport:
        transport.send(call.prepare(OPERATION, target.url))
        (asked,) = target.asked
    return asked


@given(json_values)
def test_a_json_body_is_written_as_it_is(body: Any) -> None:
    prepared = Call("POST", headers={"Content-Type": JSON}, body=body).prepare(OPERATION, "http://a.example")
    assert isinstance(prepared.data, bytes)
    assert json.loads(prepared.data) == body


@given(st.binary())
def test_bytes_are_sent_as_they_are(body: bytes) -> None:
    prepared = Call("POST", headers={"Content-Type": JSON}, body=body).prepare(OPERATION, "http://a.example")
    assert (prepared.data or b"") == body


@pytest.mark.parametrize("base", ["", "/base", "/base/"])
def test_a_path_below_the_base_url_is_kept(base: str) -> None:
    url = Call("POST").prepare(OPERATION, f"http://a.example{base}".rstrip("/")).url
    assert url == f"http://a.example{base.rstrip('/')}{CONTRACT.path}"


@pytest.mark.parametrize(
    "headers, content_type",
    [({"Content-Type": JSON}, JSON), ({"Content-Type": "text/plain"}, "text/plain"), ({}, None)],
)
@pytest.mark.parametrize("body", [{"a": 1}, b"\xff{", Absent.BODY])
def test_the_content_type_is_the_calls_own_or_none(
    headers: dict[str, str], content_type: str | None, body: Any
) -> None:
    asked = arrived(Call("POST", headers=headers, body=body))
    assert {k.lower(): v for k, v in asked.headers.items()}.get("content-type") == content_type


def test_a_request_goes_out_whole() -> None:
    query = (("qualifier", "a b"), ("instance", "ü&="), ("qualifier", "again"))
    call = Call("POST", query, {"Content-Type": JSON, "Authorization": "Bearer t"}, {"wells": {}})
    asked = arrived(call)
    assert asked.method == "POST"
    assert asked.path == f"{CONTRACT.path}?qualifier=a+b&qualifier=again&instance=%C3%BC%26%3D"
    assert json.loads(asked.body) == {"wells": {}}
    assert asked.headers["Authorization"] == "Bearer t"
    assert asked.headers["Content-Length"] == str(len(asked.body))
    assert not [name for name in asked.headers if "schemathesis" in name.lower()]


def test_a_body_in_chunks_has_no_length_and_arrives_whole() -> None:
    asked = arrived(Call("POST", headers={"Content-Type": JSON}, body={"a": "x" * 100}, chunked=True))
    assert asked.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in asked.headers
    assert json.loads(asked.body) == {"a": "x" * 100}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_another_method_goes_to_the_same_address(method: str) -> None:
    asked = arrived(Call(method, (("qualifier", "a"),), {"Content-Type": JSON}, {"a": 1}))
    assert (asked.method, asked.path) == (method, f"{CONTRACT.path}?qualifier=a")


def test_null_is_a_body_and_no_body_is_none() -> None:
    assert Call("POST", body=None).content == b"null"
    assert Call("POST").content is None
    assert arrived(Call("POST", headers={"Content-Type": JSON}, body=None)).body == b"null"
    assert arrived(Call("POST", headers={"Content-Type": JSON})).body == b""
