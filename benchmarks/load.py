"""The load: connections that stay open, each with one request under way, answers read and checked.

A process of its own, which tells how much of a core it took: well below one, it held no server back. On
the machine that it was written on it brought 22 000 checked answers a second of the bare application, with
0.62 of a core; autocannon 9.0 brought 20 400 with 0.82.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import time
from array import array
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httptools
import uvloop

from benchmarks.work import Operation, WrongAnswerError, operations


@dataclass
class Tally:
    """What came back: the time of each answer in seconds, faults by their words, the ids that were given."""

    seconds: array[float] = field(default_factory=lambda: array("d"))
    faults: Counter[str] = field(default_factory=Counter)
    ids: set[str] = field(default_factory=set)


class Connection(asyncio.Protocol):
    """One connection: as soon as an answer is whole, the other operation's request goes out."""

    def __init__(self, work: list[tuple[Operation, bytes]], tally: Tally, until: float) -> None:
        self._work = work
        self._tally = tally
        self._until = until
        self._parser = httptools.HttpResponseParser(self)
        self._body = b""
        self._sent = 0.0
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Called by the event loop."""
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._tally.faults[f"not HTTP: {error}"] += 1
            self._transport.close()

    def on_body(self, piece: bytes) -> None:
        """Called by the parser."""
        self._body += piece

    def on_message_complete(self) -> None:
        """Called by the parser."""
        now = time.perf_counter()
        tally = self._tally
        tally.seconds.append(now - self._sent)
        operation, _ = self._work[0]
        try:
            tally.ids.add(operation.check(self._parser.get_status_code(), self._body))
        except WrongAnswerError as error:
            tally.faults[str(error)] += 1
        self._body = b""
        if now < self._until:
            self._work.reverse()
            self._next()
        else:
            self._until = 0
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the event loop."""
        if self._until:
            self._tally.faults[f"the server closed the connection: {error}"] += 1
        self.closed.set_result(None)

    def _next(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._work[0][1])


async def drive(host: str, port: int, connections: int, seconds: float) -> dict[str, Any]:
    """Put load on a server; what came of it."""
    tally = Tally()
    work = [(operation, operation.request(f"{host}:{port}")) for operation in operations()]
    loop = asyncio.get_running_loop()
    start, cpu = time.perf_counter(), _cpu()
    until = start + seconds
    protocols = []
    for number in range(connections):
        turns = work[:] if number % 2 else work[::-1]
        _, protocol = await loop.create_connection(partial(Connection, turns, tally, until), host, port)
        protocols.append(protocol)
    await asyncio.wait_for(asyncio.gather(*(each.closed for each in protocols)), seconds + 30)
    elapsed = time.perf_counter() - start
    times = sorted(tally.seconds)
    return {
        "requests": len(times),
        "seconds": elapsed,
        "p50_ms": 1000 * times[len(times) // 2] if times else None,
        "p99_ms": 1000 * times[len(times) * 99 // 100] if times else None,
        "ids": len(tally.ids),
        "faults": dict(tally.faults.most_common(5)),
        "cores": (_cpu() - cpu) / elapsed,
    }


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    """Put load on a server, and print what came of it as one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=main.__doc__)
    parser.add_argument("port", type=int, help="the server's port on 127.0.0.1")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    print(json.dumps(uvloop.run(drive("127.0.0.1", options.port, options.connections, options.seconds))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
