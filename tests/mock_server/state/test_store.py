"""What a store keeps, in either kind of database; ids are never given twice."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import make_url

from mock_server.clock import Clock, real_us
from mock_server.state.records import Write
from mock_server.state.schema import nortech_requests
from mock_server.state.store import BLOCK, Session, StateError, Store
from tests.mock_server.state.conftest import arriving, opened

if TYPE_CHECKING:
    from pathlib import Path

PARENT = {"qualifier": "q", "instance": "i", "source": "s", "rig_name": "r"}
CHILDREN = [
    {"well": "w", "wellbore": "b", "log": log, "specific_type": kind, "start": start, "end": "2"}
    for log, kind, start in (("l", "TIME", "1"), ("m", "DEPTH", "1.50"))
]
UUID = "02a7533a-fa69-46fc-9441-7592b9b9cb2a"
OTHER_UUID = "12a7533a-fa69-46fc-9441-7592b9b9cb2a"


async def next_turn() -> None:
    """Go on as a request does that arrives later."""
    await asyncio.sleep(0)


def test_of_several_that_would_send_a_notification_one_does(place: str) -> None:
    async def check() -> None:
        with opened(place) as store, opened(place) as replica:
            exchange = arriving()
            for number in (1, 2):
                store.add_notification(exchange, number, "http://localhost/?a=b", "http://mock")
            await store.commit(exchange)
            found = await replica.open_notifications()
            assert sorted(each.request for each in found) == [1, 2]
            assert sorted(await store.open_notifications()) == sorted(found)
            for each in found:
                claims = [await other.settle(each, "", "being sent") for other in (store, replica, store)]
                assert claims == [True, False, False]
            assert await store.open_notifications() == []
            assert await replica.settle(found[0], "being sent", "answered 200")
            newest = await store.newest_notifications("default", 10)
            assert [each.request for each in newest] == [2, 1]
            assert {each.outcome for each in newest} == {"being sent", "answered 200"}
            assert await store.newest_notifications("other", 10) == []
            await store.reset("default")
            assert await store.newest_notifications("default", 10) == []

    asyncio.run(check())


def test_what_is_committed_is_there_for_all_and_after_a_restart(place: str) -> None:
    async def check() -> None:
        with opened(place) as store, opened(place) as replica:
            exchange = arriving()
            job = await store.add_job(exchange, UUID, PARENT, CHILDREN)
            columns = (("a\x00\u2028é", 1), ("2", 2))
            request = await store.add_data_request(
                exchange, "Finished", start_us=-1, end_us=5, format="csv", columns=columns
            )
            assert await replica.job("default", UUID) is None
            await store.commit(exchange)
            for each in (store, replica):
                assert await each.job("default", UUID.upper()) == job
                assert await each.data_request(request.id, "default") == request
                assert await each.job("other", UUID) is None
                assert await each.data_request(request.id, "other") is None
        with opened(place) as store:
            assert await store.newest_jobs("default", 10) == ([job], 1)
            assert await store.data_request(request.id) == request
            assert await store.newest_jobs("other", 10) == ([], 0)

    asyncio.run(check())


def test_ids_count_from_one_and_over_a_reset(place: str) -> None:
    async def check() -> None:
        with opened(place) as store:
            before = arriving()
            assert (await store.add_data_request(before, "Finished")).id == 1
            job = await store.add_job(before, UUID, PARENT, CHILDREN)
            assert [child.number for child in job.children] == [1, 2]
            await store.commit(before)
            await store.reset("default")
            assert await store.data_request(1) is None
            assert await store.newest_jobs("default", 10) == ([], 0)
            after = arriving()
            assert (await store.add_data_request(after, "Finished")).id == 2
            job = await store.add_job(after, UUID, PARENT, CHILDREN)
            assert [child.number for child in job.children] == [3, 4]

    asyncio.run(check())


def test_ids_are_given_once_over_replicas_and_restarts(place: str) -> None:
    given: list[int] = []

    async def take() -> None:
        with opened(place) as store, opened(place) as replica:
            for _ in range(BLOCK // 5 + 2):
                takes = (each.add_data_request(arriving(), "Failed") for each in (store, replica) * 5)
                given.extend(request.id for request in await asyncio.gather(*takes))
            job = await store.add_job(arriving(), UUID, PARENT, CHILDREN * BLOCK)
            numbers = [child.number for child in job.children]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))

    for _ in range(2):
        asyncio.run(take())

    # Those that are taken at the same time are of one block.
    assert max(given) <= 2 * 2 * 2 * BLOCK
    assert len(set(given)) == len(given)


def test_all_that_goes_on_at_once_is_kept(place: str) -> None:
    async def one(store: Store) -> int:
        exchange = arriving()
        number = (await store.add_data_request(exchange, "Finished")).id
        store.journal.add(exchange, {"id": f"{number:036}"})
        await store.commit(exchange)
        return number

    async def check() -> None:
        with opened(place) as store, opened(place) as replica:
            numbers = await asyncio.gather(*(one(each) for each in (store, replica) * 50))
            for number in numbers:
                assert await store.data_request(number) is not None
            # The newest first, and each of them once.
            assert sorted(int(entry["id"]) for entry in await store.journal.entries("default")) == sorted(
                numbers
            )

    asyncio.run(check())


def test_what_cannot_be_kept_takes_nothing_else_with_it(place: str) -> None:
    async def check() -> None:
        with opened(place) as store:
            good, bad, other = arriving(), arriving(), arriving()
            kept = (await store.add_data_request(good, "Finished")).id
            lost = (await store.add_data_request(bad, "Finished")).id
            bad.writes += [Write(nortech_requests, ("default", lost, "{}"))]
            also = (await store.add_data_request(other, "Finished")).id
            commits = [store.commit(each) for each in (good, bad, other)]
            results = await asyncio.gather(*commits, return_exceptions=True)

            assert [type(result) for result in results] == [type(None), StateError, type(None)]
            assert await store.data_request(lost) is None
            assert await store.newest_jobs("default", 10) == ([], 0)
            for number in (kept, also):
                assert await store.data_request(number) is not None

    asyncio.run(check())


def test_a_session_that_one_replica_changes_is_changed_for_all(place: str) -> None:
    moved = Clock().set(real_us(), mode="manual", now_us=-5)

    async def check() -> None:
        with opened(place) as store, opened(place) as replica:
            assert await replica.session("a") == Session("", Clock(), 0)
            await store.change("a", lambda session: replace(session, clock=moved))
            await replica.change("a", lambda session: replace(session, changes='{"x":1}'))
            await next_turn()
            for each in (store, replica):
                assert await each.session("a") == Session('{"x":1}', moved, 0)
                assert await each.session("b") == Session("", Clock(), 0)
            await store.reset("a")
            await next_turn()
            assert await replica.session("a") == Session("", Clock(), 0)

    asyncio.run(check())


def test_changes_that_come_in_at_once_add_up(place: str) -> None:
    def later(session: Session) -> Session:
        return replace(session, floor=session.floor + 1)

    async def check() -> None:
        with opened(place) as store, opened(place) as replica:
            await asyncio.gather(*(each.change("a", later) for each in (store, replica) * 20))
            assert (await store.session("a")).floor == 40

    asyncio.run(check())


def test_a_change_that_fails_changes_nothing(place: str) -> None:
    def failing(_session: Session) -> Session:
        raise ValueError("no")

    async def check() -> None:
        with opened(place) as store:
            with pytest.raises(ValueError, match="no"):
                await store.change("a", failing)
            assert await store.session("a") == Session("", Clock(), 0)

    asyncio.run(check())


def test_the_secret_is_shared_and_kept(place: str) -> None:
    with opened(place) as store, opened(place) as replica, opened() as other:
        secret = store.secret
        assert replica.secret == secret
        assert other.secret != secret
        assert len(secret) >= 32
    with opened(place) as store:
        assert store.secret == secret


def test_a_private_state_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store = Store()
    assert list(tmp_path.iterdir())
    store.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["no folder", "a folder", "other content", "other tables", "old tables"])
def test_a_file_that_cannot_be_used_is_told_with_the_reason(tmp_path: Path, kind: str) -> None:
    path = {"no folder": tmp_path / "none" / "state", "a folder": tmp_path}.get(kind, tmp_path / "state")
    if kind == "other content":
        path.write_text("This is not a database. " * 100, encoding="utf-8")
    if kind in {"other tables", "old tables"}:
        with contextlib.closing(sqlite3.connect(path)) as other:
            table = "other" if kind == "other tables" else "histdata_journal"
            other.execute(f"CREATE TABLE {table} (id INTEGER)")

    for place in (path, f"sqlite:///{path}"):
        with pytest.raises(StateError, match=str(path)):
            Store(place)


def test_a_state_of_another_version_is_refused(place: str) -> None:
    with opened(place):
        pass
    statement = "UPDATE histdata_meta SET value = '1' WHERE name = 'version'"
    if "://" in place:
        with psycopg.connect(place) as connection:
            connection.execute(statement)
    else:
        with contextlib.closing(sqlite3.connect(place)) as connection:
            connection.execute(statement)
            connection.commit()

    with pytest.raises(StateError, match="another version"):
        Store(place)


@pytest.mark.postgres
def test_other_tables_in_the_database_are_left_alone(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE sessions (id INTEGER)")
    with opened(database):
        pass
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (0,)


@pytest.mark.postgres
@pytest.mark.parametrize("part", ["database", "host"])
def test_a_database_that_is_not_there_is_told_without_the_password(database: str, part: str) -> None:
    url = make_url(database).set(password="s3cr3t")
    url = url.set(database="none") if part == "database" else url.set(query={"host": "/nowhere"})

    with pytest.raises(StateError, match="cannot keep the state there") as told:
        Store(url.render_as_string(hide_password=False))
    assert "s3cr3t" not in str(told.value)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:s3cr3t@h/d",
        "postgresql+asyncpg://h/d?password=s3cr3t",
        "postgresql://u:s3cr3t@h:notaport/d",
        "postgresql://u:s3cr3t@[::1/d",
        "sqlite://",
        "://",
        "x://y z",
        "",
    ],
)
def test_a_url_that_is_none_of_a_state_is_refused(url: str) -> None:
    with pytest.raises(StateError, match="expected a file") as told:
        Store(url)
    assert "s3cr3t" not in str(told.value)


def test_the_journal_keeps_the_newest_of_each_session(place: str) -> None:
    async def one(store: Store, session: str, number: int) -> None:
        exchange = arriving(session)
        store.journal.add(exchange, {"id": f"{number:036}"})
        await store.commit(exchange)
        await store.journal.trim(session)

    async def check() -> None:
        with opened(place, journal_size=8) as store, opened(place, journal_size=8) as replica:
            await one(store, "other", 0)
            for number in range(50):
                await one((store, replica)[number % 2], "default", number)
            for each in (store, replica):
                entries, total = await each.journal.newest("default", 5)
                assert [int(entry["id"]) for entry in entries] == [49, 48, 47, 46, 45]
                assert total == len(await each.journal.entries("default")) == 8
            assert len((await store.snapshot("default")).journal) < 20
            assert await store.journal.get("default", f"{49:036}") == {"id": f"{49:036}"}
            assert await store.journal.get("other", f"{49:036}") is None
            assert await store.journal.remove("default", [f"{49:036}", "x"]) == 1
            assert await replica.journal.get("default", f"{49:036}") is None
            await replica.journal.clear("default")
            assert await store.journal.newest("default", 10) == ([], 0)
            assert len(await store.journal.entries("other")) == 1

    asyncio.run(check())
