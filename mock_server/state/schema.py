"""The tables of the state, for SQLite and PostgreSQL.

What is looked up has a column; the rest of a record is JSON text, which both keep alike. Each record belongs
to a session, and is found in no other.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table, Text

# Raised with each change of the tables or of what is in their JSON.
VERSION = "4"
# What is numbered: the children of jobs over all jobs (L18), and data requests (N14).
COUNTERS = CHILDREN, REQUESTS = "liverig_children", "nortech_requests"

metadata = MetaData()

# What a database holds once: `version`, and the `secret` that all replicas sign links with.
meta = Table(
    "histdata_meta",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)

# The next id that was not yet handed out to any replica.
counters = Table(
    "histdata_counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("next", BigInteger, nullable=False),
)

# A session that is not here has changed nothing.
sessions = Table(
    "histdata_sessions",
    metadata,
    Column("name", String(64), primary_key=True),
    # A JSON object of what is not as the mock has it; empty text where nothing is.
    Column("settings", Text, nullable=False),
    # The clock's fields as a JSON array; empty text is the real time.
    Column("clock", Text, nullable=False),
    # Where another mock's ids were restored, no id below this may be given any more.
    Column("floor", BigInteger, nullable=False),
)

liverig_jobs = Table(
    "histdata_liverig_jobs",
    metadata,
    Column("session", String(64), primary_key=True),
    # The real instant of arrival, by which the jobs of all replicas are in order.
    Column("real_us", BigInteger, nullable=False),
    Column("uuid", String(36), primary_key=True),
    # A `Job`, with its children.
    Column("record", Text, nullable=False),
    Index("histdata_liverig_jobs_in_order", "session", "real_us"),
)

nortech_requests = Table(
    "histdata_nortech_requests",
    metadata,
    Column("session", String(64), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    # A `DataRequest`.
    Column("record", Text, nullable=False),
)

# Who wants to be told when a data request is over.
notifications = Table(
    "histdata_notifications",
    metadata,
    Column("session", String(64), primary_key=True),
    Column("request", BigInteger, primary_key=True, autoincrement=False),
    Column("url", Text, nullable=False),
    # What a link begins with.
    Column("origin", Text, nullable=False),
    # Empty text until somebody sends it, then what came of it.
    Column("outcome", Text, nullable=False),
    Index("histdata_notifications_open", "outcome"),
)

journal = Table(
    "histdata_journal",
    metadata,
    Column("session", String(64), nullable=False),
    Column("real_us", BigInteger, nullable=False),
    Column("uuid", String(36), nullable=False),
    Column("entry", Text, nullable=False),
    # The only index: a session has few entries, and each request pays for another one.
    Index("histdata_journal_in_order", "session", "real_us"),
)
