"""Two JSON values, compared as WireMock's `equalToJson` does it; the outcome is the list of differences."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mock_server.serving.failure import shorten
from mock_server.serving.schema import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mock_server.admin.deadline import Deadline

PREFIX = "${json-unit."
# What a placeholder stands for, in the words of JsonUnit, which WireMock compares with.
PLACEHOLDERS: dict[str, tuple[tuple[type, ...], str]] = {
    "${json-unit.ignore}": ((object,), "anything"),
    "${json-unit.ignore-element}": ((object,), "anything, or nothing"),
    "${json-unit.any-string}": ((str,), "any string"),
    "${json-unit.any-number}": ((int, float), "any number"),
    "${json-unit.any-boolean}": ((bool,), "true or false"),
}
_MAY_BE_MISSING = "${json-unit.ignore-element}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where what was received is not what was expected.

    Attributes:
        place: Where: `method`, `headers.Accept`, `body`, or `body` and a JSON pointer.
        expected: What was expected there, for a person; None where nothing was.
        actual: What was there; None where nothing was.
    """

    place: str
    expected: str | None
    actual: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two values are compared.

    Numbers are equal by their value, `1` and `1.0` are; members of an object have no order.

    Attributes:
        ignore_array_order: Whether items may be in any order.
        ignore_extra_elements: Whether there may be more members and items than expected.
    """

    ignore_array_order: bool = False
    ignore_extra_elements: bool = False

    def differences(
        self, expected: Any, actual: Any, deadline: Deadline, at: str = ""
    ) -> Iterator[Difference]:
        """Every difference, found as they are asked for.

        Raises:
            TooSlowError: The deadline is over.
        """
        deadline.check()
        if isinstance(expected, str) and expected in PLACEHOLDERS:
            kinds, words = PLACEHOLDERS[expected]
            # To Python a boolean is a number; to JSON it is not.
            if not isinstance(actual, kinds) or (isinstance(actual, bool) and int in kinds):
                yield Difference(at, words, text(actual))
        elif isinstance(expected, dict) and isinstance(actual, dict):
            yield from self._members(expected, actual, deadline, at)
        elif isinstance(expected, list) and isinstance(actual, list):
            if self.ignore_array_order:
                yield from self._unordered(expected, actual, deadline, at)
            else:
                yield from self._ordered(expected, actual, deadline, at)
        elif expected != actual or isinstance(expected, bool) is not isinstance(actual, bool):
            yield Difference(at, text(expected), text(actual))

    def _equal(self, expected: Any, actual: Any, deadline: Deadline) -> bool:
        return next(self.differences(expected, actual, deadline), None) is None

    def _members(
        self, expected: dict[str, Any], actual: dict[str, Any], deadline: Deadline, at: str
    ) -> Iterator[Difference]:
        for name, value in expected.items():
            where = at + pointer([name])
            if name in actual:
                yield from self.differences(value, actual[name], deadline, where)
            elif value != _MAY_BE_MISSING:
                yield Difference(where, text(value), None)
        if not self.ignore_extra_elements:
            for name, value in actual.items():
                if name not in expected:
                    yield Difference(at + pointer([name]), None, text(value))

    def _ordered(
        self, expected: list[Any], actual: list[Any], deadline: Deadline, at: str
    ) -> Iterator[Difference]:
        for number, (one, other) in enumerate(zip(expected, actual, strict=False)):
            yield from self.differences(one, other, deadline, at + pointer([number]))
        for number in range(len(actual), len(expected)):
            yield Difference(at + pointer([number]), text(expected[number]), None)
        if not self.ignore_extra_elements:
            for number in range(len(expected), len(actual)):
                yield Difference(at + pointer([number]), None, text(actual[number]))

    def _unordered(
        self, expected: list[Any], actual: list[Any], deadline: Deadline, at: str
    ) -> Iterator[Difference]:
        partners = self._partners(expected, actual, deadline)
        found = set(partners.values())
        for number, value in enumerate(expected):
            if number not in found:
                yield Difference(at + pointer([number]), text(value), None)
        if not self.ignore_extra_elements:
            for number, value in enumerate(actual):
                if number not in partners:
                    yield Difference(at + pointer([number]), None, text(value))

    def _partners(self, expected: Sequence[Any], actual: Sequence[Any], deadline: Deadline) -> dict[int, int]:
        """For as many items as can be, the expected one that each actual one stands for.

        The first fitting one is not enough: where extra members are ignored, an item can fit several. So an
        item that finds its partners taken lets one of those look for another (augmenting paths).
        """
        fits = [
            [there for there, value in enumerate(actual) if self._equal(wanted, value, deadline)]
            for wanted in expected
        ]
        partners: dict[int, int] = {}
        for start in range(len(expected)):
            # The way back from each actual item that was seen to the expected one that asked for it.
            asked: dict[int, int] = {}
            waiting = [start]
            while waiting:
                deadline.check()
                here = waiting.pop()
                free = None
                for there in fits[here]:
                    if there not in asked:
                        asked[there] = here
                        if there not in partners:
                            free = there
                            break
                        waiting.append(partners[there])
                if free is not None:
                    _rearrange(partners, asked, free, start)
                    break
        return partners


def _rearrange(partners: dict[int, int], asked: dict[int, int], free: int, start: int) -> None:
    before = {here: there for there, here in partners.items()}
    while True:
        here = asked[free]
        partners[free] = here
        if here == start:
            return
        free = before[here]


def text(value: Any) -> str:
    """A JSON value for a person, cut where it is too long."""
    return shorten(json.dumps(value, ensure_ascii=False))
