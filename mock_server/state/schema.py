"""The tables of the state."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

# SQLite counts on by itself only for a primary key of exactly this type.
_Serial = BigInteger().with_variant(Integer, "sqlite")

liverig_jobs = Table(
    "liverig_jobs",
    metadata,
    # The order of acceptance; the uuid has none.
    Column("id", _Serial, primary_key=True),
    Column("uuid", String(36), nullable=False, unique=True),
    Column("accepted_us", BigInteger, nullable=False),
    Column("qualifier", Text, nullable=False),
    Column("instance", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("rig_name", Text, nullable=False),
    sqlite_autoincrement=True,
)

liverig_children = Table(
    "liverig_children",
    metadata,
    Column("number", _Serial, primary_key=True),
    Column("job_id", _Serial, ForeignKey("liverig_jobs.id", ondelete="CASCADE"), nullable=False),
    Column("well", Text, nullable=False),
    Column("wellbore", Text, nullable=False),
    Column("log", Text, nullable=False),
    Column("specific_type", String(5), nullable=False),
    # Decimal text: a depth is given as text, with as many digits as its sender likes (L10).
    Column("range_start", String(64), nullable=False),
    Column("range_end", String(64), nullable=False),
    Index("liverig_children_by_job", "job_id"),
    sqlite_autoincrement=True,
)

nortech_requests = Table(
    "nortech_requests",
    metadata,
    # Counts on over a reset, so that no id is given twice (N14).
    Column("id", _Serial, primary_key=True),
    Column("accepted_us", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("start_us", BigInteger),
    Column("end_us", BigInteger),
    Column("format", String(8)),
    # [[name of the column, signal id], ...] in the order of the request.
    Column("columns", JSON),
    sqlite_autoincrement=True,
)
