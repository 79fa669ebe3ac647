"""Snapshots: all that a session is, to be put in place of any other session, in any database."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import delete, select, update

from mock_server.state import records
from mock_server.state.records import FOREIGN_END, Write
from mock_server.state.schema import counters, journal, liverig_jobs, nortech_requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Table

OF_SESSIONS = (liverig_jobs, nortech_requests, journal)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a session holds, beside its settings and its clock.

    Attributes:
        jobs: The real instant of arrival, and the record of each job.
        requests: The record of each data request.
        journal: The real instant of arrival, and each entry.
    """

    jobs: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    journal: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    def faults(self, end: int) -> Iterator[tuple[str, str]]:
        """What no schema can say about it: JSON pointers, and what is wrong there.

        Args:
            end: The first id that it may not have.
        """
        for at, number in self._ids():
            if number >= end:
                yield at, f"is {number}, and a mock that has not counted so far takes less than {end}"
        for number, record in enumerate(self.requests):
            for column, (name, signal) in enumerate(record["columns"]):
                if not isinstance(name, str) or not isinstance(signal, int):
                    yield f"/requests/{number}/record/columns/{column}", "is not a name and a signal id"
        for number, (_, entry) in enumerate(self.journal):
            if any(not isinstance(*each) for each in zip(entry["server"], (str, int), strict=False)):
                yield f"/journal/{number}/entry/server", "is not a host and a port"
            try:
                base64.b64decode(entry.get("base64", ""), validate=True)
            except ValueError:
                yield f"/journal/{number}/entry/base64", "is not Base64"
        for name, keys in {
            "jobs": [record["uuid"].lower() for _, record in self.jobs],
            "requests": [record["id"] for record in self.requests],
            "journal": [entry["id"].lower() for _, entry in self.journal],
        }.items():
            seen = set()
            for number, key in enumerate(keys):
                if key in seen:
                    yield f"/{name}/{number}", "is there twice"
                seen.add(key)

    def floor(self) -> int:
        """The lowest id that is above all in here."""
        return max((number for _, number in self._ids()), default=0) + 1

    def _ids(self) -> Iterator[tuple[str, int]]:
        """What a counter gave: JSON pointers, and the ids there."""
        for index, record in enumerate(self.requests):
            yield f"/requests/{index}/record/id", record["id"]
        for index, (_, record) in enumerate(self.jobs):
            for place, child in enumerate(record["children"]):
                yield f"/jobs/{index}/record/children/{place}/number", child["number"]

    def writes(self, session: str) -> Iterator[Write]:
        """The rows that make a session of this."""
        for real_us, record in self.jobs:
            uuid = record["uuid"].lower()
            kept = records.text({**record, "uuid": uuid})
            yield Write(liverig_jobs, (session, real_us, uuid, kept))
        for record in self.requests:
            yield Write(nortech_requests, (session, record["id"], records.text(record)))
        for real_us, entry in self.journal:
            uuid = entry["id"].lower()
            kept = records.text({**entry, "id": uuid})
            yield Write(journal, (session, real_us, uuid, kept))


def take(connection: Connection, session: str) -> Snapshot:
    """What the session holds."""

    def rows(table: Table, *names: str) -> list[Any]:
        columns = [table.c[name] for name in names]
        key = table.c.get("real_us", table.c.get("id"))
        return list(connection.execute(select(*columns).where(table.c.session == session).order_by(key)))

    return Snapshot(
        [(real_us, orjson.loads(record)) for real_us, record in rows(liverig_jobs, "real_us", "record")],
        [orjson.loads(record) for (record,) in rows(nortech_requests, "record")],
        [(real_us, orjson.loads(entry)) for real_us, entry in rows(journal, "real_us", "entry")],
    )


def clear(connection: Connection, session: str) -> None:
    """Forget what the session holds."""
    for table in OF_SESSIONS:
        connection.execute(delete(table).where(table.c.session == session))


def end_of_ids(connection: Connection) -> int:
    """The first id that a snapshot may not have: one that the counters have not passed, and that is too high
    for them to start from.
    """
    found: list[int] = list(connection.execute(select(counters.c.next)).scalars())
    return max(FOREIGN_END, *found)


def raise_counters(connection: Connection, floor: int) -> None:
    """Have no id below the floor in any block that is yet to be reserved."""
    connection.execute(update(counters).where(counters.c.next < floor).values(next=floor))
