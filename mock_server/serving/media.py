"""Which media type a request body has: told by its headers, in any of the ways that RFC 9110 lets them be
written.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\t\x20-\x7e\x80-\xff])*"'
_TYPE = re.compile(rf"[ \t]*({_TOKEN}/{_TOKEN})[ \t]*")
_PARAMETER = re.compile(rf";[ \t]*(?:({_TOKEN})=({_TOKEN}|{_QUOTED})[ \t]*)?")
_UTF_8 = {"utf-8", "utf8", "us-ascii"}


class UnsupportedMediaError(Exception):
    """The headers do not announce a body that can be read; the message says why, and *header* where."""

    def __init__(self, message: str, header: str = "content-type") -> None:
        super().__init__(message)
        self.header = header


def media_type(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The media type in lower case and without parameters; None where no header gives one.

    Raises:
        UnsupportedMediaError: The header is given twice or cannot be parsed, the text is not in UTF-8, or the
            body is compressed.
    """
    lines = [value.decode("latin-1") for name, value in headers if name == b"content-type"]
    codings = [
        value.decode("latin-1").strip().lower() for name, value in headers if name == b"content-encoding"
    ]
    if any(coding not in {"", "identity"} for coding in codings):
        raise UnsupportedMediaError(
            f"the content coding {', '.join(codings)!r} is not supported: send the body as it is",
            "content-encoding",
        )
    if not lines:
        return None
    if len(lines) > 1:
        raise UnsupportedMediaError("the content type is given more than once")
    return _parsed(lines[0])


@lru_cache(maxsize=128)
def _parsed(line: str) -> str:
    """The media type in one header; most requests have the same few."""
    match = _TYPE.match(line)
    if match is None:
        raise UnsupportedMediaError(f"{line!r} is not a media type")
    position = match.end()
    while position < len(line):
        parameter = _PARAMETER.match(line, position)
        if parameter is None:
            raise UnsupportedMediaError(f"{line!r} has a parameter that cannot be read")
        name, value = parameter.group(1), parameter.group(2)
        if name is not None and name.lower() == "charset":
            charset = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
            if charset.lower() not in _UTF_8:
                raise UnsupportedMediaError(
                    f"the charset {charset!r} is not supported: JSON is sent as UTF-8"
                )
        position = parameter.end()
    return match.group(1).lower()
