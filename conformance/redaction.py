"""Secrets, and every form in which one can show up in a request, an answer or a report."""

from __future__ import annotations

import base64
import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from conformance.credentials import BASIC, pair

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What a POSIX shell runs to get each form of a secret back from its environment variable.
_PLAIN = "${name}"
_BASE64 = "$(printf %s \"${name}\" | base64 | tr -d '\\n')"
_PERCENT = "$(printf %s \"${name}\" | od -An -v -tx1 | tr -d '\\n' | tr ' ' %)"
_HTML = (
    '$(printf %s "${name}" | sed \'s/&/\\&amp;/g; s/</\\&lt;/g; s/>/\\&gt;/g; '
    "s/\"/\\&quot;/g; s/'\"'\"'/\\&#x27;/g')"
)
_JSON = '$(printf %s "${name}" | sed \'s/["\\\\]/\\\\&/g\')'
_PIPED = '$(printf %s "${name}" | {command})'
# Shorter ones are parts of other words.
_SHORTEST = 6
_HTML_IN_JSON = f"{_HTML[:-1]} | {_JSON.partition('| ')[2]}"


@dataclass(frozen=True)
class Secret:
    """One occurrence of a secret in a text."""

    name: str
    """The environment variable that holds it."""
    shell: str
    """What expands to this form of it between double quotes in a POSIX shell."""

    def __str__(self) -> str:
        return f"${self.name}"


class Redaction:
    """Finds secrets in texts, so that they can be shown as the names of their environment variables."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        """Take the secrets by the name of their environment variable; an empty one hides nothing."""
        self._values = {name: value for name, value in secrets.items() if value}
        self._forms: dict[str, Secret] = {}
        for name, value in self._values.items():
            for form, template in _forms(value):
                self._forms.setdefault(form, Secret(name, template.replace("{name}", "{" + name + "}")))
        self._compile()

    def derive(self, secret: str, form: str, command: str) -> None:
        """Find *form*, too, which *command* makes of *secret* in a shell; a short one is let be."""
        if len(form) < _SHORTEST or form in self._forms or secret not in self._forms:
            return
        name = self._forms[secret].name
        shell = _PIPED.replace("{command}", command).replace("{name}", "{" + name + "}")
        self._forms[form] = Secret(f"{name}[{command}]", shell)
        self._compile()

    def _compile(self) -> None:
        # Longest first: one secret, or one form of it, may be part of another.
        longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def split(self, text: str) -> Iterator[str | Secret]:
        """Cut *text* into its harmless parts and the secrets between them."""
        position = 0
        for match in self._pattern.finditer(text) if self._pattern else ():
            if match.start() > position:
                yield text[position : match.start()]
            yield self._forms[match.group()]
            position = match.end()
        if position < len(text):
            yield text[position:]

    def credentials(self, header_value: str) -> str | None:
        """The ``user:password`` of HTTP Basic credentials if a secret is among them, else None."""
        text = pair(header_value)
        return text if text is not None and any(isinstance(p, Secret) for p in self.split(text)) else None

    def text(self, text: str) -> str:
        """*text* with each secret shown as ``$NAME``, also inside HTTP Basic credentials."""
        return "".join(map(str, self.split(BASIC.sub(self._basic, text))))

    def data(self, data: bytes) -> bytes:
        """The same for bytes; what is not UTF-8 stays as it is."""
        return self.text(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def _basic(self, match: re.Match[str]) -> str:
        credentials = self.credentials(match.group())
        return match.group() if credentials is None else f"{match.group(1)}base64({credentials})"


def _forms(value: str) -> Iterator[tuple[str, str]]:
    yield value, _PLAIN
    yield base64.b64encode(value.encode()).decode(), _BASE64
    for encoded in (quote(value, safe=""), quote_plus(value), quote(value)):
        yield encoded, _PERCENT
    # An error page may show what it was sent.
    for escaped in (html.escape(value), html.escape(value, quote=False)):
        yield escaped, _HTML
        yield json.dumps(escaped)[1:-1], _HTML_IN_JSON
    for ascii_only in (True, False):
        yield json.dumps(value, ensure_ascii=ascii_only)[1:-1], _JSON
