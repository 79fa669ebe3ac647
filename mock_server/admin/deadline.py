"""A bound on the time that one question may take."""

from __future__ import annotations

import time


class TooSlowError(Exception):
    """The question could not be answered in time."""


class Deadline:
    """So many seconds from now; whoever works on something asks it now and then.

    A client chooses what it asks for, and some questions cost far more than others: the mock gives up on them
    rather than on everybody else.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """Go on, if there is time left.

        Raises:
            TooSlowError: There is none.
        """
        if time.monotonic() > self._end:
            raise TooSlowError
