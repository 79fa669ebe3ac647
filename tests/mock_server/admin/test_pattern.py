"""Request patterns: what they match, how near something comes, and what is refused."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.admin.deadline import Deadline, TooSlowError
from mock_server.admin.pattern import CutBodyError, Received, RequestPattern
from mock_server.serving.failure import ContractViolationError

if TYPE_CHECKING:
    from collections.abc import Mapping


def is_secret(name: str) -> bool:
    return name.lower() in {"authorization", "cookie"}


def received(
    method: str = "POST",
    url: str = "/a/b?x=1&x=2&y=z",
    headers: Mapping[str, list[str]] | None = None,
    body: str | None = None,
    *,
    cut: bool = False,
) -> Received:
    return Received(
        method=method,
        url=url,
        headers={"accept": ["text/csv", "application/json"], "authorization": ["Bearer ***"]}
        if headers is None
        else headers,
        query={"x": ["1", "2"], "y": ["z"]},
        cookies={"JSESSIONID": ["***"]},
        body=body,
        cut=cut,
    )


def deadline() -> Deadline:
    return Deadline(60)


def matches(pattern: dict[str, Any], request: Received) -> bool:
    """Whether the pattern matches; what it says of a miss must agree."""
    read = RequestPattern(pattern, is_secret=is_secret)
    found = read.matches(request, deadline())
    miss = read.miss(request, deadline())
    assert 0.0 <= miss.distance <= 1.0
    assert found is (miss.distance == 0.0) is (not miss.differences)
    return found


def matches_body(matcher: dict[str, Any], body: str | None) -> bool:
    return matches({"bodyPatterns": [matcher]}, received(body=body))


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        {"method": "ANY"},
        {"method": "POST"},
        {"method": "post"},
        {"url": "/a/b?x=1&x=2&y=z"},
        {"urlPattern": "/a/.*z"},
        {"urlPath": "/a/b"},
        {"urlPathPattern": "/[a-z]/b"},
        {"headers": {"Accept": {"equalTo": "text/csv"}}},
        {"headers": {"ACCEPT": {"contains": "json"}}},
        {"headers": {"accept": {"doesNotContain": "xml"}}},
        {"headers": {"X-Other": {"absent": True}}},
        {"headers": {"X-Other": {"doesNotMatch": ".*"}}},
        {"headers": {"Authorization": {"matches": ".*"}}},
        {"queryParameters": {"x": {"equalTo": "2"}, "y": {"equalTo": "Z", "caseInsensitive": True}}},
        {"cookies": {"JSESSIONID": {"matches": ".+"}, "other": {"absent": True}}},
        {"bodyPatterns": [{"absent": True}, {"doesNotContain": "x"}]},
    ],
    ids=str,
)
def test_a_pattern_matches_what_it_describes(pattern: dict[str, Any]) -> None:
    assert matches(pattern, received())


@pytest.mark.parametrize(
    "pattern, place, expected, actual",
    [
        ({"method": "GET"}, "method", "GET", "POST"),
        ({"url": "/a/b"}, "url", "/a/b", "/a/b?x=1&x=2&y=z"),
        ({"urlPattern": "/a/"}, "url", "matching /a/", "/a/b?x=1&x=2&y=z"),
        ({"urlPath": "/a"}, "path", "/a", "/a/b"),
        ({"urlPathPattern": "a|b"}, "path", "matching a|b", "/a/b"),
        ({"headers": {"Accept": {"equalTo": "text/xml"}}}, "headers.Accept", "text/xml", "text/csv"),
        ({"headers": {"X": {"equalTo": "1"}}}, "headers.X", "1", None),
        ({"headers": {"X": {"contains": ""}}}, "headers.X", "containing ", None),
        ({"headers": {"Authorization": {"absent": True}}}, "headers.Authorization", "absent", "Bearer ***"),
        ({"queryParameters": {"y": {"equalTo": "Z"}}}, "queryParameters.y", "Z", "z"),
        ({"cookies": {"other": {"matches": ".*"}}}, "cookies.other", "matching .*", None),
        ({"bodyPatterns": [{"matches": ".*"}]}, "body", "matching .*", None),
        ({"bodyPatterns": [{"equalToJson": "{}"}]}, "body", "{}", None),
    ],
    ids=str,
)
def test_what_does_not_match_is_told_with_its_place(
    pattern: dict[str, Any], place: str, expected: str, actual: str | None
) -> None:
    assert not matches(pattern, received())

    (difference,) = RequestPattern(pattern, is_secret=is_secret).miss(received(), deadline()).differences
    assert (difference.place, difference.expected, difference.actual) == (place, expected, actual)


def test_a_value_that_begins_alike_is_not_taken_for_the_same() -> None:
    long = "x" * 300

    assert not matches({"headers": {"x": {"equalTo": long + "1"}}}, received(headers={"x": [long + "2"]}))


def test_the_nearer_url_is_nearer() -> None:
    pattern = RequestPattern({"method": "POST", "urlPath": "/api/v1/historical-data/sync"})

    distances = [
        pattern.miss(received(url=url), deadline()).distance
        for url in ("/api/v1/historical-data/sync", "/api/v1/historical-data/async", "/api/v1", "/")
    ]

    assert distances == sorted(set(distances))
    assert distances[0] == 0.0


PIECES = st.sampled_from(
    ["a", "b", ".", "[ab]", "[^a]", "a|b", "(a|bb)", "\n", r"\n", "b?", "a*", "(?:ab)+", ""]
)


@given(st.lists(PIECES, max_size=6).map("".join), st.text("ab\n", max_size=8))
def test_an_expression_must_match_the_whole_and_a_dot_is_any_character(expression: str, text: str) -> None:
    expected = re.fullmatch(expression, text, re.DOTALL) is not None

    # An empty body is no body (WireMock), so a header holds the text.
    request = received(headers={"x": [text]})
    assert matches({"headers": {"x": {"matches": expression}}}, request) is expected
    assert matches({"headers": {"x": {"doesNotMatch": expression}}}, request) is not expected


@pytest.mark.parametrize("expression", ["(a+)+b", "(a|a)*b", "(.*.*.*)*b", "(a?){200}a{200}b"])
def test_no_expression_takes_long(expression: str) -> None:
    # One entry of the journal is at most this long; backtracking would not end today.
    assert not matches({"bodyPatterns": [{"matches": expression}]}, received(body="a" * 16384))


leaves = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab$", max_size=3)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab/~", max_size=2), inner),
    max_leaves=8,
)


def shuffled(value: Any, draw: Any, *, arrays: bool, extra: bool) -> Any:
    """The value with its members in another order, and what else makes no difference."""
    if isinstance(value, dict):
        names = draw(st.permutations(list(value)))
        changed = {name: shuffled(value[name], draw, arrays=arrays, extra=extra) for name in names}
        return {**changed, "not expected": draw(leaves)} if extra else changed
    if isinstance(value, list):
        items = [shuffled(item, draw, arrays=arrays, extra=extra) for item in value]
        if extra:
            items.append(draw(leaves))
        return draw(st.permutations(items)) if arrays else items
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(st.data(), values, st.booleans(), st.booleans())
def test_what_is_to_be_ignored_makes_no_difference(
    data: st.DataObject, value: Any, arrays: bool, extra: bool
) -> None:
    matcher = {"equalToJson": json.dumps(value), "ignoreArrayOrder": arrays, "ignoreExtraElements": extra}

    assert matches_body(matcher, json.dumps(shuffled(value, data.draw, arrays=arrays, extra=extra)))


@given(values, values)
def test_without_anything_to_ignore_only_the_same_value_is_equal(one: Any, other: Any) -> None:
    # JSON texts with sorted members are the same exactly where the values are; no floats here.
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    assert matches_body({"equalToJson": json.dumps(one)}, json.dumps(other)) is same


objects = st.dictionaries(st.sampled_from("ab"), st.integers(0, 1), max_size=2)


@given(st.lists(objects, max_size=4), st.lists(objects, max_size=4), st.booleans())
def test_in_any_order_each_item_has_a_partner_of_its_own(
    expected: list[dict[str, int]], actual: list[dict[str, int]], extra: bool
) -> None:
    def fits(wanted: dict[str, int], given: dict[str, int]) -> bool:
        return given.items() >= wanted.items() if extra else given == wanted

    enough = len(actual) >= len(expected) if extra else len(actual) == len(expected)
    possible = enough and any(
        all(map(fits, expected, chosen)) for chosen in itertools.permutations(actual, len(expected))
    )

    matcher = {"equalToJson": json.dumps(expected), "ignoreArrayOrder": True, "ignoreExtraElements": extra}
    assert matches_body(matcher, json.dumps(actual)) is possible


@pytest.mark.parametrize(
    "expected, actual, same",
    [
        ({"a": 1}, '{"a": 1.0}', True),
        ({"a": 1}, '{"a": true}', False),
        ({"a": 0}, '{"a": false}', False),
        ({"a": None}, "{}", False),
        ({"a": "${json-unit.ignore}"}, '{"a": null}', True),
        ({"a": "${json-unit.ignore}"}, "{}", False),
        ({"a": "${json-unit.ignore-element}"}, "{}", True),
        ({"a": "${json-unit.any-string}"}, '{"a": "1"}', True),
        ({"a": "${json-unit.any-string}"}, '{"a": 1}', False),
        ({"a": "${json-unit.any-number}"}, '{"a": 1.5}', True),
        ({"a": "${json-unit.any-number}"}, '{"a": true}', False),
        ({"a": "${json-unit.any-boolean}"}, '{"a": false}', True),
        ({"a": "${json-unit.any-boolean}"}, '{"a": 0}', False),
        ({"a": 1}, "[" * 10000, False),
        ({"a": 1}, '{"a": 1, "a": 1}', False),
        ("[1, 2]", "[1, 2]", True),
        ("[1, 2]", "[2, 1]", False),
    ],
)
def test_json_is_compared_by_its_meaning(expected: Any, actual: str, same: bool) -> None:
    assert matches_body({"equalToJson": expected}, actual) is same


def test_a_difference_in_json_is_told_with_its_pointer() -> None:
    expected = {"signals": [1, 2], "timeWindow": {"start": "a"}, "format": "csv"}
    actual = {"signals": [1, 3, 4], "timeWindow": {"start": "b"}, "x/y": None}
    pattern = RequestPattern({"bodyPatterns": [{"equalToJson": expected}]})

    miss = pattern.miss(received(body=json.dumps(actual)), deadline())

    assert [(each.place, each.expected, each.actual) for each in miss.differences] == [
        ("body/signals/1", "2", "3"),
        ("body/signals/2", None, "4"),
        ("body/timeWindow/start", '"a"', '"b"'),
        ("body/format", '"csv"', None),
        ("body/x~1y", None, "null"),
    ]


def test_a_body_that_was_cut_is_no_ground_for_a_verdict() -> None:
    cut = received(body='{"a": 1', cut=True)
    body = {"bodyPatterns": [{"contains": "b"}]}

    with pytest.raises(CutBodyError):
        RequestPattern(body).matches(cut, deadline())
    assert not RequestPattern({**body, "method": "GET"}).matches(cut, deadline())
    assert RequestPattern({"method": "POST"}).matches(cut, deadline())
    assert RequestPattern(body).miss(cut, deadline()).differences[0].actual == (
        "(cut when it was stored: too long)"
    )


JSONS = st.sampled_from(["{}", " {} ", '{"a": 1}', "[]", "[1]", "1", '"a"'])
MATCHERS = st.one_of(
    st.fixed_dictionaries({"contains": st.text("ab", max_size=3)}),
    st.fixed_dictionaries({"doesNotContain": st.text("ab", max_size=3)}),
    st.fixed_dictionaries({"equalTo": st.text("aAb", max_size=6), "caseInsensitive": st.booleans()}),
    *(
        st.lists(st.one_of(PIECES, st.sampled_from([".*", ".+", "|", r"\.*", "[.*]"])), max_size=6)
        .map("".join)
        .map(lambda expression, name=name: {name: expression})  # type: ignore[misc]
        for name in ("matches", "doesNotMatch")
    ),
    JSONS.map(lambda value: {"equalToJson": value}),
    st.just({"absent": True}),
)
BODIES = st.one_of(st.text("aAb.*", min_size=1, max_size=6), JSONS)


@given(st.lists(MATCHERS, min_size=1, max_size=2), BODIES, st.integers(0, 6))
def test_the_beginning_of_a_body_decides_nothing_that_its_rest_could_change(
    matchers: list[dict[str, Any]], body: str, kept: int
) -> None:
    pattern = {"bodyPatterns": matchers}
    try:
        decided = matches(pattern, received(body=body[:kept] or None, cut=True))
    except CutBodyError:
        return
    assert decided is matches(pattern, received(body=body))


@pytest.mark.parametrize(
    "matcher, decided",
    [
        ({"contains": '"a"'}, True),
        ({"doesNotContain": '"a"'}, False),
        ({"equalTo": '{"b": 1}'}, False),
        ({"equalTo": '{"A": 2}', "caseInsensitive": True}, False),
        ({"matches": ".*"}, True),
        ({"matches": r'.*"a".+'}, True),
        ({"doesNotMatch": ".*"}, False),
        ({"equalToJson": []}, False),
        ({"absent": True}, False),
        ({"contains": "b"}, None),
        ({"doesNotContain": "b"}, None),
        ({"equalTo": '{"a": 12}'}, None),
        ({"matches": ".*}"}, None),
        ({"equalToJson": {"a": 1}}, None),
    ],
    ids=str,
)
def test_a_body_that_was_cut_decides_what_it_can(matcher: dict[str, Any], decided: bool | None) -> None:
    cut = received(body='{"a": 1', cut=True)

    if decided is None:
        with pytest.raises(CutBodyError):
            matches({"bodyPatterns": [matcher]}, cut)
    else:
        assert matches({"bodyPatterns": [matcher]}, cut) is decided
    # What speaks against it is enough.
    assert not matches({"bodyPatterns": [matcher, {"absent": True}]}, cut)


def test_a_question_that_takes_too_long_is_given_up() -> None:
    many = [{"a": number} for number in range(3000)]
    pattern = {"bodyPatterns": [{"equalToJson": json.dumps(many), "ignoreArrayOrder": True}]}

    with pytest.raises(TooSlowError):
        RequestPattern(pattern).matches(received(body=json.dumps(many[::-1])), Deadline(0.05))


@pytest.mark.parametrize(
    "pattern, violation",
    [
        ({"url": "/", "urlPath": "/"}, "body: has url and urlPath; expected at most one of them"),
        ({"urlPattern": "("}, "urlPattern: is no regular expression of RE2's syntax: missing ): ("),
        ({"urlPathPattern": "(?=a)"}, "urlPathPattern: is no regular expression"),
        ({"headers": {"X": {"matches": r"(a)\1"}}}, "headers.X: is no regular expression"),
        ({"headers": {"X": {"matches": "(((a{100}){100}){100})"}}}, "headers.X: is no regular expression"),
        ({"headers": {"X": {}}}, "headers.X: has no operator; expected exactly one of equalTo, contains,"),
        (
            {"headers": {"X": {"equalTo": "1", "contains": "1"}}},
            "headers.X: has equalTo and contains; expected exactly one of",
        ),
        (
            {"headers": {"X": {"contains": "1", "caseInsensitive": True}}},
            "headers.X: has caseInsensitive, which means nothing to contains",
        ),
        ({"headers": {"AUTHORIZATION": {"equalTo": "Bearer x"}}}, "headers.AUTHORIZATION: is a credential"),
        ({"cookies": {"JSESSIONID": {"doesNotMatch": ".*"}}}, "cookies.JSESSIONID: is a credential"),
        ({"bodyPatterns": [{"equalToJson": "{"}]}, "bodyPatterns[0]: as a JSON text is not valid JSON"),
        ({"bodyPatterns": [{"equalToJson": '{"a": 1, "a": 2}'}]}, "bodyPatterns[0]: as a JSON text has the"),
        (
            {"bodyPatterns": [{"absent": True}, {"equalToJson": {"a": "${json-unit.regex}[A-Z]"}}]},
            'bodyPatterns[1]: has the placeholder "${json-unit.regex}[A-Z]", which is not supported',
        ),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused_with_its_place(pattern: dict[str, Any], violation: str) -> None:
    with pytest.raises(ContractViolationError) as refused:
        RequestPattern(pattern, is_secret=is_secret)

    assert str(refused.value).startswith(violation)


def test_all_that_is_wrong_with_a_pattern_is_told_at_once() -> None:
    pattern = {"urlPattern": "(", "headers": {"X": {}}, "bodyPatterns": [{"matches": "["}]}

    with pytest.raises(ContractViolationError) as refused:
        RequestPattern(pattern)

    assert [each.pointer for each in refused.value.violations] == [
        "/urlPattern",
        "/headers/X",
        "/bodyPatterns/0",
    ]
