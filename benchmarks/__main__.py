"""`python -m benchmarks`: measure the servers side by side, and print a table in Markdown."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.servers import servers, versions
from benchmarks.target import Running, Target, TargetError


@dataclass(frozen=True)
class Round:
    """What one server did under load once; times in milliseconds, `cores` and `load_cores` in processors."""

    rate: float
    p50: float
    p99: float
    cores: float
    load_cores: float


def main() -> int:
    """Run the command line; 0, or 2 when something does not do the work."""
    options = _parser().parse_args()
    targets, missing = servers()
    if options.only:
        wanted = options.only.lower().split(",")
        names = ", ".join(target.name for target in targets)
        targets = [each for each in targets if any(word in each.name.lower() for word in wanted)]
        if not targets:
            print(
                f"benchmarks: no server is called like {options.only!r}; there are {names}", file=sys.stderr
            )
            return 2
    for reason in missing:
        print(f"not measured: {reason}", file=sys.stderr)
    try:
        print(_measured(targets, options))
    except TargetError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the mock beside a bare ASGI application and other mock servers.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--only", metavar="WORDS", help="measure the servers with one of these in the name (a,b)"
    )
    parser.add_argument(
        "--rounds", type=int, default=3, help="rounds of all the servers; medians are printed"
    )
    parser.add_argument("--seconds", type=float, default=4, help="seconds of load on each server in a round")
    parser.add_argument("--warm-up", type=float, default=4, help="seconds of load before the first round")
    parser.add_argument(
        "--connections", type=int, default=16, help="connections, each with one request under way"
    )
    return parser


def _measured(targets: list[Target], options: argparse.Namespace) -> str:
    began = datetime.now(UTC)
    with ExitStack() as stack:
        running = []
        for target in targets:
            _say(f"start {target.name}")
            running.append(stack.enter_context(Running(target)))
        for each in running:
            _say(f"warm up {each.target.name}")
            _load(each, options.connections, options.warm_up)
        rounds: dict[str, list[Round]] = {target.name: [] for target in targets}
        for number in range(options.rounds):
            # Each round in the other direction, so that nobody always follows the same neighbour.
            for each in running[:: -1 if number % 2 else 1]:
                rounds[each.target.name].append(_round(each, options))
                _say(f"round {number + 1}: {each.target.name} {rounds[each.target.name][-1].rate:.0f}/s")
        memory = {each.target.name: each.rss() for each in running}
        cold = {each.target.name: each.cold for each in running}
    return _table(targets, rounds, memory, cold) + _conditions(options, began)


def _round(running: Running, options: argparse.Namespace) -> Round:
    # A moment of load first: what idled while others worked was paged and clocked down.
    _load(running, options.connections, min(0.5, options.seconds))
    cpu = running.cpu()
    result = _load(running, options.connections, options.seconds)
    return Round(
        rate=result["requests"] / result["seconds"],
        p50=result["p50_ms"],
        p99=result["p99_ms"],
        cores=(running.cpu() - cpu) / result["seconds"],
        load_cores=result["cores"],
    )


def _load(running: Running, connections: int, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.load", str(running.port)]
    command += ["--connections", str(connections), "--seconds", str(seconds)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=Path(__file__).parent.parent, check=False
    )
    if done.returncode != 0:
        raise TargetError(f"{running.target.name}: the load failed: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    if result["faults"] or not result["requests"]:
        raise TargetError(f"{running.target.name} answered wrongly under load: {result['faults']}")
    if running.target.unique and result["ids"] != result["requests"]:
        raise TargetError(f"{running.target.name} gave {result['ids']} ids to {result['requests']} requests")
    return result


def _table(
    targets: list[Target],
    rounds: dict[str, list[Round]],
    memory: dict[str, float],
    cold: dict[str, float],
) -> str:
    lines = [
        "| server | does | req/s | ratio | cores | per core | p50 ms | p99 ms | RSS MB | cold s | load |",
        "| --- | --- " + "| ---: " * 9 + "|",
    ]
    medians = {name: _median(of) for name, of in rounds.items()}
    bare = medians[targets[0].name]
    for target in targets:
        got = medians[target.name]
        per_core = (got.rate / got.cores) / (bare.rate / bare.cores)
        lines.append(
            f"| {target.name} | {target.does} | {got.rate:.0f} | {got.rate / bare.rate:.2f} "
            f"| {got.cores:.2f} | {per_core:.2f} | {got.p50:.1f} | {got.p99:.1f} | {memory[target.name]:.0f} "
            f"| {cold[target.name]:.2f} | {got.load_cores:.2f} |"
        )
    return "\n".join(lines) + "\n"


def _median(rounds: list[Round]) -> Round:
    return Round(
        rate=median(each.rate for each in rounds),
        p50=median(each.p50 for each in rounds),
        p99=median(each.p99 for each in rounds),
        cores=median(each.cores for each in rounds),
        load_cores=median(each.load_cores for each in rounds),
    )


def _conditions(options: argparse.Namespace, began: datetime) -> str:
    """Under what circumstances that was."""
    others = ", ".join(f"{name} {version}" for name, version in versions().items())
    minutes = (datetime.now(UTC) - began).total_seconds() / 60
    return (
        f"\n{began:%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores ({platform.machine()}), Python "
        f"{platform.python_version()}, {others}; {options.connections} connections, medians of "
        f"{options.rounds} rounds of {options.seconds:g} s after {options.warm_up:g} s of warm-up; "
        f"load average at the end {os.getloadavg()[0]:.1f}; {minutes:.1f} minutes in all."
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
