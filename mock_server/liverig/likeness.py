"""Names that are known, for somebody who has given one that is not."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING

from mock_server.serving.failure import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NAMES = 3
# A catalogue may be large, and whoever asks chooses what it is compared with.
MAX_COMPARED = 500
MAX_LENGTH = 64


def known(names: Iterable[object], like: object) -> str:
    """The names most like the given one; without any, the first ones, and how many more there are."""
    known_names = [str(name) for name in names]
    if not known_names:
        return "none is known there"
    compared = list(islice(known_names, MAX_COMPARED))
    close = get_close_matches(str(like)[:MAX_LENGTH], compared, MAX_NAMES)
    shown = close or compared[:MAX_NAMES]
    listed = ", ".join(repr(shorten(name, MAX_LENGTH)) for name in shown)
    more = len(known_names) - len(shown)
    return f"did you mean {listed}?" if close else f"known: {listed}" + (f" and {more} more" if more else "")
