"""A client chooses its answer, within what the contract documents (RFC 7240)."""

from __future__ import annotations

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


def test_a_wished_success_is_a_real_one(mock: Mock) -> None:
    answer = mock.history(VALID, headers={"Prefer": "code=200"})

    assert answer.json()["outputFile"].startswith(mock.url)


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
        "example=",
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
            st.tuples(st.sampled_from(["example", "other"]), st.text('ab=;," \\ÿ', min_size=1)),
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
