"""Work of several requests, done at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

Item = TypeVar("Item")
Result = TypeVar("Result")


# So many items wait for no more.
FULL = 64


class Group(Generic[Item, Result]):
    """Hands all that comes in over together: until a turn of the event loop brings nothing more, or while the
    pool is busy.

    Its work is done in the event loop, or in a pool if there is one; never twice at the same time.
    """

    def __init__(
        self, work: Callable[[Sequence[Item]], Sequence[Result | Exception]], pool: Executor | None = None
    ) -> None:
        """Make a group that is empty.

        Args:
            work: Takes the items; gives the result of each, or why it has none.
            pool: Where it is done, if not in the event loop.
        """
        self._work = work
        self._pool = pool
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._busy = False

    def add(self, item: Item) -> asyncio.Future[Result]:
        """The future result of the item's work."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, future))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._gather, loop, 0)
        return future

    def _gather(self, loop: asyncio.AbstractEventLoop, before: int) -> None:
        # Whoever is about to add something has it done sooner together than in line.
        if self._pool is None and before < len(self._waiting) < FULL:
            loop.call_soon(self._gather, loop, len(self._waiting))
        else:
            self._start(loop)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        batch, self._waiting = self._waiting, []
        items = [item for item, _ in batch]
        if self._pool is None:
            self._end(loop, batch, self._results(items))
        else:
            running = loop.run_in_executor(self._pool, self._results, items)
            running.add_done_callback(lambda done: self._end(loop, batch, done.result()))

    def _results(self, items: Sequence[Item]) -> Sequence[Result | Exception]:
        try:
            return self._work(items)
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            return [error] * len(items)

    def _end(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: Sequence[tuple[Item, asyncio.Future[Result]]],
        results: Sequence[Result | Exception],
    ) -> None:
        for (_, future), result in zip(batch, results, strict=True):
            # Whoever has stopped waiting is told nothing.
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
        if self._waiting:
            loop.call_soon(self._gather, loop, 0)
        else:
            self._busy = False
