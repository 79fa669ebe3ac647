"""What of a request is a credential, and what is kept in its place.

The rule is by names, and `LoggedRequest` in the control API's contract states it.
"""

from __future__ import annotations

import base64
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import re2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REDACTED = "***"
# RE2 looks through a whole body for all of these in microseconds.
_NAME = re2.Set.SearchSet()
_NAME.Add(
    "(?i)authorization|authentication|token|secret|passw(or)?d|passphrase|pwd|credential|cookie|signature"
    "|[cx]srf|jwt|(api|access|private)[-_. ]?key|sess(ion)?[-_. ]?id"
)
_NAME.Compile()
_PARAMETER = re.compile(r"(?<![^&])([^&=]+)=([^&]+)")
# A text is a token even where its end was cut off. Whatever the text is, this takes linear time.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{}:,]|[^\s"\[\]{}:,]+', re.DOTALL)


@lru_cache(4096)
def is_secret(name: str) -> bool:
    """Whether a header, a parameter or a member of that name has a value that nobody may see."""
    return _has_secret(name)


@lru_cache(4096)
def redaction(header: str) -> Callable[[str], str] | None:
    """What redacts the value of a header; None where it is kept as it is."""
    name = header.lower()
    if name == "referer":
        return url
    if name == "cookie":
        return _cookies
    if name in {"authorization", "proxy-authorization"}:
        return _scheme
    return (lambda _: REDACTED) if is_secret(name) else None


def url(text: str) -> str:
    """A URL without the credentials in its query."""
    path, sign, query = text.partition("?")
    return path + sign + parameters(query) if sign else text


def parameters(text: str) -> str:
    """A query, or a form in a body, without its credentials."""
    if "%" not in text and not _has_secret(text):
        return text
    return _PARAMETER.sub(
        lambda found: f"{found[1]}={REDACTED}" if is_secret(unquote_plus(found[1])) else found[0], text
    )


def body(text: str) -> str:
    """A JSON text or a form without its credentials, whole or only its beginning; else as it is."""
    if text.lstrip(" \t\r\n\ufeff")[:1] not in ("{", "["):
        return parameters(text)
    # An escape may hide a name.
    return "".join(_json(text)) if "\\u" in text or _has_secret(text) else text


def odd_body(content: bytes) -> bytes:
    """The same of a body that is not UTF-8."""
    return body(content.decode("latin-1")).encode("latin-1")


def entry(kept: dict[str, Any]) -> dict[str, Any]:
    """An entry of a journal that comes from elsewhere, without its credentials."""
    redacted = {**kept, "url": url(kept["url"])[:65536]}
    redacted["headers"] = [
        [name, redact(value)[:65536] if (redact := redaction(name)) else value]
        for name, value in kept["headers"]
    ]
    if "body" in kept:
        redacted["body"] = body(kept["body"])[:65536]
    if "base64" in kept:
        redacted["base64"] = base64.b64encode(odd_body(base64.b64decode(kept["base64"]))).decode("ascii")
    return redacted


def _has_secret(text: str) -> bool:
    """Whether the name of a secret is anywhere in the text."""
    return bool(_NAME.Match(text))


def _scheme(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {REDACTED}" if space else REDACTED


def _cookies(value: str) -> str:
    # The names help to find a mistake and are no secrets; a word without a value may be one.
    parts = (part.strip().partition("=") for part in value.split(";"))
    return "; ".join(f"{cookie}={REDACTED}" if sign else REDACTED for cookie, sign, _ in parts)


def _json(text: str) -> Iterator[str]:
    """The text, with a placeholder for each value, also a whole object or list, of a secret name."""
    end = 0
    depth: int | None = None  # Within a value that is left out: how many brackets are open.
    last, secret = "", False
    for found in _TOKEN.finditer(text):
        token = found[0]
        if depth is not None or (secret and token not in ":,}]"):
            if not depth:
                yield text[end : found.start()] + f'"{REDACTED}"'
            depth = (depth or 0) + (token in "[{") - (token in "]}")
            end = found.end()
            if not depth:
                depth, secret = None, False
        else:
            if token == ":":
                secret = last.startswith('"') and is_secret(_unescaped(last))
            yield text[end : found.end()]
            end = found.end()
        last = token
    if depth is None:
        yield text[end:]


def _unescaped(token: str) -> str:
    try:
        return str(json.loads(token, strict=False))
    except ValueError:
        return token
