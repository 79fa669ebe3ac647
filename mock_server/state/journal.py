"""The journal: the newest requests of each session, and what they were answered."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import bindparam, delete, func, select

from mock_server.state.database import StateError
from mock_server.state.records import Write, text
from mock_server.state.schema import journal

if TYPE_CHECKING:
    from collections.abc import Collection

    from mock_server.exchange import Exchange
    from mock_server.state.database import Database

logger = logging.getLogger(__name__)

# How many entries of a session may come in before those beyond its size go: a share of the size.
SLACK = 0.25
MAX_COUNTED = 10_000


class Journal:
    """A ring of entries for each session, in the state: all replicas write into it, and each sees it whole.

    An entry is a dictionary with an `id`; the journal keeps no credential, because nobody hands it one.

    Attributes:
        size: How many entries of a session it keeps, the newest ones.
        keeps: Whether it keeps anything: with a size of 0 it does not.
    """

    def __init__(self, database: Database, size: int) -> None:
        self.keeps = size > 0
        self._database = database
        self.size = size
        self._slack = max(1, int(size * SLACK))
        self._added: dict[str, int] = {}
        of = journal.c.session == bindparam("of")
        oldest = select(journal.c.real_us).where(of).order_by(journal.c.real_us.desc())
        last = oldest.offset(size - 1).limit(1).scalar_subquery()
        # Made once: that takes longer than SQLite takes to do it.
        self._beyond = delete(journal).where(of, journal.c.real_us < last)

    def add(self, exchange: Exchange, entry: dict[str, Any]) -> None:
        """Have an entry kept with the exchange; it is in the order of arrival."""
        exchange.writes.append(Write(journal, (exchange.session, exchange.real_us, entry["id"], text(entry))))

    async def trim(self, session: str) -> None:
        """After an entry was added: now and then, let go of those that the session has no room for."""
        added = self._added[session] = self._added.get(session, 0) + 1
        if added < self._slack:
            return
        if len(self._added) > MAX_COUNTED:
            self._added.clear()
        self._added[session] = 0
        try:
            await self._database.write(lambda connection: connection.execute(self._beyond, {"of": session}))
        except StateError as error:
            # The answer is out already; whoever adds the next entries tries again.
            logger.warning("the journal of session %s was not trimmed: %s", session, error)

    async def newest(self, session: str, limit: int) -> tuple[list[dict[str, Any]], int]:
        """The newest entries, newest first, and how many there are in all."""
        query = (
            select(journal.c.entry)
            .where(journal.c.session == session)
            .order_by(journal.c.real_us.desc())
            .limit(min(limit, self.size))
        )
        count = select(func.count()).select_from(journal).where(journal.c.session == session)
        rows, total = await self._database.read(
            lambda connection: (
                connection.execute(query).scalars().all(),
                connection.execute(count).scalar_one(),
            )
        )
        return [orjson.loads(entry) for entry in rows], min(total, self.size)

    async def entries(self, session: str) -> list[dict[str, Any]]:
        """All entries of the session, newest first."""
        return (await self.newest(session, self.size))[0]

    async def get(self, session: str, uuid: str) -> dict[str, Any] | None:
        """The entry of that id, in either case."""
        query = select(journal.c.entry).where(journal.c.session == session, journal.c.uuid == uuid.lower())
        found = await self._database.read(lambda connection: connection.execute(query).scalar_one_or_none())
        return None if found is None else orjson.loads(found)

    async def remove(self, session: str, uuids: Collection[str]) -> int:
        """Forget these entries; how many there were."""
        wanted = [uuid.lower() for uuid in uuids]
        gone = delete(journal).where(journal.c.session == session, journal.c.uuid.in_(wanted))
        return await self._database.write(lambda connection: connection.execute(gone).rowcount)

    async def clear(self, session: str) -> None:
        """Forget all entries of the session."""
        gone = delete(journal).where(journal.c.session == session)
        await self._database.write(lambda connection: connection.execute(gone))
