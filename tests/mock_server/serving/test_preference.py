"""A client chooses its answer, within what the contract documents (RFC 7240)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from mock_server.serving.preference import Preference, preference
from mock_server.settings import DEMO_TOKEN

if TYPE_CHECKING:
    from tests.mock_server.conftest import Contract, Mock

VALID = {"signals": [1], "timeWindow": {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:00:05Z"}}


def documented(contract: Contract) -> list[tuple[str, str, dict[str, Any]]]:
    """Each answer that the contract has an example of: status, name, body."""
    return [
        (status, name, example["value"])
        for status, response in contract.operation["responses"].items()
        for name, example in response["content"]["application/json"]["examples"].items()
    ]


def wishing(mock: Mock, vendor: str, wish: str) -> requests.Response:
    """A valid request with that preference; its answer keeps the contract, or this fails."""
    if vendor == "nortech":
        return mock.history(VALID, headers={"Prefer": wish})
    return mock.backlog(mock.liverig.examples()["dateTimeLog"], headers={"Prefer": wish})


def same(answer: requests.Response, example: dict[str, Any]) -> bool:
    """Whether the answer is that example, but for the ids and the address, which are its own."""
    own = {"requestId", "success", "outputFile"}
    body = answer.json()
    if isinstance(example.get("details"), dict):
        # The current revision of Nortech's names a failed request there.
        body, example = ({**each, **each["details"], "details": None} for each in (body, example))
    assert all(body[name] != value for name, value in example.items() if name in own - {"outputFile"})
    return {name: body.get(name) for name in example if name not in own} == {
        name: value for name, value in example.items() if name not in own
    } and body.keys() == example.keys()


@pytest.mark.parametrize("vendor", ["liverig", "nortech"])
def test_each_documented_answer_can_be_had_by_code_and_example(any_mock: Mock, vendor: str) -> None:
    for status, name, example in documented(getattr(any_mock, vendor)):
        code = status.replace("XX", "22")

        answer = wishing(any_mock, vendor, f"code={code}, example={name}")

        assert answer.status_code == int(code)
        assert answer.headers["Preference-Applied"] == f"code={code}, example={name}"
        assert same(answer, example)
        assert ("WWW-Authenticate" in answer.headers) == (code == "401")


@pytest.mark.parametrize("vendor", ["liverig", "nortech"])
def test_an_example_alone_is_looked_for_among_all_answers(any_mock: Mock, vendor: str) -> None:
    answers = documented(getattr(any_mock, vendor))
    for status, name, example in answers:
        if next(known[0] for known in answers if known[1] == name) != status:
            continue

        answer = wishing(any_mock, vendor, f"example={name}")

        assert answer.status_code == int(status.replace("XX", "00"))
        assert answer.headers["Preference-Applied"] == f"example={name}"
        assert same(answer, example)


@pytest.mark.parametrize("vendor", ["liverig", "nortech"])
def test_a_code_alone_is_met_by_an_answer_of_that_code(any_mock: Mock, vendor: str) -> None:
    for status in getattr(any_mock, vendor).operation["responses"]:
        code = status.replace("XX", "09")

        answer = wishing(any_mock, vendor, f"code={code}")

        assert answer.status_code == int(code)
        assert answer.headers["Preference-Applied"] == f"code={code}"


def test_each_documented_answer_of_the_other_operations_can_be_had(other_mock: Mock) -> None:
    document = other_mock.nortech.document
    known = other_mock.history(VALID).json()["requestId"]
    seen = 0
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if path == other_mock.nortech.path:
                continue
            for status, response in operation["responses"].items():
                content = response["content"]["application/json"]
                schema = {**content["schema"], "components": document["components"]}
                for name in content["examples"]:
                    answer = requests.request(
                        method,
                        other_mock.url + path.replace("{requestId}", str(known)),
                        headers={
                            "Authorization": f"Bearer {DEMO_TOKEN}",
                            "Prefer": f"code={status}, example={name}",
                        },
                        json=VALID if method == "post" else None,
                        timeout=30,
                    )

                    assert answer.status_code == int(status)
                    assert answer.headers["Preference-Applied"] == f"code={status}, example={name}"
                    jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(answer.json())
                    seen += 1
    assert seen > 8


def test_a_wished_refusal_has_the_headers_that_http_wants_with_it(mock: Mock) -> None:
    assert wishing(mock, "liverig", "code=401").headers["WWW-Authenticate"].startswith("Basic realm=")
    assert wishing(mock, "nortech", "code=401").headers["WWW-Authenticate"] == "Bearer"
    assert wishing(mock, "liverig", "code=405").headers["Allow"] == "POST"


def test_failed_requests_have_ids_of_their_own(mock: Mock) -> None:
    wishes: list[dict[str, Any]] = [{"Prefer": "code=500"}, {}, {"Prefer": "code=500; example=timedOut"}, {}]

    ids = [mock.history(VALID, headers=wish).json()["requestId"] for wish in wishes]

    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("wish", ["code=200", "example=finished", "code=200, example=finished"])
def test_a_wished_success_is_a_real_one(any_mock: Mock, wish: str) -> None:
    link = any_mock.history(VALID, headers={"Prefer": wish}).json()["outputFile"]

    assert link.startswith(any_mock.url)
    assert requests.get(link, timeout=30).status_code == 200


def ask(mock: Mock, wish: str, request: str = "async", **options: Any) -> requests.Response:
    """A request of the current revision's other operations."""
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}~wishing", "Prefer": wish}
    url = f"{mock.url}/api/v1/historical-data/{request}"
    method = "post" if options else "get"
    return requests.request(method, url, headers=headers, timeout=30, **options)


def test_a_wish_about_a_known_request_is_answered_with_that_request(other_mock: Mock) -> None:
    began = ask(other_mock, "example=finished", json=VALID).json()
    assert requests.get(began["outputFile"], timeout=30).status_code == 200
    failed = ask(other_mock, "code=503", json=VALID).json()["details"]["requestId"]

    for name, status in (("finished", "Finished"), ("running", "Running"), ("failed", "Failed")):
        told = ask(other_mock, f"code=200, example={name}", began["requestId"]).json()

        assert (told["requestId"], told["status"]) == (began["requestId"], status)
        if name != "failed":
            assert requests.get(told["outputFile"], timeout=30).status_code == 200
            refused = ask(other_mock, f"example={name}", failed)
            assert refused.status_code == 400
            assert f"request {failed}, which is Failed" in refused.json()["details"]
    # None of these has used up an id.
    assert ask(other_mock, "code=200", json=VALID).json()["requestId"] == failed + 1


def test_no_answer_says_that_a_file_is_there_before_it_is(other_mock: Mock) -> None:
    own = {"headers": {"X-Histdata-Session": "wishing"}}
    other_mock.admin("clock", "PUT", json={"mode": "manual"}, **own)
    other_mock.admin("settings", "PATCH", json={"nortech": {"valuesPerSecond": 1}}, **own)
    running = ask(other_mock, "code=200", json=VALID).json()
    other_mock.admin("settings", "PATCH", json={"nortech": None}, **own)
    try:
        assert running["status"] == "Running"
        assert ask(other_mock, "example=finished", running["requestId"]).status_code == 400
        assert ask(other_mock, "example=running", running["requestId"]).json()["status"] == "Running"
    finally:
        other_mock.admin("clock", "PUT", json={"mode": "time"}, **own)


@pytest.mark.parametrize("wish", ["code=200", "code=200, example=finished", "example=failed"])
def test_a_success_that_a_request_cannot_have_is_refused_with_a_word_on_the_wish(
    other_mock: Mock, wish: str
) -> None:
    refused = ask(other_mock, wish, "9007199254740991")

    assert refused.status_code == 404
    assert refused.json() == {"status": "Request not found"}
    assert "Preference-Applied" not in refused.headers
    (told,) = json.loads(refused.headers["X-Histdata-Violations"])
    assert told["pointer"] == "/prefer"
    assert told["message"] == f"{wish} is not met: this request is answered 404"


def test_a_wished_job_is_a_job(mock: Mock) -> None:
    for wish in ("code=200", "example=accepted", "code=200, example=accepted"):
        job = wishing(mock, "liverig", wish).json()["success"]

        assert mock.admin(f"jobs/{job}").status_code == 200


def test_a_wish_does_not_excuse_a_wrong_request(mock: Mock) -> None:
    for wish in ("code=500", "code=200", "example=timedOut"):
        answer = mock.history({}, headers={"Prefer": wish})

        assert answer.status_code == 400
        assert "Preference-Applied" not in answer.headers


@pytest.mark.parametrize(
    "wish, told",
    [
        ("code=418", "code=418 is not documented for this operation; there are 200, 400, 401, 404, 500"),
        ("code=abc", "'abc'"),
        ("code", "''"),
        ("code=٤٠٤".encode(), "is not an HTTP status"),
        ("code=404, example=nothing", "'nothing' is not one of"),
        ("example=nothing", "'nothing' is not one of"),
        ("example=", "'' is not one of"),
        ("code=404, example=", "'' is not one of"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_with_what_there_is(
    mock: Mock, wish: str | bytes, told: str
) -> None:
    answer = mock.history(VALID, headers={"Prefer": wish})

    assert answer.status_code == 400
    assert "Preference-Applied" not in answer.headers
    (error,) = answer.json()["errors"]
    assert error["location"] == "headers"
    assert told in error["error"]


@pytest.mark.parametrize(
    "wish",
    [
        "",
        "respond-async",
        "wait=10",
        ";;,=",
        'return="minimal"',
        "dynamic=true",
        'note="a, code=404"',
        'note="code=404; \\"example=x',
        "x" + " " * 60_000 + "=",
        '"\\' * 30_000,
    ],
)
def test_other_preferences_are_ignored(mock: Mock, wish: str) -> None:
    answer = mock.history(VALID, headers={"Prefer": wish})

    assert answer.status_code == 200
    assert "Preference-Applied" not in answer.headers


@pytest.mark.parametrize(
    "wish",
    [
        "code=404, example=noData",
        "code=404;example=noData",
        'CODE="404" , Example = "noData"',
        'respond-async, x="a,b;c", code=404, example="no\\Data"',
        "code=404, example=noData, code=500, example=other",
    ],
)
def test_the_same_wish_in_other_words(wish: str) -> None:
    assert preference([(b"prefer", wish.encode())]) == Preference(404, "noData")


def test_a_wish_may_be_spread_over_headers() -> None:
    lines = [b"code=404", b'x="never closed', b"example=noData"]

    assert preference([(b"prefer", line) for line in lines]) == Preference(404, "noData")


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("code"), st.sampled_from(["200", "404", "599"])),
            st.tuples(st.sampled_from(["example", "other"]), st.text('ab=;," \\ÿ')),
        )
    ),
    st.sampled_from([", ", ";", " ,; "]),
)
def test_quotes_keep_together_what_is_in_them(items: list[tuple[str, str]], between: str) -> None:
    escaped = [(name, re.sub(r'(["\\])', r"\\\1", value)) for name, value in items]
    line = between.join(f'{name}="{value}"' for name, value in escaped)

    first = dict(reversed(items))
    found = preference([(b"prefer", line.encode("latin-1"))])

    if "code" in first or "example" in first:
        assert found == Preference(int(first["code"]) if "code" in first else None, first.get("example"))
    else:
        assert found is None
