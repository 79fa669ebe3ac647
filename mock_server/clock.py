"""The mock's clock: real, sped up, or moved by hand; each session has its own.

All instants are microseconds of the Unix epoch, in UTC.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from mock_server import instant

Mode: TypeAlias = Literal["time", "manual", "immediate"]

EARLIEST_US = instant.parse("0001-01-01T00:00:00Z")
LATEST_US = instant.parse("9999-12-31T23:59:59.999999Z")
MIN_SPEED, MAX_SPEED = 0.001, 1_000_000.0
_SECOND = 1_000_000


class ClockError(ValueError):
    """The clock cannot be set so; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How mock time follows real time. Without arguments it is the real time.

    By itself it only goes forwards, and it stands at the end of the year 9999; only `set` takes it back. What
    takes time is worked out from the instant that it began at, so after a step back it is as far as it was
    then. What has begun has begun: before its beginning it stands there, and no time of it is over.

    Attributes:
        mode: `time` goes on by itself, `manual` stands until it is moved, `immediate` is the real time, but
            whatever needs time is already over.
        speed: Mock seconds for each real second, in the mode `time`; 1 in the others.
        real_us: The real instant that the clock was last touched at.
        mock_us: What it showed then.
    """

    mode: Mode = "time"
    speed: float = 1.0
    real_us: int = 0
    mock_us: int = 0

    def now_us(self, real_us: int) -> int:
        """What the clock shows at that real instant."""
        if self.mode == "manual":
            return self.mock_us
        passed = max(0, real_us - self.real_us)
        if self.speed != 1.0:
            passed = int(passed * self.speed)
        return min(self.mock_us + passed, LATEST_US)

    def elapsed_us(self, since_us: int, real_us: int) -> float:
        """How much mock time is over since a mock instant: never less than none, and infinitely much in the
        mode `immediate`.
        """
        return math.inf if self.mode == "immediate" else max(0, self.now_us(real_us) - since_us)

    def moved(self, seconds: float, real_us: int) -> Clock:
        """The clock, this much mock time later.

        Raises:
            ClockError: That is backwards, or beyond the year 9999.
        """
        if not seconds >= 0:
            raise ClockError("a clock is moved forwards only; set it to take it back")
        if seconds * _SECOND > LATEST_US - EARLIEST_US:
            raise ClockError("that is beyond the year 9999")
        later_us = self.now_us(real_us) + round(seconds * _SECOND)
        return replace(self, real_us=real_us, mock_us=_possible(later_us))

    def set(
        self, real_us: int, *, mode: Mode | None = None, speed: float | None = None, now_us: int | None = None
    ) -> Clock:
        """The clock in another mode, at another speed, or at another instant; what is not given stays as it
        is.

        The mode and the speed change nothing about the instant: the clock goes on, or stands, from there.

        Raises:
            ClockError: The instant is beyond the years 1 to 9999, or the speed out of its bounds, or given
                in a mode other than `time`.
        """
        mode = mode or self.mode
        if mode == "time":
            speed = self.speed if speed is None else speed
        elif speed not in {None, 1}:
            raise ClockError(f"only the mode time has a speed; {mode} has none")
        else:
            speed = 1.0
        if not MIN_SPEED <= speed <= MAX_SPEED:
            raise ClockError(f"the speed {speed} is not between {MIN_SPEED} and {MAX_SPEED:.0f}")
        now_us = self.now_us(real_us) if now_us is None else now_us
        return Clock(mode, float(speed), real_us, _possible(now_us))


def _possible(microseconds: int) -> int:
    if not EARLIEST_US <= microseconds <= LATEST_US:
        raise ClockError("that is beyond the years 1 to 9999")
    return microseconds


_last_us = 0


def real_us() -> int:
    """The real instant, later than any that this process was told before.

    So it puts in order what happens, and a system clock that is set back takes nobody back in time.
    """
    global _last_us
    _last_us = max(time.time_ns() // 1000, _last_us + 1)
    return _last_us
