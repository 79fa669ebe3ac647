"""Data files that were made, kept for a while: ranges need a whole file, and making one takes time.

A bounded folder for each process. Nothing is lost with it: every file can be made again, byte for byte.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from mock_server import folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

MAX_BYTES = 2 * 1024**3
# So many files are made at once; more would only take each other's processor and memory.
MAKERS = 2
# How often to look whether there is more of a file that is being made, in seconds.
LOOK_SECONDS = 0.1


@dataclass
class Spooled:
    """A file in the folder.

    Attributes:
        path: Where it is; empty at first.
        made: Done when it is.
        size: In bytes, once it is made.
        readers: How many need it there.
    """

    path: Path
    made: asyncio.Future[None] = field(init=False)
    size: int = 0
    readers: int = 0

    async def whole(self) -> None:
        """Wait until it is made.

        Raises:
            OSError: It could not be written.
        """
        # Whoever leaves does not take the file from the others.
        await asyncio.shield(self.made)

    async def pieces(self, size: int) -> AsyncIterator[bytes]:
        """Its content in pieces of at most that size, as far as it is there: ends when it is made.

        Raises:
            OSError: It could not be written.
        """
        async with await anyio.open_file(self.path, "rb") as file:
            ended = False
            while not ended:
                ended = self.made.done()
                while piece := await file.read(size):
                    yield piece
                await asyncio.wait([self.made], timeout=LOOK_SECONDS)
        await self.whole()


class Spool:
    """The folder; what was not read for the longest time goes first when it is full."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, Spooled] = OrderedDict()
        self._numbers = itertools.count()
        self._folder: Path | None = None
        self._remove: Callable[[], object] = lambda: None
        self._makers: anyio.CapacityLimiter | None = None
        self._closed = False

    def close(self) -> None:
        """Remove the folder; whatever is being made for it stops."""
        self._closed = True
        self._entries.clear()
        self._remove()

    @asynccontextmanager
    async def file(self, key: str, make: Callable[[], Iterable[bytes]]) -> AsyncIterator[Spooled]:
        """The file of that key, being made if it is not there; it stays as long as the block runs.

        Whoever asks for it while it is being made has the same making.

        Args:
            key: Tells its content from any other.
            make: Makes its pieces; called in a thread, so that other requests go on.

        Raises:
            OSError: There is no place for it.
        """
        entry = self._entries.get(key)
        if entry is None:
            entry = Spooled(self._place())
            entry.path.touch()
            self._entries[key] = entry
            entry.made = asyncio.ensure_future(self._make(key, entry, make))
            # Why it failed is of interest to who still waits, and perhaps nobody does.
            entry.made.add_done_callback(lambda made: made.cancelled() or made.exception())
        self._entries.move_to_end(key)
        entry.readers += 1
        try:
            yield entry
        finally:
            entry.readers -= 1
            self._shrink()

    async def _make(self, key: str, entry: Spooled, make: Callable[[], Iterable[bytes]]) -> None:
        self._makers = self._makers or anyio.CapacityLimiter(MAKERS)

        def making() -> int:
            with entry.path.open("wb") as file:
                for piece in make():
                    if self._closed:
                        raise OSError("the spool is closed")
                    file.write(piece)
                    file.flush()
                return file.tell()

        try:
            entry.size = await anyio.to_thread.run_sync(making, limiter=self._makers)
        except BaseException:
            self._entries.pop(key, None)
            entry.path.unlink(missing_ok=True)
            raise

    def _place(self) -> Path:
        if self._folder is None:
            self._folder, self._remove = folder.make(self, folder.FILES)
        return self._folder / str(next(self._numbers))

    def _shrink(self) -> None:
        size = sum(entry.size for entry in self._entries.values())
        for key, entry in list(self._entries.items()):
            if size <= self._max_bytes:
                return
            if not entry.readers and entry.made.done():
                size -= entry.size
                del self._entries[key]
                entry.path.unlink(missing_ok=True)
