"""The door to the state: every statement of SQL is behind it.

All of it runs where it is called, which is the event loop: a row costs less time than handing it to a thread,
and one writer needs no lock. Rows are in the file before the answer is sent, so a killed mock loses nothing
that it has promised.
"""

from __future__ import annotations

import shutil
import tempfile
import time
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, create_engine, delete, event, func, insert, inspect, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import StaticPool

from mock_server.state.schema import liverig_children, liverig_jobs, metadata, nortech_requests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MAX_ID = 2**63 - 1


class StateError(Exception):
    """The state cannot be kept where it should be; the message says why."""


@dataclass(frozen=True, slots=True)
class Job:
    """A LiveRig job with its children (L18); times in microseconds of the Unix epoch."""

    uuid: str
    accepted_us: int
    qualifier: str
    instance: str
    source: str
    rig_name: str
    children: tuple[Child, ...]


@dataclass(frozen=True, slots=True)
class Child:
    """The part of a job that one log is; its range in milliseconds (TIME) or metres (DEPTH) as decimal
    text.
    """

    well: str
    wellbore: str
    log: str
    specific_type: str
    start: str
    end: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class DataRequest:
    """An accepted Nortech request: all that its data file is made from.

    Attributes:
        id: The request's id.
        start_us: The first instant of the window, in microseconds of the Unix epoch.
        end_us: The first instant behind the window.
        format: `parquet`, `json` or `csv`.
        columns: The name and the signal id of each column, in order.
    """

    id: int
    start_us: int
    end_us: int
    format: str
    columns: tuple[tuple[str, int], ...]


class Store:
    """The state in SQLite: in the given file, or in a private one that is removed at the end.

    Raises:
        StateError: The file cannot be opened, or is something else.
    """

    def __init__(
        self, path: Path | None = None, now_us: Callable[[], int] = lambda: time.time_ns() // 1000
    ) -> None:
        self._now_us = now_us
        self._remove: Callable[[], object] = lambda: None
        if path is None:
            folder = Path(tempfile.mkdtemp(prefix="histdata-mock-"))
            # Also where nobody closes the store, at the end of the process.
            self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            path = folder / "state.sqlite"
        elif not path.parent.is_dir():
            raise StateError(f"{path}: there is no folder {path.parent}")
        self._engine = create_engine(
            URL.create("sqlite", database=str(path)),
            poolclass=StaticPool,
            # Made in one thread, used in the one of the event loop; never in two at once.
            connect_args={"check_same_thread": False},
        )
        event.listen(self._engine, "connect", _configure)
        try:
            metadata.create_all(self._engine)
            self._check(path)
        except DatabaseError as error:
            self.close()
            raise StateError(f"{path}: cannot keep the state there: {error.orig}") from None
        except StateError:
            self.close()
            raise

    def _check(self, path: Path) -> None:
        """Find a file of another program or version here, rather than at the first request."""
        inspector = inspect(self._engine)
        for table in metadata.sorted_tables:
            found = {column["name"] for column in inspector.get_columns(table.name)}
            if found != set(table.columns.keys()):
                raise StateError(f"{path}: its table {table.name} is of another version: remove the file")

    def close(self) -> None:
        """Let go of the file; remove it if it is the private one."""
        self._engine.dispose()
        self._remove()

    def reset(self) -> None:
        """Forget all jobs and data requests. Ids count on."""
        with self._engine.begin() as connection:
            for table in (liverig_children, liverig_jobs, nortech_requests):
                connection.execute(delete(table))

    def add_job(self, uuid: str, parent: Mapping[str, str], children: Sequence[Child]) -> None:
        """Keep a job under its uuid, with its children; they get the next numbers, in order.

        Args:
            uuid: The job's own uuid.
            parent: `qualifier`, `instance`, `source`, `rig_name`.
            children: One for each log.
        """
        with self._engine.begin() as connection:
            job_id = connection.execute(
                insert(liverig_jobs).values(uuid=uuid, accepted_us=self._now_us(), **parent)
            ).inserted_primary_key
            if children and job_id:
                connection.execute(
                    insert(liverig_children),
                    [
                        {
                            "job_id": job_id[0],
                            "well": child.well,
                            "wellbore": child.wellbore,
                            "log": child.log,
                            "specific_type": child.specific_type,
                            "range_start": child.start,
                            "range_end": child.end,
                        }
                        for child in children
                    ],
                )

    def job(self, uuid: str) -> Job | None:
        """The job of that uuid, in either case (a uuid has none)."""
        found = self._jobs(select(liverig_jobs).where(liverig_jobs.c.uuid == uuid.lower()))
        return found[0] if found else None

    def newest_jobs(self, limit: int) -> tuple[list[Job], int]:
        """The newest jobs, newest first, and how many there are in all."""
        with self._engine.connect() as connection:
            total = connection.execute(select(func.count()).select_from(liverig_jobs)).scalar_one()
        return self._jobs(select(liverig_jobs).order_by(liverig_jobs.c.id.desc()).limit(limit)), total

    def _jobs(self, query: Any) -> list[Job]:
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
            children: dict[int, list[Child]] = {row.id: [] for row in rows}
            for child in connection.execute(
                select(liverig_children)
                .where(liverig_children.c.job_id.in_(list(children)))
                .order_by(liverig_children.c.number)
            ):
                children[child.job_id].append(
                    Child(
                        child.well,
                        child.wellbore,
                        child.log,
                        child.specific_type,
                        child.range_start,
                        child.range_end,
                        child.number,
                    )
                )
        return [
            Job(
                row.uuid,
                row.accepted_us,
                row.qualifier,
                row.instance,
                row.source,
                row.rig_name,
                tuple(children[row.id]),
            )
            for row in rows
        ]

    def add_data_request(
        self, start_us: int, end_us: int, file_format: str, columns: Sequence[tuple[str, int]]
    ) -> DataRequest:
        """Keep an accepted request under an id that was never given before (N14)."""
        number = self._add_request(
            status="Finished",
            start_us=start_us,
            end_us=end_us,
            format=file_format,
            columns=[list(column) for column in columns],
        )
        return DataRequest(number, start_us, end_us, file_format, tuple(columns))

    def add_bare_request(self, status: str) -> int:
        """Keep a request that was answered on demand: it has an id, but no data file."""
        return self._add_request(status=status)

    def _add_request(self, **values: Any) -> int:
        with self._engine.begin() as connection:
            key = connection.execute(
                insert(nortech_requests).values(accepted_us=self._now_us(), **values)
            ).inserted_primary_key
        assert key is not None
        number: int = key[0]
        return number

    def data_request(self, number: int) -> DataRequest | None:
        """The accepted request of that id."""
        if number > MAX_ID:
            return None
        table = nortech_requests
        with self._engine.connect() as connection:
            row = connection.execute(
                select(table).where(table.c.id == number, table.c.columns.is_not(None))
            ).one_or_none()
        if row is None:
            return None
        columns = tuple((name, signal) for name, signal in row.columns)
        return DataRequest(row.id, row.start_us, row.end_us, row.format, columns)


def _configure(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # A commit survives the end of the process; only a loss of power may take the last ones.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
