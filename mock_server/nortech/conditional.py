"""Preconditions and ranges of a request for a file, as RFC 9110 has them (sections 13 and 14)."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.datastructures import Headers

_TAG = re.compile(r'(?:W/)?"[^"]*"')
_RANGES = re.compile(r"bytes=\s*(.*)", re.IGNORECASE)
_RANGE = re.compile(r"([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


class UnsatisfiableError(Exception):
    """No byte of the file is in the ranges asked for."""


def precondition(headers: Headers, etag: str, modified_s: int) -> int | None:
    """The status that the preconditions of a GET or HEAD lead to: 412, 304, or None where they hold.

    Args:
        headers: The request's.
        etag: The file's entity tag, a strong one.
        modified_s: When it was last modified, in seconds of the Unix epoch.
    """
    if "if-match" in headers:
        if not _matches(headers["if-match"], etag, weak=False):
            return 412
    elif (since := _seconds(headers.get("if-unmodified-since"))) is not None and modified_s > since:
        return 412
    if "if-none-match" in headers:
        return 304 if _matches(headers["if-none-match"], etag, weak=True) else None
    since = _seconds(headers.get("if-modified-since"))
    return 304 if since is not None and modified_s <= since else None


def _matches(field: str, etag: str, *, weak: bool) -> bool:
    tags = _TAG.findall(field)
    if weak:
        tags = [tag.removeprefix("W/") for tag in tags]
    return field.strip() == "*" or etag in tags


def _seconds(field: str | None) -> float | None:
    """The date in seconds of the Unix epoch; None where there is none, or none that is valid."""
    try:
        return parsedate_to_datetime(field).timestamp() if field else None
    except (ValueError, OverflowError):
        return None


def satisfiable(field: str, size: int) -> str | None:
    """The `Range` field with those ranges only that a file of that size has; None where it is to be ignored.

    Raises:
        UnsatisfiableError: It has none of them.
    """
    listed = _RANGES.fullmatch(field.strip())
    if listed is None:
        return None
    kept = []
    for each in listed[1].split(","):
        bounds = _RANGE.fullmatch(each.strip())
        if bounds is None or not any(bounds.groups()):
            return None
        first, last = bounds.groups()
        if first and last and int(first) > int(last):
            return None
        if int(first) < size if first else int(last) > 0:
            kept.append(f"{first}-{last}")
    if not kept or not size:
        raise UnsatisfiableError
    return "bytes=" + ",".join(kept)
