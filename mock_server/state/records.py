"""What the state holds, and how a handler says what is to be kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from sqlalchemy import Table

# An id is a number that every JSON reader has exactly.
MAX_ID = 2**53 - 1
# A restore brings no id from here on, unless the counters have come that far: so whatever is restored, they
# have as many ids before them again, and nobody gives so many.
FOREIGN_END = 2**52
# How a data request ends (N12, N13).
FINISHED, FAILED = "Finished", "Failed"
# The first column of each data file (N9); no signal's has its name.
TIMESTAMP = "timestamp"


class Write(NamedTuple):
    """A new row.

    Attributes:
        table: Its table.
        row: Its values, in the order of the table's columns.
    """

    table: Table
    row: tuple[str | int, ...]


# Each request makes records, and has them written as JSON: without slots that takes a quarter of the time.
@dataclass
class Child:
    """The part of a job that one log is; ranges in milliseconds (TIME) or metres (DEPTH) as decimal text.

    Attributes:
        well: The well's uid.
        wellbore: The wellbore's uid.
        log: The log's uid.
        specific_type: `TIME` or `DEPTH`.
        start: Where the range begins that was asked for; empty where none was.
        end: Where it ends.
        data_start: Where the log's data began at acceptance; empty where there is no such log.
        data_end: Where it ended.
        failure: Why nothing can be fetched; empty where something can.
        number: The child's number, which no other has.
    """

    well: str
    wellbore: str
    log: str
    specific_type: str
    start: str
    end: str
    data_start: str = ""
    data_end: str = ""
    failure: str = ""
    number: int = 0


@dataclass
class Job:
    """A LiveRig job with its children (L18).

    Attributes:
        uuid: What the operation answered (L12).
        accepted_us: The session's clock at its acceptance, in microseconds of the Unix epoch.
        qualifier: The collector's qualifier.
        instance: The collector's instance.
        source: The name of the source.
        rig_name: The name of the rig.
        children: One for each log.
        user: Who asked; empty where the credentials do not tell.
        failure: Why the job fails as a whole; empty where it does not.
        window_ms: How much time a window has, in milliseconds.
        window_metres: How much depth a window has.
        period_seconds: How long a window takes, on the session's clock.
    """

    uuid: str
    accepted_us: int
    qualifier: str
    instance: str
    source: str
    rig_name: str
    children: tuple[Child, ...]
    user: str = ""
    failure: str = ""
    window_ms: int = 900_000
    window_metres: float = 100
    period_seconds: float = 300


@dataclass
class DataRequest:
    """A Nortech request: all that its data file is made from.

    Attributes:
        id: The request's id (N14).
        accepted_us: The session's clock at its acceptance, in microseconds of the Unix epoch.
        status: How it ends: `Finished` or `Failed`.
        start_us: The first instant of the window, in microseconds of the Unix epoch.
        end_us: The first instant behind the window.
        format: `parquet`, `json` or `csv`.
        columns: The name and the signal id of each column, in order; empty where there is no data file.
        takes_us: How much mock time it takes until then, from its acceptance on; 0 where that was waited for.
        error: Why it failed, in the vendor's words; empty where it does not.
    """

    id: int
    accepted_us: int
    status: str
    start_us: int = 0
    end_us: int = 0
    format: str = ""
    columns: tuple[tuple[str, int], ...] = ()
    takes_us: int = 0
    error: str = ""


class Notification(NamedTuple):
    """Who is told that a data request is over.

    Attributes:
        session: The session.
        request: The request's id.
        url: Where to tell it.
        origin: The address of the mock, as it was known to whoever asked.
        outcome: What came of it; empty until it is sent.
    """

    session: str
    request: int
    url: str
    origin: str
    outcome: str = ""


def text(record: Any) -> str:
    """A record, or any other value, as JSON text."""
    return orjson.dumps(record).decode()


def job(record: str) -> Job:
    """A job from its JSON text."""
    members = orjson.loads(record)
    children = tuple(Child(**child) for child in members.pop("children"))
    return Job(**members, children=children)


def data_request(record: str) -> DataRequest:
    """A data request from its JSON text."""
    members = orjson.loads(record)
    columns = tuple((name, signal) for name, signal in members.pop("columns"))
    return DataRequest(**members, columns=columns)
