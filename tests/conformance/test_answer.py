from __future__ import annotations

from typing import Any

import pytest

from conformance.answer import Answer, Kind, is_busy, kind_of_status, parse
from conformance.catalogue import Expectation
from tests.conformance.targets import LIVERIG, NORTECH, edition, exchange, target

UUID = "02a7533a-fa69-46fc-9441-7592b9b9cb2a"
HTML = b"<!DOCTYPE html><title>Sign in</title>"
E_ = Expectation

# Status, body, content type; the kind; what it meets of accepted, rejected, refused, unauthorized.
BY_STATUS: list[tuple[int, Any, str | None, Kind]] = [
    (400, {}, "application/json", Kind.INVALID),
    (422, {}, "application/json", Kind.INVALID),
    (400, HTML, "text/html", Kind.INVALID),
    (401, {"status": "Unauthorized"}, "application/json", Kind.UNAUTHORIZED),
    (403, {}, "application/json", Kind.REFUSED),
    (404, {}, "application/json", Kind.NOT_FOUND),
    (405, b"", None, Kind.REFUSED),
    (413, b"", None, Kind.REFUSED),
    (415, b"", None, Kind.REFUSED),
    (418, b"", None, Kind.REFUSED),
    (500, {}, "application/json", Kind.CRASHED),
    (501, {}, "application/json", Kind.CRASHED),
    (599, b"", None, Kind.CRASHED),
    (301, b"", None, Kind.ODD),
    (302, HTML, "text/html", Kind.ODD),
    (304, b"", None, Kind.ODD),
    (200, HTML, "text/html", Kind.ODD),
    (200, HTML, "Text/HTML; charset=utf-8", Kind.ODD),
]
LIVERIG_SUCCESS: list[tuple[int, Any, str | None, Kind]] = [
    (200, {"success": UUID}, "application/json", Kind.ACCEPTED),
    (200, {"success": UUID}, "application/json;charset=UTF-8", Kind.ACCEPTED),
    (200, {"success": UUID}, None, Kind.ACCEPTED),
    (200, {"success": UUID.upper()}, "application/json", Kind.ACCEPTED),
    (200, {"success": UUID, "more": 1}, "application/json", Kind.ACCEPTED),
    (200, {"success": UUID, "failure": "no"}, "application/json", Kind.ACCEPTED),
    (200, {"success": UUID}, "text/html", Kind.ACCEPTED),
    (201, {"success": UUID}, "application/json", Kind.ACCEPTED),
    (200, {"failure": "no such rig"}, "application/json", Kind.FAILURE),
    (200, {"failure": ""}, "application/json", Kind.FAILURE),
    (200, {"failure": "no such rig"}, "text/plain", Kind.FAILURE),
    (200, {"cancel": ""}, "application/json", Kind.ODD),
    (200, {"interrupt": ""}, "application/json", Kind.ODD),
    # What is none of these was not refused: its faults are for the requirements on answers to find.
    (200, {}, "application/json", Kind.ACCEPTED),
    (200, b"not json", "application/json", Kind.ACCEPTED),
    (204, b"", None, Kind.ACCEPTED),
]
NORTECH_SUCCESS: list[tuple[int, Any, str | None, Kind]] = [
    (
        200,
        {"requestId": 1, "status": "Finished", "outputFile": "https://a.example/0.csv"},
        None,
        Kind.ACCEPTED,
    ),
    (202, {"requestId": 1}, "application/json", Kind.ACCEPTED),
    (200, {"failure": "a word of another vendor's"}, "application/json", Kind.ACCEPTED),
    (200, b"", None, Kind.ACCEPTED),
]
MEETS = {
    LIVERIG: {
        E_.ACCEPTED: {Kind.ACCEPTED},
        E_.REJECTED: {Kind.FAILURE, Kind.INVALID, Kind.UNAUTHORIZED, Kind.NOT_FOUND, Kind.REFUSED},
        E_.REFUSED: {Kind.INVALID, Kind.UNAUTHORIZED, Kind.NOT_FOUND, Kind.REFUSED},
        E_.UNAUTHORIZED: {Kind.UNAUTHORIZED},
        E_.EITHER: set(Kind),
    },
    NORTECH: {
        E_.ACCEPTED: {Kind.ACCEPTED},
        # A 401 to a good token says nothing of the body.
        E_.REJECTED: {Kind.INVALID, Kind.NOT_FOUND, Kind.REFUSED},
        E_.REFUSED: {Kind.INVALID, Kind.UNAUTHORIZED, Kind.NOT_FOUND, Kind.REFUSED},
        E_.UNAUTHORIZED: {Kind.UNAUTHORIZED},
        E_.EITHER: set(Kind),
    },
}
REVISIONS = {LIVERIG: ("current", "old"), NORTECH: ("documented", "current")}


@pytest.mark.parametrize(
    "contract_id, status, body, content_type, kind",
    [(LIVERIG, *row) for row in BY_STATUS + LIVERIG_SUCCESS]
    + [(NORTECH, *row) for row in BY_STATUS + NORTECH_SUCCESS],
)
def test_an_answer_is_sorted_into_its_kind(
    contract_id: str, status: int, body: Any, content_type: str | None, kind: Kind
) -> None:
    for revision in REVISIONS[contract_id]:
        of = target(contract_id, revision)
        answer = of.classify(exchange(status, body, content_type))
        assert answer.kind is kind
        for expectation, kinds in MEETS[contract_id].items():
            assert of.meets(expectation, answer) is (kind in kinds), expectation


@pytest.mark.parametrize(
    "contract_id, revision, status, body, kind",
    [
        (LIVERIG, "current", 503, {"error": "Request timed out"}, Kind.CRASHED),
        (NORTECH, "documented", 503, {}, Kind.CRASHED),
        (NORTECH, "documented", 502, {"error": "Request timed out"}, Kind.CRASHED),
        (NORTECH, "documented", 500, {"error": "Request timed out"}, Kind.UNAVAILABLE),
        (NORTECH, "documented", 500, {"error": "Data request failed"}, Kind.CRASHED),
        (NORTECH, "current", 503, {}, Kind.UNAVAILABLE),
        (NORTECH, "current", 500, {"error": "Request timed out"}, Kind.CRASHED),
    ],
)
def test_a_documented_way_to_say_that_there_is_no_time_is_no_crash(
    contract_id: str, revision: str, status: int, body: Any, kind: Kind
) -> None:
    of = target(contract_id, revision)
    answer = of.classify(exchange(status, body, "application/json"))
    assert answer.kind is kind
    assert not of.meets(Expectation.REJECTED, answer)
    assert not of.meets(Expectation.ACCEPTED, answer)


@pytest.mark.parametrize("contract_id", [LIVERIG, NORTECH])
def test_a_failing_server_never_meets_what_is_expected(contract_id: str) -> None:
    of = target(contract_id, REVISIONS[contract_id][0])
    for status in range(500, 600):
        for expectation in set(Expectation) - {Expectation.EITHER}:
            assert not of.meets(expectation, of.classify(exchange(status, {"failure": "no"})))


@pytest.mark.parametrize("contract_id", [LIVERIG, NORTECH])
def test_every_expectation_has_words(contract_id: str) -> None:
    of = target(contract_id, REVISIONS[contract_id][0])
    assert len({of.wording(expectation) for expectation in Expectation}) == len(Expectation)


def test_every_status_has_a_kind_that_is_no_success() -> None:
    for status in range(100, 600):
        assert kind_of_status(status) not in (Kind.ACCEPTED, Kind.FAILURE)


@pytest.mark.parametrize(
    "status, headers, busy",
    [
        (429, {}, True),
        (429, {"Retry_After": "1"}, True),
        (503, {"Retry_After": "99"}, True),
        (503, {}, False),
    ],
)
def test_a_target_is_busy_only_if_it_says_so(status: int, headers: dict[str, str], busy: bool) -> None:
    assert is_busy(exchange(status, b"", None, **headers)) is busy


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 200000,
        b"[" * 900 + b"]" * 900,
        b'{"a":' * 300 + b"1" + b"}" * 300,
        b"9" * 10000,
        b'{"a": NaN}',
        b"[Infinity]",
    ],
)
def test_a_body_that_is_no_json_is_none(body: bytes) -> None:
    assert parse(exchange(200, body)) is None


@pytest.mark.parametrize(
    "body, document",
    [
        (b'{"a": [1, null]}', {"a": [1, None]}),
        (rb'{"failure": "\ud83d\ude00"}', {"failure": "\U0001f600"}),
        (rb'{"failure\ud800": "\udfff!"}', {"failure?": "?!"}),
        (b"[" * 100 + b"]" * 100, None),
    ],
)
def test_whatever_an_answer_says_the_contract_can_judge_it(body: bytes, document: Any) -> None:
    parsed = parse(exchange(200, body))
    assert document is None or parsed == document
    assert edition(LIVERIG, "current").answer_violations("Accepted", parsed)


def test_the_media_type_has_neither_case_nor_parameters() -> None:
    given = exchange(200, b"", "Application/JSON ; charset=utf-8")
    assert Answer(given, Kind.ACCEPTED, None).media_type == "application/json"
    assert Answer(exchange(200, b"", None), Kind.ACCEPTED, None).media_type == ""


def test_the_text_of_an_answer_is_one_short_line_without_what_differs_between_runs() -> None:
    body = b'{"success":\n"%s", "at": "2026-11-21T06:00:00.123Z", "requestId": 17, "s": "%s"}'
    texts = {
        Answer(exchange(200, body % (uuid.encode(), b"x" * 500)), Kind.ACCEPTED, None, ("requestId",)).text
        for uuid in (UUID, UUID.upper().replace("0", "1"))
    }
    (text,) = texts
    assert "\n" not in text
    assert len(text) < 400
    assert "<uuid>" in text
    assert "<instant>" in text
    assert "17" not in text


def test_the_volatile_members_of_either_vendor_are_masked() -> None:
    nortech = target(NORTECH, "documented")
    first, second = (
        nortech.classify(
            exchange(
                200, {"requestId": n, "status": "Finished", "outputFile": f"https://a.example/{n}/0.csv"}
            )
        )
        for n in (1, 2)
    )
    assert first.text == second.text
