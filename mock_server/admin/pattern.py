"""Which requests are meant: WireMock's request pattern, with the parts of it that the contract lists.

What is not supported is refused with its name and place, and never taken to match.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mock_server.admin.comparison import Difference
from mock_server.admin.matcher import (
    Matcher,
    MatcherError,
    equal_to,
    matcher,
    matching,
    operator,
)
from mock_server.serving.failure import ContractViolationError, Violation
from mock_server.serving.schema import pointer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mock_server.admin.deadline import Deadline

ANY = "ANY"
# How much a part counts when requests are put in order by how near they come.
_URL_WEIGHT, _METHOD_WEIGHT = 10.0, 3.0
_URLS: dict[str, Callable[[str], Matcher]] = {
    "url": equal_to,
    "urlPattern": matching,
    "urlPath": equal_to,
    "urlPathPattern": matching,
}
_EXISTS = {".*", ".+"}
_CUT = "(cut when it was stored: too long)"
_NOTHING: Sequence[str | None] = (None,)


@dataclass(frozen=True, slots=True)
class Received:
    """A request as a pattern sees it.

    Attributes:
        method: In upper case.
        url: Path and query as they were sent.
        headers: By name in lower case, all values.
        query: The decoded parameters, all values.
        cookies: By name, all values.
        body: The body as text; None where it was empty.
        cut: Whether only the beginning of the body is there.
    """

    method: str
    url: str
    headers: Mapping[str, Sequence[str]]
    query: Mapping[str, Sequence[str]]
    cookies: Mapping[str, Sequence[str]]
    body: str | None
    cut: bool = False

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.url.partition("?")[0]


class CutBodyError(Exception):
    """Whether the request matches hangs on a body of which only the beginning was kept."""


@dataclass(frozen=True, slots=True)
class Miss:
    """How near a request comes to a pattern.

    Attributes:
        distance: From 0 (it matches) to 1.
        differences: All of them, in the order of the parts of a request.
    """

    distance: float
    differences: tuple[Difference, ...]


class RequestPattern:
    """A pattern, read once and ready to be held against many requests."""

    def __init__(
        self, document: Mapping[str, Any], *, is_secret: Callable[[str], bool] = lambda _: False
    ) -> None:
        """Read a document of the contract's schema `RequestPattern`.

        Args:
            document: The pattern; it keeps that schema.
            is_secret: Whether the values of headers and parameters of a name are not kept. Of these, and of
                all cookies, only whether they are there can be asked.

        Raises:
            ContractViolationError: It cannot be used; carries everything that is wrong with it.
        """
        violations: list[Violation] = []
        self._method: str = document.get("method", ANY).upper()
        self._url = _url(document, violations)
        self._on_path = any(name in document for name in ("urlPath", "urlPathPattern"))
        self._headers = _named(document, "headers", violations, is_secret)
        self._query = _named(document, "queryParameters", violations, is_secret)
        self._cookies = _named(document, "cookies", violations, lambda _: True)
        self._bodies: list[Matcher] = []
        for number, each in enumerate(document.get("bodyPatterns", [])):
            if found := _matcher(each, ["bodyPatterns", number], violations):
                self._bodies.append(found)
        if violations:
            raise ContractViolationError(violations)

    def matches(self, request: Received, deadline: Deadline) -> bool:
        """Whether the request is one of those that are meant.

        Raises:
            CutBodyError: Nothing speaks against it, and what does for it hangs on a part of the body that
                was not kept.
            TooSlowError: The deadline is over.
        """
        if self._method not in (ANY, request.method):
            return False
        if self._url and not self._url.matches(self._part_of_url(request), deadline):
            return False
        for _, one, values in self._named_parts(request):
            if not any(one.matches(value, deadline) for value in values or _NOTHING):
                return False
        if not request.cut:
            return all(body.matches(request.body, deadline) for body in self._bodies)
        decided = [body.decided(request.body or "", deadline) for body in self._bodies]
        if None in decided and False not in decided:
            raise CutBodyError
        return all(decided)

    def miss(self, request: Received, deadline: Deadline) -> Miss:
        """How near the request comes, and what is different.

        Raises:
            TooSlowError: The deadline is over.
        """
        parts: list[tuple[float, float]] = []
        differences: list[Difference] = []
        if self._method != ANY:
            same = self._method == request.method
            parts.append((_METHOD_WEIGHT, 0.0 if same else 1.0))
            if not same:
                differences.append(Difference("method", self._method, request.method))
        if self._url:
            given = self._part_of_url(request)
            parts.append((_URL_WEIGHT, self._url.distance(given, deadline)))
            place = "path" if self._on_path else "url"
            differences += _placed(place, self._url.differences(given, deadline))
        for place, one, values in self._named_parts(request):
            # Any of several values is enough, so the nearest one tells most.
            distance, nearest = min(
                ((one.distance(value, deadline), value) for value in values or _NOTHING),
                key=lambda pair: pair[0],
            )
            parts.append((1.0, distance))
            differences += _placed(place, one.differences(nearest, deadline))
        for body in self._bodies:
            if request.cut:
                if body.decided(request.body or "", deadline):
                    parts.append((1.0, 0.0))
                else:
                    parts.append((1.0, 1.0))
                    differences.append(Difference("body", body.expected, _CUT))
            else:
                parts.append((1.0, body.distance(request.body, deadline)))
                differences += _placed("body", body.differences(request.body, deadline))
        whole = sum(weight for weight, _ in parts)
        distance = sum(weight * part for weight, part in parts) / whole if whole else 0.0
        return Miss(distance, tuple(differences))

    def _part_of_url(self, request: Received) -> str:
        return request.path if self._on_path else request.url

    def _named_parts(self, request: Received) -> Iterator[tuple[str, Matcher, Sequence[str]]]:
        for name, one in self._headers.items():
            yield f"headers.{name}", one, request.headers.get(name.lower(), ())
        for name, one in self._query.items():
            yield f"queryParameters.{name}", one, request.query.get(name, ())
        for name, one in self._cookies.items():
            yield f"cookies.{name}", one, request.cookies.get(name, ())


def _url(document: Mapping[str, Any], violations: list[Violation]) -> Matcher | None:
    given = [name for name in _URLS if name in document]
    if len(given) > 1:
        violations.append(Violation("body", "", f"has {' and '.join(given)}; expected at most one of them"))
        return None
    for name in given:
        try:
            return _URLS[name](document[name])
        except MatcherError as error:
            violations.append(Violation("body", pointer([name]), str(error)))
    return None


def _named(
    document: Mapping[str, Any], part: str, violations: list[Violation], is_secret: Callable[[str], bool]
) -> dict[str, Matcher]:
    matchers: dict[str, Matcher] = {}
    for name, each in document.get(part, {}).items():
        if found := _matcher(each, [part, name], violations, secret=is_secret(name)):
            matchers[name] = found
    return matchers


def _matcher(
    document: dict[str, Any], path: list[str | int], violations: list[Violation], *, secret: bool = False
) -> Matcher | None:
    try:
        name = operator(document)
        if secret and name != "absent" and not (name == "matches" and document[name] in _EXISTS):
            raise MatcherError(
                "is a credential, and its value is not kept; whether it is there can be asked by absent, or "
                "by matches with .*"
            )
        return matcher(document)
    except MatcherError as error:
        violations.append(Violation("body", pointer(path), str(error)))
    return None


def _placed(place: str, differences: Iterator[Difference]) -> Iterator[Difference]:
    for difference in differences:
        yield Difference(place + difference.place, difference.expected, difference.actual)
