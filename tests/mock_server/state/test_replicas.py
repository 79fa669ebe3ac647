"""Several mocks on one state: whatever was acknowledged is there, under an id that nobody else has."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import psycopg
import requests
from psycopg import sql

from mock_server.app import create_app
from mock_server.serving.server import serving
from mock_server.settings import DEMO_TOKEN, Settings
from tests.mock_server.conftest import COLLECTOR, LIVERIG, NORTECH, Mock, contract
from tests.mock_server.state.conftest import arriving, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

HISTORY = {"signals": [1], "timeWindow": {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:00:05Z"}}
CLIENTS = 8
SESSION = "load"


@dataclass
class Acknowledged:
    """What clients were promised; each list is only added to."""

    jobs: list[str] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.jobs) + len(self.requests)

    def ask(self, connection: http.client.HTTPConnection, job: dict[str, Any]) -> None:
        """One request to each endpoint; what comes back is noted."""
        headers = {
            "Authorization": f"Bearer {DEMO_TOKEN}~{SESSION}",
            "Content-Type": "application/json",
        }
        for path, body in ((f"{LIVERIG}?{urlencode(COLLECTOR)}", job), (NORTECH, HISTORY)):
            connection.request("POST", path, json.dumps(body), headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
            if response.status != 200:
                self.failures.append(f"{response.status} {answer}")
            elif path == NORTECH:
                self.requests.append(answer["requestId"])
            else:
                self.jobs.append(answer["success"])


def connect(url: str) -> contextlib.closing[http.client.HTTPConnection]:
    parts = urlsplit(url)
    assert parts.hostname
    return contextlib.closing(http.client.HTTPConnection(parts.hostname, parts.port, timeout=60))


@dataclass
class Replica:
    """A mock in a process of its own."""

    process: subprocess.Popen[str]
    url: str


@contextlib.contextmanager
def replicas(place: str, count: int) -> Iterator[list[Replica]]:
    """So many mocks on one state, stopped at the end."""
    command = [sys.executable, "-m", "mock_server", "serve", "--port", "0", "--state", place]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    try:
        started = []
        for process in processes:
            assert process.stdout is not None
            started.append(Replica(process, process.stdout.readline().split()[-1]))
        yield started
    finally:
        for process in processes:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


def check(place: str, acknowledged: Acknowledged) -> None:
    """All that was acknowledged is kept, each under its own id, and an id that is given now is a new one."""
    assert len(set(acknowledged.jobs)) == len(acknowledged.jobs)
    assert len(set(acknowledged.requests)) == len(acknowledged.requests)

    async def look() -> None:
        with opened(place) as store:
            jobs, _ = await store.newest_jobs(SESSION, 10_000)
            assert set(acknowledged.jobs) <= {job.uuid for job in jobs}
            numbers = [child.number for job in jobs for child in job.children]
            assert len(set(numbers)) == len(numbers)
            for number in acknowledged.requests:
                assert await store.data_request(number, SESSION) is not None
            given = await store.add_data_request(arriving(), "Finished")
            assert given.id not in acknowledged.requests

    asyncio.run(look())


def job_request() -> dict[str, Any]:
    body: dict[str, Any] = contract("liverig", "current").examples()["mixedLogs"]
    return body


def test_two_replicas_give_no_id_twice_and_keep_all_that_they_acknowledge(place: str) -> None:
    job = job_request()
    acknowledged = Acknowledged()
    with replicas(place, 2) as both:

        def client(number: int) -> None:
            with connect(both[number % 2].url) as connection:
                for _ in range(20):
                    acknowledged.ask(connection, job)

        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(client, range(CLIENTS)))
        journals = [
            requests.get(
                f"{replica.url}/__admin/requests",
                headers={"X-Histdata-Session": SESSION},
                params={"limit": 1000},
                timeout=30,
            ).json()
            for replica in both
        ]

    assert acknowledged.failures == []
    assert len(acknowledged) == CLIENTS * 40
    assert journals[0] == journals[1]
    assert len(journals[0]["requests"]) == CLIENTS * 40
    check(place, acknowledged)


def test_a_killed_replica_takes_nothing_with_it_that_it_has_acknowledged(place: str) -> None:
    job = job_request()
    killed, other = Acknowledged(), Acknowledged()
    gone, enough = threading.Event(), threading.Event()
    with replicas(place, 2) as both:

        def of_the_killed(_number: int) -> None:
            with connect(both[0].url) as connection, contextlib.suppress(OSError, http.client.HTTPException):
                while True:
                    killed.ask(connection, job)
                    if len(killed) > 100:
                        enough.set()

        def of_the_other(_number: int) -> None:
            with connect(both[1].url) as connection:
                while not gone.is_set():
                    other.ask(connection, job)
                # And once more, on what the other one has left behind.
                for _ in range(5):
                    other.ask(connection, job)

        with ThreadPoolExecutor(CLIENTS) as clients:
            runs = [
                clients.submit(run, number)
                for number in range(CLIENTS // 2)
                for run in (of_the_killed, of_the_other)
            ]
            try:
                assert enough.wait(60)
            finally:
                both[0].process.kill()
                both[0].process.wait()
                gone.set()
            for run in runs:
                run.result()
    with replicas(place, 1) as (new,), connect(new.url) as connection:
        other.ask(connection, job)

    assert killed.failures == other.failures == []
    check(place, Acknowledged(killed.jobs + other.jobs, killed.requests + other.requests))


def test_a_restart_keeps_all(place: str) -> None:
    def seen(mock: Mock) -> list[Any]:
        paths = ("snapshot", "jobs", "requests", "settings", "clock")
        answers = [mock.admin(path, headers=headers).json() for path in paths]
        return [{**answers[0], "taken": ""}, *answers[1:]]

    headers = {"X-Histdata-Session": SESSION}
    liverig, nortech = contract("liverig", "current"), contract("nortech", "documented")
    with serving(create_app(Settings(state=place))) as url:
        mock = Mock(url, liverig, nortech)
        mock.admin("clock", "PUT", json={"mode": "manual", "now": "2020-02-20T20:20:20Z"}, headers=headers)
        mock.backlog(job_request(), headers=headers)
        answer = mock.history(HISTORY, headers=headers).json()
        content = requests.get(answer["outputFile"], headers=headers, timeout=30).content
        before = seen(mock)
    with serving(create_app(Settings(state=place))) as url:
        again = Mock(url, liverig, nortech)
        file = answer["outputFile"].replace(mock.url, url)

        assert seen(again) == before
        assert requests.get(file, headers=headers, timeout=30).content == content
        assert again.history(HISTORY, headers=headers).json()["requestId"] > answer["requestId"]


def test_a_clock_that_is_moved_at_one_replica_has_moved_at_the_other(place: str) -> None:
    headers = {"X-Histdata-Session": SESSION}
    with (
        serving(create_app(Settings(state=place))) as one,
        serving(create_app(Settings(state=place))) as other,
    ):
        requests.put(f"{one}/__admin/clock", json={"mode": "manual"}, headers=headers, timeout=30)
        for number in range(10):
            url = (one, other)[number % 2]
            requests.post(f"{url}/__admin/clock/advance", json={"seconds": 1.5}, headers=headers, timeout=30)
            clocks = [
                requests.get(f"{each}/__admin/clock", headers=headers, timeout=30).json()
                for each in (one, other)
            ]
            assert clocks[0] == clocks[1]


def drop(place: str, table: str) -> None:
    if "://" in place:
        with psycopg.connect(place) as connection:
            connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(table)))
    else:
        with contextlib.closing(sqlite3.connect(place)) as file:
            file.execute(f"DROP TABLE {table}")


def test_what_cannot_be_kept_is_not_acknowledged(place: str, caplog: pytest.LogCaptureFixture) -> None:
    liverig, nortech = contract("liverig", "current"), contract("nortech", "current")
    with serving(create_app(Settings(state=place, nortech_revision="current"))) as url:
        mock = Mock(url, liverig, nortech)
        assert mock.backlog(job_request()).status_code == 200
        drop(place, "histdata_liverig_jobs")

        answer = requests.post(url + LIVERIG, params=COLLECTOR, json=job_request(), timeout=30)
        assert answer.status_code == 503
        assert answer.json()["failure"].startswith("The state cannot be kept: ")
        assert mock.history(HISTORY).status_code == 200
        drop(place, "histdata_sessions")
        answer = requests.post(url + LIVERIG, params=COLLECTOR, json=job_request(), timeout=30)
        assert answer.status_code == 503
        assert "failure" in answer.json()
    assert "histdata_liverig_jobs" in caplog.text
    assert "histdata_sessions" in caplog.text
