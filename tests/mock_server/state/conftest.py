"""States of both kinds: a SQLite file, and a database of a PostgreSQL server that the tests start."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from mock_server import clock
from mock_server.exchange import Exchange
from mock_server.state.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Opened = Callable[..., contextlib.AbstractContextManager[Store]]

# A server that is there already, as a URL: it is used instead of one of our own.
GIVEN = "HISTDATA_TEST_POSTGRES"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server, whose user may make databases."""
    if given := os.environ.get(GIVEN):
        yield given
        return
    binaries = _binaries()
    # Not one of pytest's folders: the server's user must be let in.
    folder = Path(tempfile.mkdtemp(prefix="histdata-pg-"))
    # PostgreSQL refuses to be root.
    user = _unprivileged() if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [binaries / program, "-D", data, *arguments],
            user=user,
            cwd=folder,
            # The server keeps what it inherits, and a pipe would never end.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
        )
        if done.returncode:
            log = folder / "log"
            pytest.fail(f"{program} failed: {log.read_text() if log.exists() else 'no log'}")

    try:
        run("initdb", "-A", "trust", "-U", "histdata", "-E", "UTF8", "--locale=C", "--no-sync")
        # It need not survive a loss of power; and nobody else can reach it.
        options = f"-c listen_addresses= -k {folder} -c fsync=off -c max_connections=60"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://histdata@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    # Debian keeps the server's programs off the path.
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    found = max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=None)
    if found is None:
        _missing("PostgreSQL's initdb is not here; on Debian: apt-get install postgresql")
    return found.parent


def _missing(what: str) -> NoReturn:
    """Skip the test for want of this; in CI, fail it."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def _unprivileged() -> str:
    users = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database, which is gone after the test."""
    name = f"histdata_{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield make_url(postgres).set(database=name).render_as_string(hide_password=False)
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a state can be kept: of each kind in turn."""
    if request.param == "sqlite":
        return str(tmp_path / "state.sqlite")
    database: str = request.getfixturevalue("database")
    return database


@contextlib.contextmanager
def opened(place: Path | str | None = None, journal_size: int = 1000) -> Iterator[Store]:
    """A store, closed at the end."""
    store = Store(place, journal_size=journal_size)
    try:
        yield store
    finally:
        store.close()


def arriving(session: str = "default", floor: int = 0) -> Exchange:
    """A request that has just arrived."""
    now_us = clock.real_us()
    return Exchange(session, {}, clock.Clock(), now_us, now_us, floor)
