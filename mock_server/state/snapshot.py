"""Snapshots: all that a session is, to be put in place of any other session, in any database."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import delete, select, update

from mock_server.state import records
from mock_server.state.records import FAILED, FOREIGN_END, TIMESTAMP, Write
from mock_server.state.schema import counters, journal, liverig_jobs, nortech_requests, notifications

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, Table

# Whoever restores a snapshot calls nobody, so it has no notifications.
OF_SESSIONS = (liverig_jobs, nortech_requests, notifications, journal)


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
        """What its schema does not see: JSON pointers, and what is wrong there.

        Args:
            end: The first id that it may not have.
        """
        for at, number in self._ids():
            if number >= end:
                yield at, f"is {number}, and a mock that has not counted so far takes less than {end}"
        for number, record in enumerate(self.requests):
            for place, message in _faults_of_request(record):
                yield f"/requests/{number}/record{place}", message
        for number, (_, record) in enumerate(self.jobs):
            for child, each in enumerate(record["children"]):
                for message in _faults_of_child(each):
                    yield f"/jobs/{number}/record/children/{child}/end", message
        for number, (_, entry) in enumerate(self.journal):
            if any(not isinstance(*each) for each in zip(entry["server"], (str, int), strict=False)):
                yield f"/journal/{number}/entry/server", "is not a host and a port"
            try:
                base64.b64decode(entry.get("base64", ""), validate=True)
            except ValueError:
                yield f"/journal/{number}/entry/base64", "is not Base64"
        yield from _repeated((f"/jobs/{n}", job["uuid"].lower()) for n, (_, job) in enumerate(self.jobs))
        yield from _repeated(
            (f"/journal/{n}", each["id"].lower()) for n, (_, each) in enumerate(self.journal)
        )
        yield from _repeated(self._ids_of_requests())
        yield from _repeated(self._ids_of_children())

    def floor(self) -> int:
        """The lowest id that is above all in here."""
        return max((number for _, number in self._ids()), default=0) + 1

    def _ids(self) -> Iterator[tuple[str, int]]:
        """What a counter gave: JSON pointers, and the ids there."""
        yield from self._ids_of_requests()
        yield from self._ids_of_children()

    def _ids_of_requests(self) -> Iterator[tuple[str, int]]:
        for index, record in enumerate(self.requests):
            yield f"/requests/{index}/record/id", record["id"]

    def _ids_of_children(self) -> Iterator[tuple[str, int]]:
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


def _repeated(keys: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    first: dict[Any, str] = {}
    for place, key in keys:
        there = first.setdefault(key, place)
        if there != place:
            yield place, f"is there twice: it is that of {there}, too, and expected to be of its own"


def _faults_of_request(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What cannot be of a data request: pointers into its record, and what is wrong there."""
    names = {TIMESTAMP}
    for column, (name, signal) in enumerate(record["columns"]):
        place = f"/columns/{column}"
        if not isinstance(name, str) or not isinstance(signal, int):
            yield place, "is not a name and a signal id"
        elif name in names:
            yield f"{place}/0", f"is {name!r}, as another column is; expected a name of its own"
        else:
            names.add(name)
    if record["end_us"] < record["start_us"]:
        yield "/end_us", f"is {record['end_us']}; expected no less than start_us, {record['start_us']}"
    failed = record["status"] == FAILED
    if failed is not bool(record["error"]):
        expected = "a reason, since its status is Failed" if failed else "none, since its status is Finished"
        yield "/error", f"is {record['error']!r}; expected {expected}"
    # What failed at once, on demand or after it was waited for, keeps nothing of what was asked for.
    if not failed or record["takes_us"] or record["columns"] or record["format"]:
        if not record["columns"]:
            yield "/columns", "is empty; expected the columns of its data file"
        if not record["format"]:
            yield "/format", "is empty; expected the format of its data file"


def _faults_of_child(record: dict[str, Any]) -> Iterator[str]:
    """Why there is nothing to fetch for a child, though it does not fail."""
    if record["failure"]:
        return
    start, end = Decimal(record["start"]), Decimal(record["end"])
    if end < start:
        yield f"is {end}; expected no less than start, {start}"
    elif max(start, Decimal(record["data_start"] or start)) > min(end, Decimal(record["data_end"] or end)):
        yield "is of a range in which the log has no data (data_start, data_end); expected a failure then"


def take(connection: Connection, session: str, journal_size: int) -> Snapshot:
    """What the session holds; of its journal so many of the newest entries."""

    def rows(table: Table, *names: str) -> list[Any]:
        columns = [table.c[name] for name in names]
        key = table.c.get("real_us", table.c.get("id"))
        return list(connection.execute(select(*columns).where(table.c.session == session).order_by(key)))

    entries = rows(journal, "real_us", "entry")

    return Snapshot(
        [(real_us, orjson.loads(record)) for real_us, record in rows(liverig_jobs, "real_us", "record")],
        [orjson.loads(record) for (record,) in rows(nortech_requests, "record")],
        # A few more may be there until the journal is trimmed.
        [(real_us, orjson.loads(entry)) for real_us, entry in entries[max(0, len(entries) - journal_size) :]],
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
