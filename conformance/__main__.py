"""The command ``histdata-conformance``, and ``python -m conformance``."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> int:
    """Run the command line; return the exit status, which is 128 and the signal's number after a signal."""
    received = signal.SIGINT

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        nonlocal received
        received = signal.Signals(number)
        # What goes wrong in threads from here on comes of the interrupt, and is nobody's fault.
        threading.excepthook = lambda _: None
        raise KeyboardInterrupt

    for each in _SIGNALS:
        signal.signal(each, stop)
    try:
        # Imports take a second; an interrupt in it is no fault to trace.
        from conformance import cli

        return cli.main()
    except KeyboardInterrupt:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        with suppress(OSError):
            print("histdata-conformance: interrupted; no report was written", file=sys.stderr, flush=True)
            sys.stdout.flush()
        # At its end the interpreter would wait for requests that are under way in threads.
        os._exit(128 + received)


if __name__ == "__main__":
    sys.exit(main())
