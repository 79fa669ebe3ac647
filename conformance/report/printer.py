"""Prints texts on a stream: wrapped with a margin, or whole so that they can be copied.

Width, colour and the lack of either are Rich's to decide: it honours ``NO_COLOR``, ``COLUMNS``, a dumb
terminal and a stream that is none. Texts are printed as they are: no markup, no emoji, no highlights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, TextIO

from rich.console import Console
from rich.text import Text

from conformance.report import wording

if TYPE_CHECKING:
    from conformance.verdict import Verdict

_NARROWEST = 24


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the caller: Rich would end the process with 1, which is the suite's own verdict."""
        raise BrokenPipeError


class Printer:
    """A stream with the few ways of printing that the reports need."""

    def __init__(self, stream: TextIO) -> None:
        self.console = _Console(file=stream, highlight=False, markup=False, emoji=False)

    @property
    def symbols(self) -> dict[Verdict, str]:
        """A mark per verdict that the stream's encoding can print."""
        try:
            "".join(wording.SYMBOL.values()).encode(self.console.encoding)
        except (UnicodeEncodeError, LookupError):
            return wording.ASCII_SYMBOL
        return wording.SYMBOL

    def line(self, *parts: str | tuple[str, str], indent: int = 0, hanging: int = 0) -> None:
        """Print parts, each a text or a (text, style), as one paragraph; later lines go *hanging* deeper."""
        text = Text(tab_size=4)
        for part in parts:
            content, style = (part, "") if isinstance(part, str) else part
            text.append(wording.visible(content), style)
        if self.console.width - indent - hanging < _NARROWEST:
            indent, hanging = min(indent, 2), 0
        margin = indent
        for paragraph in text.split("\n", allow_blank=True) or [text]:
            width = max(_NARROWEST, self.console.width - indent - hanging)
            for row in paragraph.wrap(self.console, width):
                row.rstrip()
                self._print(Text(" " * margin).append_text(row) if row.plain else Text())
                margin = indent + hanging

    def whole(self, text: str, *, indent: int = 0) -> None:
        """Print a text without a break of our own, so that it can be copied."""
        for row in wording.visible(text).split("\n"):
            self._print(Text(" " * indent + row if row else ""))

    def _print(self, row: Text) -> None:
        # A stream that is not UTF-8 must not end a run that is otherwise done.
        encoding = self.console.encoding
        row.plain = row.plain.encode(encoding, "backslashreplace").decode(encoding)
        self.console.print(row, soft_wrap=True)
