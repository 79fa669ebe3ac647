"""The door to the state: every statement of SQL is behind it.

Nothing is written where it is decided: handlers add rows to their exchange, and the exchange is kept as a
whole before its answer goes out. So a killed mock loses nothing that it has promised.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import func, select, text, update

from mock_server.clock import Clock
from mock_server.state import records, snapshot
from mock_server.state.database import ANSWER, Database, StateError
from mock_server.state.journal import Journal
from mock_server.state.records import MAX_ID, Child, DataRequest, Job, Notification, Write
from mock_server.state.schema import (
    CHILDREN,
    REQUESTS,
    counters,
    liverig_jobs,
    nortech_requests,
    notifications,
    sessions,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from mock_server.exchange import Exchange
    from mock_server.state.snapshot import Snapshot

__all__ = ["NO_SESSION", "Child", "DataRequest", "Job", "Session", "StateError", "Store"]

# How many ids a replica takes at once. What it has not given at its end is never given.
BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Session:
    """What a session has changed.

    Attributes:
        changes: Its own settings, as the JSON text of an object; empty where it has none.
        clock: Its clock.
        floor: No id below this may be given in it.
    """

    changes: str
    clock: Clock
    floor: int


class Store:
    """The state in a SQLite file or a database; without a place, in a private file that is removed at the
    end.

    Attributes:
        journal: The requests of each session.
        secret: Random bytes that all replicas on this state share, and a restart keeps.

    Raises:
        StateError: The place cannot be used, or holds something else.
    """

    def __init__(self, place: Path | str | None = None, *, journal_size: int = 1000) -> None:
        self._database = Database(place)
        self.secret = self._database.secret
        self.journal = Journal(self._database, journal_size)
        self._blocks: dict[str, tuple[int, int]] = {}
        self._reserving: dict[str, asyncio.Future[None]] = {}

    def close(self) -> None:
        """Let go of the database; remove it if it is the private one."""
        self._database.close()

    # Sessions

    async def session(self, name: str) -> Session:
        """The session as it is now, whichever replica has changed it."""
        return _session(*await self._database.session(name))

    async def change(self, name: str, change: Callable[[Session], Session]) -> Session:
        """Change a session by what it is now; what it is then.

        Nobody else changes it in between.
        """

        def changing(connection: Connection) -> Session:
            row = _locked(connection, name)
            changed = change(_session(row.settings, row.clock, row.floor))
            _put(connection, name, changed)
            return changed

        return await self._database.write(changing)

    async def reset(self, name: str) -> None:
        """Forget a session's jobs, data requests, journal, settings and clock. Ids count on."""

        def resetting(connection: Connection) -> None:
            snapshot.clear(connection, name)
            connection.execute(update(sessions).where(sessions.c.name == name).values(settings="", clock=""))

        await self._database.write(resetting)

    async def snapshot(self, name: str) -> Snapshot:
        """What a session holds, at one instant."""
        size = self.journal.size
        return await self._database.apart(lambda connection: snapshot.take(connection, name, size))

    async def end_of_ids(self) -> int:
        """The first id that a snapshot may not have to be restored here."""
        return await self._database.read(snapshot.end_of_ids)

    async def restore(self, name: str, taken: Snapshot, changes: str, clock: Clock) -> None:
        """Put a snapshot, settings and a clock in place of all that a session is.

        No id in the snapshot is given again in the session, whichever mock it is from.
        """
        # What takes time is done before anybody has to wait for the lock.
        floor, writes = await asyncio.to_thread(lambda: (taken.floor(), list(taken.writes(name))))
        # Not in the same transaction, so that nobody who needs ids waits for a big one.
        await self._database.write(lambda connection: snapshot.raise_counters(connection, floor))

        def restoring(connection: Connection) -> None:
            lowest = max(floor, _locked(connection, name).floor)
            snapshot.clear(connection, name)
            self._database.insert(connection, writes)
            _put(connection, name, Session(changes, clock, lowest))

        await self._database.apart(restoring)

    # Exchanges

    async def commit(self, exchange: Exchange) -> None:
        """Keep what the exchange has written.

        Raises:
            StateError: It cannot be kept; nothing of it is.
        """
        if exchange.writes:
            await self._database.commit(exchange.writes)

    async def _take(self, name: str, floor: int, count: int = 1) -> int:
        """The first of so many ids in a row that were never given before, by no replica."""
        while not self._has(name, floor, count):
            # Of those that need more at the same time, one reserves for all, or is refused for all.
            if name not in self._reserving:
                self._reserving[name] = asyncio.ensure_future(self._reserve(name, floor, count))
            await asyncio.shield(self._reserving[name])
        first, end = self._blocks[name]
        self._blocks[name] = first + count, end
        return first

    async def _reserve(self, name: str, floor: int, count: int) -> None:
        size = max(BLOCK, count)
        try:
            end = await self._database.write(
                lambda connection: _reserve(connection, name, size, floor), seconds=ANSWER
            )
            self._blocks[name] = end - size, end
        finally:
            del self._reserving[name]

    def _has(self, name: str, floor: int, count: int) -> bool:
        first, end = self._blocks.get(name, (0, 0))
        return floor <= first and count <= end - first

    # LiveRig

    async def add_job(
        self, exchange: Exchange, uuid: str, parent: Mapping[str, Any], children: Sequence[Mapping[str, Any]]
    ) -> Job:
        """Have a job kept with the exchange; its children get the next numbers, in order.

        Args:
            exchange: The request that becomes a job.
            uuid: The job's own uuid.
            parent: The other attributes of a `Job`.
            children: The other attributes of a `Child`, for each log.
        """
        first = await self._take(CHILDREN, exchange.floor, len(children)) if children else 0
        numbered = tuple(Child(**child, number=number) for number, child in enumerate(children, first))
        job = Job(uuid, exchange.now_us, **parent, children=numbered)
        exchange.writes.append(
            Write(liverig_jobs, (exchange.session, exchange.real_us, uuid, records.text(job)))
        )
        return job

    async def job(self, session: str, uuid: str) -> Job | None:
        """The job of that uuid, in either case (a uuid has none)."""
        query = select(liverig_jobs.c.record).where(
            liverig_jobs.c.session == session, liverig_jobs.c.uuid == uuid.lower()
        )
        found = await self._database.read(lambda connection: connection.execute(query).scalar_one_or_none())
        return None if found is None else records.job(found)

    async def newest_jobs(self, session: str, limit: int) -> tuple[list[Job], int]:
        """The newest jobs, newest first, and how many there are in all."""
        query = (
            select(liverig_jobs.c.record)
            .where(liverig_jobs.c.session == session)
            .order_by(liverig_jobs.c.real_us.desc())
            .limit(limit)
        )
        count = select(func.count()).select_from(liverig_jobs).where(liverig_jobs.c.session == session)
        rows, total = await self._database.read(
            lambda connection: (
                connection.execute(query).scalars().all(),
                connection.execute(count).scalar_one(),
            )
        )
        return [records.job(record) for record in rows], total

    # Nortech

    async def add_data_request(self, exchange: Exchange, status: str, **values: Any) -> DataRequest:
        """Have a data request kept with the exchange, under an id that was never given before (N14).

        Args:
            exchange: The request.
            status: What the operation answers as its status.
            values: The other attributes of a `DataRequest`; without them there is no data file.
        """
        request = DataRequest(await self._take(REQUESTS, exchange.floor), exchange.now_us, status, **values)
        exchange.writes.append(Write(nortech_requests, (exchange.session, request.id, records.text(request))))
        return request

    async def data_request(self, number: int, session: str | None = None) -> DataRequest | None:
        """The data request of that id; without a session, of any."""
        if number > MAX_ID:
            return None
        query = select(nortech_requests.c.record).where(nortech_requests.c.id == number)
        if session is not None:
            query = query.where(nortech_requests.c.session == session)
        found = await self._database.read(lambda connection: connection.execute(query).scalars().first())
        return None if found is None else records.data_request(found)

    def add_notification(self, exchange: Exchange, request: int, url: str, origin: str) -> None:
        """Have it kept with the exchange that somebody wants to be told when that data request is over."""
        exchange.writes.append(Write(notifications, Notification(exchange.session, request, url, origin)))

    async def open_notifications(self) -> list[Notification]:
        """Those of all sessions that nobody has begun to send."""
        return await self._notifications(select(notifications).where(notifications.c.outcome == ""))

    async def newest_notifications(self, session: str, limit: int) -> list[Notification]:
        """Those of a session, the newest first."""
        of_session = select(notifications).where(notifications.c.session == session)
        return await self._notifications(of_session.order_by(notifications.c.request.desc()).limit(limit))

    async def _notifications(self, query: Any) -> list[Notification]:
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [Notification(*row) for row in rows]

    async def settle(self, notification: Notification, before: str, outcome: str) -> bool:
        """Put an outcome in the place of the one before; whether it was that, so that only one does it."""
        change = (
            update(notifications)
            .where(notifications.c.session == notification.session)
            .where(notifications.c.request == notification.request, notifications.c.outcome == before)
            .values(outcome=outcome)
        )
        return bool(await self._database.write(lambda connection: connection.execute(change).rowcount))


REAL_TIME = Clock()
# What a session is that has changed nothing.
NO_SESSION = Session("", REAL_TIME, 0)
_NEW_SESSION = text(
    f"INSERT INTO {sessions.name} (name, settings, clock, floor) "
    "VALUES (:name, '', '', 0) ON CONFLICT DO NOTHING"
)


# Each request asks, and sessions mostly share a few.
@lru_cache(maxsize=256)
def _session(changes: str, clock: str, floor: int) -> Session:
    return Session(changes, Clock(*orjson.loads(clock)) if clock else REAL_TIME, floor)


def _clock_text(clock: Clock) -> str:
    if clock == REAL_TIME:
        return ""
    return records.text([clock.mode, clock.speed, clock.real_us, clock.mock_us])


def _locked(connection: Connection, name: str) -> Any:
    """The row of a session, made if there is none; nobody else changes it until this transaction ends."""
    query = select(sessions).where(sessions.c.name == name).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        # Another replica may be at the same.
        connection.execute(_NEW_SESSION, {"name": name})
        row = connection.execute(query).one()
    return row


def _put(connection: Connection, name: str, session: Session) -> None:
    connection.execute(
        update(sessions)
        .where(sessions.c.name == name)
        .values(settings=session.changes, clock=_clock_text(session.clock), floor=session.floor)
    )


def _reserve(connection: Connection, name: str, size: int, floor: int) -> int:
    """The end of a block of so many ids, all of them this replica's, none below the floor."""
    bound = select(counters.c.next).where(counters.c.name == name).with_for_update()
    first = connection.execute(bound).scalar_one()
    end: int = max(first, floor) + size
    connection.execute(update(counters).where(counters.c.name == name).values(next=end))
    return end
