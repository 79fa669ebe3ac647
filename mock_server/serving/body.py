"""JSON bodies, read strictly: what two parsers could understand differently is refused."""

from __future__ import annotations

import json
from typing import Any

import orjson

MAX_DEPTH = 64
_TOO_DEEP = f"is nested deeper than {MAX_DEPTH} levels"
_NESTING = {dict, list}
# Beyond 64 bits JSON readers disagree on what number it is (RFC 8259, section 6).
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**64 - 1


class MalformedBodyError(Exception):
    """The bytes are not a JSON text that all parsers read alike; the message says why."""


def parse(body: bytes) -> Any:
    """The value of a JSON text in UTF-8.

    Raises:
        MalformedBodyError: The text is empty, not UTF-8, not JSON (NaN and Infinity are not), nested deeper
            than 64, has a member twice in an object, half a surrogate pair, or a number that no 64-bit type
            holds.
    """
    if not body.strip(b" \t\r\n"):
        raise MalformedBodyError("is missing")
    try:
        # The strict parser decides what is JSON; the rest only looks for what this one forgives.
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedBodyError(_malformed(body, error)) from None
    # A short look at the text spares most values a long one.
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_too_deep(value):
        raise MalformedBodyError(_TOO_DEEP)
    if _is_plain(body, value):
        return value
    try:
        return json.loads(body, object_pairs_hook=_unique, parse_int=_bounded)
    except RecursionError:
        # In what the value lacks, since the same member came once more.
        raise MalformedBodyError(_TOO_DEEP) from None


def _malformed(body: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as odd:
        return f"is not valid UTF-8: byte {odd.start} is 0x{body[odd.start]:02x}; expected JSON in UTF-8"
    return f"is not valid JSON: {error}"


def _is_plain(body: bytes, value: Any) -> bool:
    """Whether the value is surely all that the valid JSON text says: no name twice, no number cut short.

    It is where it stands as we would write the value. Else, where no quote is escaped and no blank stands
    before a colon, each member of an object in the text has its own `":`. So if there are no more of these
    than members in the value, none was given twice. An integer beyond 64 bits has become a float in the
    value.
    """
    if orjson.dumps(value) == body:
        return True
    if b"\\" in body or b" :" in body or b"\t:" in body or b"\n:" in body or b"\r:" in body:
        return False
    members = 0
    rest = [value]
    while rest:
        each = rest.pop()
        kind = type(each)
        if kind is dict:
            members += len(each)
            rest += each.values()
        elif kind is list:
            rest += each
        elif kind is float:
            return False
    return members == body.count(b'":')


def _is_too_deep(value: Any) -> bool:
    """Whether it is, level by level: in a thread, others go on meanwhile."""
    level: list[Any] = [[value]]
    for _ in range(MAX_DEPTH + 1):
        level = [
            part
            for each in level
            for part in (each.values() if type(each) is dict else each)
            if type(part) in _NESTING
        ]
        if not level:
            return False
    return True


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise MalformedBodyError(f"has the member {twice!r} more than once in one object")
    return members


def _bounded(digits: str) -> int:
    # int() on thousands of digits is refused by Python itself, so look at the length first.
    value = int(digits) if len(digits) <= 20 else MAX_INTEGER + 1
    if not MIN_INTEGER <= value <= MAX_INTEGER:
        shown = digits if len(digits) <= 40 else f"{digits[:40]}…"
        raise MalformedBodyError(
            f"has an integer beyond 64 bits, {shown}; expected one from {MIN_INTEGER} to {MAX_INTEGER}"
        )
    return value
