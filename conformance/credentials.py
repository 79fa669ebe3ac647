"""HTTP Basic credentials: a user and a password in one header (RFC 7617)."""

from __future__ import annotations

import base64
import binascii
import re

BASIC = re.compile(r"(?i)\b(basic +)([A-Za-z0-9+/]+={0,2})")
"""Such credentials within a text: the scheme with the blanks behind it, and the code."""


def basic(user: str, password: str) -> str:
    """The value of the header. No colon is in *user*: the first one ends it."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def pair(header: str) -> str | None:
    """The ``user:password`` of a header, in UTF-8 or else Latin-1; None where none can be read there."""
    match = BASIC.fullmatch(header.strip())
    try:
        data = base64.b64decode(match.group(2), validate=True) if match else None
    except (binascii.Error, ValueError):
        return None
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
