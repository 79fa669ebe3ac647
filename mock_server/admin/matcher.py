"""What one value of a request is asked for: WireMock's matchers, by their names."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

import re2

from mock_server.admin.comparison import PLACEHOLDERS, PREFIX, Comparison, Difference, text
from mock_server.serving.body import MalformedBodyError, parse
from mock_server.serving.failure import shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mock_server.admin.deadline import Deadline

# RE2 takes time in proportion to the expression's size times the text's; this bounds the size.
REGEX_MEMORY = 256 * 1024
# Two texts are compared letter by letter up to here: enough to say which of two is nearer.
MAX_SIMILAR = 200


class MatcherError(ValueError):
    """The matcher cannot be used; the message says why."""


class Matcher:
    """A question about one value, which the value either answers as a whole or not.

    Attributes:
        expected: What is asked for, for a person.
    """

    def __init__(
        self,
        expected: str,
        test: Callable[[str | None], bool],
        similarity: Callable[[str], float] = lambda _: 0.0,
        *,
        beginning: Callable[[str], bool | None],
    ) -> None:
        """Ask by a test.

        Args:
            expected: What is asked for, for a person.
            test: Whether a value is what is asked for; None is no value at all.
            similarity: How near another value comes, from 0 to 1.
            beginning: Whether each value that begins so is what is asked for, or none is; None where that
                hangs on how it goes on.
        """
        self.expected = expected
        self._test = test
        self._similarity = similarity
        self._beginning = beginning

    def matches(self, value: str | None, deadline: Deadline) -> bool:
        """Whether the value is what is asked for; None is no value at all.

        Raises:
            TooSlowError: The deadline is over.
        """
        deadline.check()
        return self._test(value)

    def decided(self, beginning: str, deadline: Deadline) -> bool | None:
        """Whether a value of which only the beginning is known is what is asked for; None where that hangs on
        how it goes on.

        Raises:
            TooSlowError: The deadline is over.
        """
        deadline.check()
        return self._beginning(beginning)

    def distance(self, value: str | None, deadline: Deadline) -> float:
        """How far away the value is, from 0 (it matches) to 1."""
        if self.matches(value, deadline):
            return 0.0
        # However much is the same, it is not the value.
        return 1.0 if value is None else max(0.01, 1.0 - self._similarity(value))

    def differences(self, value: str | None, deadline: Deadline) -> Iterator[Difference]:
        """What is different, placed from the value's own root."""
        if not self.matches(value, deadline):
            yield Difference("", self.expected, None if value is None else shorten(value))


def equal_to(operand: str, *, case_insensitive: bool = False) -> Matcher:
    """`equalTo`, with `caseInsensitive`."""
    fold = str.casefold if case_insensitive else str
    wanted = fold(operand)
    return Matcher(
        shorten(operand) + (" (in any case)" if case_insensitive else ""),
        lambda value: value is not None and fold(value) == wanted,
        lambda value: _similarity(operand, value),
        beginning=lambda value: None if wanted.startswith(fold(value)) else False,
    )


def containing(operand: str, *, negative: bool = False) -> Matcher:
    """`contains`, or `doesNotContain`, which no value at all is enough for."""
    return Matcher(
        f"{'not containing' if negative else 'containing'} {shorten(operand)}",
        lambda value: (value is not None and operand in value) is not negative,
        beginning=lambda value: not negative if operand in value else None,
    )


def matching(operand: str, *, negative: bool = False) -> Matcher:
    """`matches`, or `doesNotMatch`: the whole value, where a dot is any character.

    The expressions are RE2's: those of Java but for what cannot be decided in linear time, which is to look
    around and to refer back.

    Raises:
        MatcherError: It is no such expression, or too large.
    """
    options = re2.Options()
    options.dot_nl = True
    options.never_capture = True
    options.log_errors = False
    options.max_mem = REGEX_MEMORY
    try:
        expression = re2.compile(operand, options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if error.args else "it cannot be read"
        raise MatcherError(f"is no regular expression of RE2's syntax: {reason}") from None
    # With an alternative, an escape or a flag in it, its end may mean something else.
    open_ended = operand.endswith((".*", ".+")) and not any(mark in operand for mark in ("|", "\\", "(?"))
    return Matcher(
        f"{'not matching' if negative else 'matching'} {shorten(operand)}",
        lambda value: (value is not None and expression.fullmatch(value) is not None) is not negative,
        # What ends in anything goes on to match, once it does.
        beginning=lambda value: not negative if open_ended and expression.fullmatch(value) else None,
    )


def absent() -> Matcher:
    """`absent`."""
    return Matcher("absent", lambda value: value is None, beginning=lambda value: False if value else None)


class EqualToJson(Matcher):
    """`equalToJson`, with `ignoreArrayOrder` and `ignoreExtraElements`.

    Raises:
        MatcherError: The operand is no JSON, or has a placeholder that is not known here.
    """

    def __init__(self, operand: Any, comparison: Comparison) -> None:
        if isinstance(operand, str):
            try:
                operand = parse(operand.encode("utf-8"))
            except MalformedBodyError as error:
                raise MatcherError(f"as a JSON text {error}") from None
        for part in _texts(operand):
            if part.startswith(PREFIX) and part not in PLACEHOLDERS:
                raise MatcherError(
                    f"has the placeholder {text(part)}, which is not supported; there are "
                    + ", ".join(PLACEHOLDERS)
                )
        self.expected = text(operand)
        self._operand = operand
        self._comparison = comparison
        self._size = sum(1 for _ in _nodes(operand))

    def matches(self, value: str | None, deadline: Deadline) -> bool:
        """Whether the value is what is asked for."""
        return next(self.differences(value, deadline), None) is None

    def decided(self, beginning: str, deadline: Deadline) -> bool | None:
        """Whether the value is what is asked for; None where that hangs on how it goes on."""
        text = beginning.lstrip(" \t\r\n")
        first = "{" if isinstance(self._operand, dict) else "[" if isinstance(self._operand, list) else ""
        return None if not text or text.startswith(first) else False

    def distance(self, value: str | None, deadline: Deadline) -> float:
        """How far away the value is: the part of what is expected that is different."""
        return min(1.0, sum(1 for _ in self.differences(value, deadline)) / self._size)

    def differences(self, value: str | None, deadline: Deadline) -> Iterator[Difference]:
        """What is different, each with its JSON pointer."""
        try:
            actual = parse((value or "").encode("utf-8"))
        except MalformedBodyError as error:
            given = None if value is None else f"{shorten(value, 200)} (no JSON: it {error})"
            yield Difference("", self.expected, given)
            return
        yield from self._comparison.differences(self._operand, actual, deadline)


# The members of a matcher that belong to an operator, and make it mean something else.
MODIFIERS = {
    "equalTo": {"caseInsensitive"},
    "equalToJson": {"ignoreArrayOrder", "ignoreExtraElements"},
}
OPERATORS: dict[str, Callable[[Any, dict[str, Any]], Matcher]] = {
    "equalTo": lambda operand, more: equal_to(operand, case_insensitive=more.get("caseInsensitive", False)),
    "contains": lambda operand, _: containing(operand),
    "doesNotContain": lambda operand, _: containing(operand, negative=True),
    "matches": lambda operand, _: matching(operand),
    "doesNotMatch": lambda operand, _: matching(operand, negative=True),
    "equalToJson": lambda operand, more: EqualToJson(
        operand,
        Comparison(more.get("ignoreArrayOrder", False), more.get("ignoreExtraElements", False)),
    ),
    "absent": lambda _, __: absent(),
}


def operator(document: dict[str, Any]) -> str:
    """The one operator of a matcher.

    Raises:
        MatcherError: There is none, or more than one, or a member that belongs to another operator.
    """
    operators = [name for name in document if name in OPERATORS]
    if len(operators) != 1:
        given = " and ".join(operators) or "no operator"
        raise MatcherError(f"has {given}; expected exactly one of {', '.join(OPERATORS)}")
    (name,) = operators
    if strange := document.keys() - {name} - MODIFIERS.get(name, set()):
        raise MatcherError(f"has {', '.join(sorted(strange))}, which means nothing to {name}")
    return name


def matcher(document: dict[str, Any]) -> Matcher:
    """The matcher that a document of the contract's schema `Matcher` describes.

    Raises:
        MatcherError: It has not exactly one operator, or the operand is not one for it.
    """
    name = operator(document)
    return OPERATORS[name](document[name], document)


def _similarity(one: str, other: str) -> float:
    """How much two texts have in common, from 0 to 1; only their first letters are looked at."""
    return SequenceMatcher(None, one[:MAX_SIMILAR], other[:MAX_SIMILAR], autojunk=False).ratio()


def _nodes(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _nodes(part)


def _texts(value: Any) -> Iterator[str]:
    return (part for part in _nodes(value) if isinstance(part, str))
