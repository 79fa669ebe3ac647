"""``python -m conformance.selftest``: the suite against its mutants and freedoms."""

from __future__ import annotations

import argparse
import os
import sys

from conformance.selftest import runner


def main() -> int:
    """Run it by the command line's options; 0 means every mutant caught and no freedom accused."""
    parser = argparse.ArgumentParser(prog="python -m conformance.selftest", description=__doc__)
    parser.add_argument(
        "--sample", type=int, metavar="N", help="take N variants, chosen by the seed (default: all)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", metavar="TEXT", help="variants with this text in their name")
    parser.add_argument("-v", "--verbose", action="store_true", help="print every finding")
    arguments = parser.parse_args()
    return runner.main(
        sys.stdout,
        number=arguments.sample,
        seed=arguments.seed,
        workers=arguments.workers,
        only=arguments.only,
        verbose=arguments.verbose,
    )


if __name__ == "__main__":
    sys.exit(main())
