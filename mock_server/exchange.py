"""One request on its way through the mock, and what it writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from mock_server.clock import Clock
    from mock_server.session import SessionError
    from mock_server.state.records import Write

# Where the exchange is found in an ASGI scope.
SCOPE_KEY = "histdata.exchange"


@dataclass(slots=True)
class Exchange:
    """What a handler has to know about the request that it serves, and a place for what it changes.

    A handler takes it as its argument `exchange`. It only adds to `writes`: all of them are kept in one
    transaction, together with the journal's entry, before the first byte of the answer goes out. If that
    fails, the client gets a 503 instead of the answer.

    Attributes:
        session: The session's name.
        settings: The session's settings (`Settings` in the control API's contract), all defaults filled in.
            Treat them as read-only.
        clock: The session's clock.
        real_us: The real instant of arrival, later than that of any request before in this process.
        now_us: What the session's clock showed then.
        floor: No id below this may be given in the session.
        fault: Why the request cannot be served at all: its session's name is none.
        writes: What is to be kept once the answer starts.
    """

    session: str
    settings: Mapping[str, Any]
    clock: Clock
    real_us: int
    now_us: int
    floor: int = 0
    fault: SessionError | None = None
    writes: list[Write] = field(default_factory=list)

    def elapsed_us(self, since_us: int) -> float:
        """How much mock time was over at arrival since that mock instant; infinite where all is immediate."""
        return self.clock.elapsed_us(since_us, self.real_us)


def exchange(scope: MutableMapping[str, Any]) -> Exchange:
    """The exchange that an ASGI scope belongs to."""
    found: Exchange = scope[SCOPE_KEY]
    return found
