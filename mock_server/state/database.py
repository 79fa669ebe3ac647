"""Where the state is kept: a SQLite file or a PostgreSQL database, and who may touch it when.

SQLite is used where it is called, which is the event loop: a row costs less time than handing it to a thread.
PostgreSQL is further away, so it has threads: one that writes, and a few that read. What is large goes apart
from all that, in a thread and by a connection of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from weakref import WeakSet

from sqlalchemy import URL, create_engine, event, insert, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool, StaticPool

from mock_server import folder
from mock_server.state.group import Group
from mock_server.state.schema import COUNTERS, VERSION, counters, meta, metadata, sessions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from sqlalchemy import Connection, Engine, Table

    from mock_server.state.records import Write

T = TypeVar("T")

# How long to wait for another process that is writing, in seconds.
BUSY = 2
# In SQLite, everybody waits for so much of that, and looks so often; then others go on for so long, before it
# is tried again. SQLite itself would look after a millisecond first, which is longer than most writes.
BUSY_AT_ONCE, LOOK, PAUSE = 0.005, 0.000_1, 0.01
# How often to look whether the file is still there, in seconds: writing to one that is gone raises nothing.
WATCH = 1
# How long PostgreSQL may take to let a client in, to answer what each request asks, to do one statement, and
# to show that it is there at all, in seconds.
CONNECT, ANSWER, STATEMENT, SILENCE = 3, 10, 30, 5
READERS = 4
# How long what is under way in PostgreSQL may take to end when the mock does, in seconds.
PARTING = 1
# Any number, as long as all replicas take the same one.
_SETUP_LOCK = 0x68697374
# A checkpoint waits for the disk, and everybody for it: so many pages of 4 KiB, 64 MiB, come in before one.
# What was written twice meanwhile, as the journal's pages are, is put in its place once.
_CHECKPOINT_PAGES = 16_384
_EXPECTED = "expected a file, sqlite:///FILE or postgresql://USER@HOST:PORT/DATABASE"
# What PostgreSQL's URLs may have in their query, and no message may.
_SECRETS = ("password", "sslpassword")


# What a session has changed: its settings, its clock, its lowest id.
SessionRow: TypeAlias = tuple[str, str, int]
NO_SESSION: SessionRow = ("", "", 0)
_SESSION = f"SELECT settings, clock, floor FROM {sessions.name} WHERE name = ?"


class StateError(Exception):
    """The state cannot be kept where it should be; the message says why."""


class BusyError(StateError):
    """Another process has the database for itself, and may let go of it soon."""


class Database:
    """An open database.

    Raises:
        StateError: It cannot be opened, or is something else.
    """

    def __init__(self, place: Path | str | None) -> None:
        url, self._name, self._remove = _located(self, place)
        self.on_loop = url.get_backend_name() == "sqlite"
        if self.on_loop:
            self.engine = create_engine(
                url,
                poolclass=StaticPool,
                # Made in one thread, used in the one of the event loop; never in two at once.
                connect_args={"check_same_thread": False, "timeout": BUSY, "isolation_level": None},
            )
            self._apart = create_engine(
                url, poolclass=NullPool, connect_args={"timeout": BUSY, "isolation_level": None}
            )
            for engine in (self.engine, self._apart):
                event.listen(engine, "connect", _durable if place is not None else _fleeting)
                # The driver is told to leave transactions alone; a writing one wants its lock from the start.
                event.listen(engine, "begin", _begin)
            self._writer = self._readers = None
        else:
            self.engine = self._apart = create_engine(url, pool_size=READERS + 2, pool_pre_ping=True)
            event.listen(self.engine, "connect", lambda connection, _: self._connected.add(connection))
            self._writer = ThreadPoolExecutor(1, "state-writer")
            self._readers = ThreadPoolExecutor(READERS, "state-reader")
        self._connected: WeakSet[Any] = WeakSet()
        self._reading = self.engine.execution_options(reading=True)
        self._inserts: dict[Table, str] = {}
        self._commits: Group[Sequence[Write], None] = Group(self._keep, self._writer)
        self._sessions: Group[str, SessionRow] = Group(self._find_sessions, self._readers)
        self._rows: dict[str, SessionRow] = {}
        try:
            self.secret = self._set_up()
            self._file = Path(url.database) if self.on_loop and url.database else None
            self._identity, self._look_at = _identity(self._file), 0.0
            self._raw = self.engine.raw_connection().driver_connection if self.on_loop else None
            if self._raw is not None:
                self._raw.execute("PRAGMA busy_timeout=0")
        except (SQLAlchemyError, sqlite3.Error) as error:
            self.close()
            raise StateError(f"{self._name}: cannot keep the state there: {_reason(error)}") from None
        except StateError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the database; remove it if it is the private one."""
        # Whoever waits for a server that does not answer would keep the mock from its end.
        late = threading.Timer(PARTING, self._cut)
        late.start()
        for pool in (self._writer, self._readers):
            if pool is not None:
                pool.shutdown(cancel_futures=True)
        late.cancel()
        self.engine.dispose()
        self._cut()
        self._remove()

    def _cut(self) -> None:
        """Take the network from whoever still uses PostgreSQL."""
        gone = (OSError, self.engine.dialect.loaded_dbapi.Error)
        for connection in list(self._connected):
            with (
                contextlib.suppress(*gone),
                socket.socket(fileno=os.dup(connection.fileno())) as wire,
            ):
                wire.shutdown(socket.SHUT_RDWR)

    def _set_up(self) -> bytes:
        """Make the tables where there are none; the database's secret."""
        with self.engine.begin() as connection:
            if not self.on_loop:
                # Two replicas may start at once.
                connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SETUP_LOCK})")
            found = set(inspect(connection).get_table_names())
            ours = {table.name for table in metadata.sorted_tables}
            if meta.name not in found and (found if self.on_loop else found & ours):
                raise StateError(f"{self._name}: holds something else than the state of a mock")
            if meta.name not in found:
                metadata.create_all(connection)
                rows = {"version": VERSION, "secret": secrets.token_hex(32)}
                connection.execute(
                    insert(meta), [{"name": name, "value": value} for name, value in rows.items()]
                )
                connection.execute(insert(counters), [{"name": name, "next": 1} for name in COUNTERS])
            values: dict[str, str] = {row.name: row.value for row in connection.execute(select(meta))}
        if values.get("version") != VERSION:
            raise StateError(
                f"{self._name}: is the state of another version of the mock "
                f"({values.get('version')}, and this one has {VERSION}): remove it, or name another place"
            )
        return bytes.fromhex(values["secret"])

    async def read(self, query: Callable[[Connection], T]) -> T:
        """What the query finds, all of it at one instant.

        Raises:
            StateError: The database does not answer.
        """
        return await self._patiently(lambda: self._attempt(self._readers, self._reading, query))

    async def write(self, change: Callable[[Connection], T], *, seconds: float | None = None) -> T:
        """What the change returns, once it is kept; it is a transaction of its own.

        Args:
            change: What is done.
            seconds: How long PostgreSQL may take.

        Raises:
            StateError: It cannot be kept.
        """
        return await self._patiently(lambda: self._attempt(self._writer, self.engine, change), seconds)

    async def apart(self, work: Callable[[Connection], T]) -> T:
        """What the work, which is large, returns; it is a transaction of its own, and others go on meanwhile.

        Raises:
            StateError: The database does not answer, or what was written cannot be kept.
        """
        return await self._patiently(lambda: asyncio.to_thread(self._within, self._apart, work))

    async def _patiently(self, work: Callable[[], Awaitable[T]], seconds: float | None = None) -> T:
        """What the work gives; where another process has a SQLite file, it is tried again, and others go on.

        What PostgreSQL has not done in time it may still do: only what is acknowledged is promised.
        """
        late: StateError | None = None
        if self.on_loop:
            # Mostly nobody else is there, and a timer costs each request.
            try:
                return await work()
            except BusyError as error:
                late, seconds = error, BUSY
        try:
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        return await work()
                    except BusyError:
                        await asyncio.sleep(PAUSE)
        except TimeoutError:
            raise late or StateError(f"{self._name}: no answer in {seconds} s") from None

    async def _attempt(
        self, pool: ThreadPoolExecutor | None, engine: Engine, function: Callable[[Connection], T]
    ) -> T:
        if pool is None:
            return self._within(engine, function)
        return await asyncio.get_running_loop().run_in_executor(pool, self._within, engine, function)

    def _within(self, engine: Engine, function: Callable[[Connection], T]) -> T:
        self._rows.clear()
        try:
            with engine.begin() as connection:
                return function(connection)
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> StateError:
        kind = BusyError if _is_busy(getattr(error, "orig", None) or error) else StateError
        return kind(f"{self._name}: {_reason(error)}")

    async def session(self, name: str) -> SessionRow:
        """The row of a session, as it is in this turn of the event loop: when who asks had arrived."""
        if self._raw is None:
            return await self._patiently(lambda: self._sessions.add(name), ANSWER)
        # Each request asks. Whoever else waits in the event loop by now was there before this row is read, so
        # it is theirs, too; who comes later comes after it is forgotten.
        row = self._rows.get(name)
        if row is None:
            if time.monotonic() > self._look_at:
                self._look()
            try:
                row = self._raw.execute(_SESSION, (name,)).fetchone() or NO_SESSION
            except sqlite3.Error as error:
                raise self._failed(error) from None
            if not self._rows:
                asyncio.get_running_loop().call_soon(self._rows.clear)
            self._rows[name] = row
        return row

    def _look(self) -> None:
        """See that the file is still there.

        Raises:
            StateError: It is not: whatever is written goes nowhere.
        """
        found = _identity(self._file)
        if found != self._identity:
            what = "another file is in its place" if found else "the file is gone"
            raise StateError(
                f"{self._name}: {what}: bring it back, or start the mock anew without what it held"
            )
        self._look_at = time.monotonic() + WATCH

    def _find_sessions(self, names: Sequence[str]) -> Sequence[SessionRow]:
        columns = (sessions.c.settings, sessions.c.clock, sessions.c.floor)
        query = select(sessions.c.name, *columns).where(sessions.c.name.in_(set(names)))
        rows = self._within(self._reading, lambda connection: connection.execute(query).all())
        found = {row[0]: (row[1], row[2], row[3]) for row in rows}
        return [found.get(name, NO_SESSION) for name in names]

    async def commit(self, writes: Sequence[Write]) -> None:
        """Keep the rows.

        Raises:
            StateError: They cannot be kept; none of them is.
        """
        await self._patiently(lambda: self._commits.add(writes), ANSWER)

    def _keep(self, parts: Sequence[Sequence[Write]]) -> Sequence[Exception | None]:
        """Keep all the parts in one transaction; why a part is not kept."""
        try:
            self._insert([write for writes in parts for write in writes])
        except (SQLAlchemyError, sqlite3.Error) as error:
            # Where the database does not answer, all would wait again, each for itself.
            if len(parts) == 1 or isinstance(error, OperationalError | sqlite3.OperationalError):
                return [self._failed(error) for _ in parts]
            # One that cannot be kept takes none of the others with it.
            return [self._keep([writes])[0] for writes in parts]
        return [None] * len(parts)

    def _insert(self, writes: Iterable[Write]) -> None:
        if self._raw is None:
            with self.engine.begin() as connection:
                self.insert(connection, writes)
            return
        # The hot path: what SQLAlchemy does for a transaction takes longer than SQLite.
        _lock(self._raw)
        try:
            for statement, rows in self._by_statement(writes):
                self._raw.executemany(statement, rows)
            self._raw.execute("COMMIT")
        except BaseException:
            self._raw.rollback()
            raise

    def insert(self, connection: Connection, writes: Iterable[Write]) -> None:
        """Insert the rows within a transaction."""
        for statement, rows in self._by_statement(writes):
            connection.exec_driver_sql(statement, rows)

    def _by_statement(self, writes: Iterable[Write]) -> Iterable[tuple[str, list[tuple[str | int, ...]]]]:
        rows: dict[Table, list[tuple[str | int, ...]]] = {}
        for write in writes:
            rows.setdefault(write.table, []).append(write.row)
        return [(self._statement(table), values) for table, values in rows.items()]

    def _statement(self, table: Table) -> str:
        """The insertion of rows in the driver's own words, all values in the order of the columns."""
        found = self._inserts.get(table)
        if found is None:
            mark = "?" if self.on_loop else "%s"
            marks = ", ".join([mark] * len(table.columns))
            found = self._inserts[table] = f"INSERT INTO {table.name} VALUES ({marks})"
        return found


def _begin(connection: Connection) -> None:
    """Begin a transaction in SQLite: one that writes wants its lock from the start."""
    if connection.get_execution_options().get("reading"):
        connection.exec_driver_sql("BEGIN")
    else:
        _lock(connection.connection.driver_connection)


def _lock(connection: Any) -> None:
    """Begin a transaction that nobody else writes beside."""
    until = time.monotonic() + BUSY_AT_ONCE
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > until:
                raise
        time.sleep(LOOK)


def _identity(file: Path | None) -> tuple[int, int] | None:
    """What a file is known by, whatever its name is; None where there is none."""
    try:
        found = file.stat() if file is not None else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None


def _is_busy(error: BaseException) -> bool:
    # The lowest byte is the primary result code.
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY


def _reason(error: Exception) -> str:
    """What went wrong, in one line."""
    return " ".join(str(getattr(error, "orig", None) or error).split())


def _located(owner: Database, place: Path | str | None) -> tuple[URL, str, Callable[[], object]]:
    """The URL of a place, what to call it in messages, and what removes it."""
    if place is None:
        try:
            private, remove = folder.make(owner, folder.STATE)
        except OSError as error:
            raise StateError(f"the private state: there is no place for it: {error}") from None
        return _sqlite(private / "state.sqlite"), "the private state", remove
    if not str(place):
        raise StateError(f"the place of the state is empty: {_EXPECTED}")
    if isinstance(place, str) and "://" in place:
        return *_url(place), lambda: None
    path = Path(place)
    if not path.parent.is_dir():
        raise StateError(f"{path}: there is no folder {path.parent}")
    if path.is_dir():
        raise StateError(f"{path}: is a folder; {_EXPECTED}")
    return _sqlite(path), str(path), lambda: None


def _sqlite(path: Path) -> URL:
    return URL.create("sqlite", database=str(path))


def _url(text: str) -> tuple[URL, str]:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # Where it cannot be read, nobody knows which part of it is the password.
        raise StateError(
            f"{text.partition('://')[0]}://…: is not the URL of a database: {_EXPECTED}"
        ) from None
    name = url.difference_update_query(_SECRETS).render_as_string(hide_password=True)
    if url.drivername == "sqlite" and url.database and url.database != ":memory:":
        if not Path(url.database).parent.is_dir():
            raise StateError(f"{name}: there is no folder {Path(url.database).parent}")
        return _sqlite(Path(url.database)), name
    if url.drivername in {"postgresql", "postgresql+psycopg"}:
        return _bounded(url.set(drivername="postgresql+psycopg")), name
    raise StateError(f"{name}: {_EXPECTED}")


def _bounded(url: URL) -> URL:
    """The URL with bounds on how long anything may take, where it has none of its own (libpq's names)."""
    settings = f"-c lock_timeout={BUSY}s -c statement_timeout={STATEMENT}s"
    bounds = {"connect_timeout": str(CONNECT), "tcp_user_timeout": str(SILENCE * 1000)}
    own = dict(url.query)
    # The last one of the same name holds.
    return url.set(query={**bounds, **own, "options": " ".join([settings, *_texts(own.get("options", ()))])})


def _texts(value: str | Sequence[str]) -> Sequence[str]:
    return (value,) if isinstance(value, str) else value


def _durable(connection: Any, _record: Any) -> None:
    # A commit survives the end of the process; only a loss of power may take the last ones.
    _configure(connection, "NORMAL")


def _fleeting(connection: Any, _record: Any) -> None:
    _configure(connection, "OFF")


def _configure(connection: Any, synchronous: str) -> None:
    # The other way round, a new file would wait for the disk once more.
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
