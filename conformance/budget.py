"""What a run may do to its target, and what it has done."""

from __future__ import annotations

import email.utils
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.trouble import Stale, Unreachable

if TYPE_CHECKING:
    from conformance.exchange import Exchange

_RESENDS = 10
_BUSY = frozenset({429, 503})

Observer = Callable[["Exchange"], None]


class BudgetExhausted(Exception):  # noqa: N818
    """The run has used what it was allowed to; nothing more is sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """Which limit it was, in words."""


@dataclass(frozen=True)
class Limits:
    """What a run may do to its target."""

    max_requests: int
    """HTTP requests in all, those sent again included."""
    max_accepted: int
    """Requests that the target accepted, by the measure given to :meth:`Budget.count_accepted`."""
    rate: float | None = None
    """Requests per second, or None for as fast as the target answers."""
    max_time: float | None = None
    """Seconds from the first request to the start of the last one, or None."""
    timeout: float = 30.0
    """Seconds for one request: to connect, for a pause in the answer, and for the answer as a whole."""
    max_wait: float = 60.0
    """The longest ``Retry-After`` that is obeyed, in seconds; beyond it a 429 or 503 is the answer."""


class Budget:
    """Lets requests out one by one, within the limits. May be used by several threads at once."""

    def __init__(
        self,
        limits: Limits,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.limits = limits
        self.clock = clock
        """Gives seconds, from wherever."""
        self.sent = 0
        """HTTP requests sent so far, those sent again included, but none that a closed connection took."""
        self.accepted = 0
        """Requests accepted so far."""
        self._accepts: Callable[[Exchange], bool] | None = None
        self._doubtful = 0
        self._under_way = 0
        self._first: float | None = None
        self._slot = 0.0
        self._sleep, self._wall_clock = sleep, wall_clock
        self._state = threading.Condition()
        self._observers: list[Observer] = []

    def on_exchange(self, observer: Observer) -> None:
        """Call *observer* with every exchange from now on, in the thread that sent the request."""
        self._observers.append(observer)

    def count_accepted(self, accepts: Callable[[Exchange], bool] | None) -> None:
        """Count the exchanges that *accepts* is true for against ``max_accepted``; None counts nothing more.

        A request is sent only if the ceiling would hold even if it and all those under way were accepted.
        One whose answer got lost may have been accepted, so it uses up the ceiling without being counted as
        accepted.
        """
        with self._state:
            self._accepts = accepts

    @contextmanager
    def permit(self) -> Iterator[Callable[[Exchange], None]]:
        """The right to send one request now; the exchange it led to goes into what is given."""
        counted, pause = self._reserve()
        outcome: list[Exchange] = []
        # Until the answer is known, the request may have been accepted.
        accepted: bool | None = None
        try:
            if pause > 0:
                self._sleep(pause)
            yield outcome.append
            accepts = self._accepts if counted else None
            accepted = accepts is not None and accepts(outcome[0])
        except Unreachable as error:
            accepted = False
            if isinstance(error, Stale):
                with self._state:
                    self.sent -= 1
            raise
        finally:
            self._settle(counted, accepted=accepted)
        for observer in self._observers:
            observer(outcome[0])

    def _reserve(self) -> tuple[bool, float]:
        """Take one request out of the budget: whether it counts as possibly accepted, and seconds to wait."""
        limits = self.limits
        with self._state:
            counted = self._accepts is not None
            while counted and self.accepted + self._doubtful + self._under_way >= limits.max_accepted:
                if not self._under_way:
                    raise BudgetExhausted(
                        f"the ceiling of {limits.max_accepted} accepted requests was reached (--max-accepted)"
                    )
                self._state.wait()
            if self.sent >= limits.max_requests:
                raise BudgetExhausted(
                    f"the ceiling of {limits.max_requests} requests was reached (--max-requests)"
                )
            now = self.clock()
            self._first = now if self._first is None else self._first
            slot = max(now, self._slot)
            if limits.max_time is not None and slot - self._first >= limits.max_time:
                raise BudgetExhausted(f"the time limit of {limits.max_time:g} s was reached (--max-time)")
            self._slot = slot + (1 / limits.rate if limits.rate else 0.0)
            self.sent += 1
            self._under_way += counted
        return counted, slot - now

    def _settle(self, counted: bool, *, accepted: bool | None) -> None:
        if counted:
            with self._state:
                self._under_way -= 1
                self.accepted += accepted is True
                self._doubtful += accepted is None
                self._state.notify_all()

    def hold(self, seconds: float) -> None:
        """Let nothing be sent for *seconds*, by any thread: the target asked for it."""
        with self._state:
            self._slot = max(self._slot, self.clock() + seconds)

    def wait_asked(self, exchange: Exchange) -> float | None:
        """Seconds that a busy answer asks to wait, or None where it is the answer."""
        value = exchange.header("Retry-After") if exchange.status in _BUSY else None
        if value is None or exchange.retries >= _RESENDS:
            return None
        if value.strip().isdecimal():
            seconds = float(value)
        else:
            try:
                seconds = email.utils.parsedate_to_datetime(value).timestamp() - self._wall_clock()
            except (TypeError, ValueError):
                return None
        return max(0.0, seconds) if seconds <= self.limits.max_wait else None
