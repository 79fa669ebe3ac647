"""A target that answers by a script, for tests of what goes over the wire."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.budget import Limits
from tests.conformance.loopback import Handler, listening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


PLENTY = Limits(max_requests=1000, max_accepted=1000, timeout=5)


@dataclass
class Target:
    """A server that records the bytes of what it gets and answers by a script, 200 when that has ended."""

    url: str = ""
    seen: list[tuple[str, str, list[tuple[str, str]], bytes]] = field(default_factory=list)
    script: list[Callable[[Handler], None]] = field(default_factory=list)

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, _, _, body in self.seen]

    def header(self, name: str, index: int = -1) -> str | None:
        return next((v for k, v in self.seen[index][2] if k.lower() == name.lower()), None)


def answer(status: int, body: bytes = b"{}", **headers: str) -> Callable[[Handler], None]:
    """An answer for a script; an underscore in a header's name stands for a hyphen."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return lambda handler: handler.write(status, body, named)


def drop(handler: Handler) -> None:
    """Close the connection without a word."""
    handler.close_connection = True


@contextlib.contextmanager
def serving() -> Iterator[Target]:
    """A target for as long as the context lasts."""
    target = Target()
    lock = threading.Lock()

    class Scripted(Handler):
        def respond(self, body: bytes) -> None:
            with lock:
                target.seen.append((self.command, self.path, list(self.headers.items()), body))
                write = target.script.pop(0) if target.script else answer(200)
            write(self)

    with listening(Scripted) as target.url:
        yield target
