"""The command ``histdata-conformance``, and ``python -m conformance``."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; return the exit status."""
    try:
        # Imports take a second; an interrupt in it is no fault to trace.
        from conformance import cli
    except KeyboardInterrupt:
        print("histdata-conformance: interrupted; no report was written", file=sys.stderr)
        return 130
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
