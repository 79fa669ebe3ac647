"""The pytest plugin, in runs of pytest of its own: a project that has histdata installed and nothing else."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from mock_server.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mock_server.conftest import Mock

pytest_plugins = ["pytester"]

README = Path(__file__).parents[2] / "README.md"
NORTECH = "/api/v1/historical-data/sync"
# What every run here is held to: nothing that is left open, and no warning of any kind.
STRICT = ("-W", "error", "-p", "no:cacheprovider")
CLIENT = f"""
import requests

WINDOW = {{"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:00:02Z"}}

def history(mock, **body):
    return requests.post(
        mock.url + "{NORTECH}",
        headers={{"Authorization": "Bearer " + mock.token}},
        json={{"signals": [1], "timeWindow": WINDOW, **body}},
        timeout=30,
    )

def backlog(mock):
    return requests.post(
        mock.url + "/services/plugin-liverig/collectors/backlog-sync/request",
        params={{"qualifier": "qualifier", "instance": "instance"}},
        auth=mock.liverig_auth,
        json={{
            "source": "Example WITSML server",
            "rigName": "RIG02",
            "wells": {{"Energistics-well-0001": {{"Energistics-w1-wellbore-0001": {{"logs": [
                {{"uid": "Energistics-w1-wb1-log-0002", "indexType": "date time"}}
            ]}}}}}},
            "start": 1704250800000,
            "end": 1704254400000,
        }},
        timeout=30,
    )
"""


def is_down(url: str) -> bool:
    """Whether nobody serves there any more; waits for whoever is about to stop."""
    parts = urlsplit(url)
    with contextlib.suppress(OSError):
        connection = socket.create_connection((parts.hostname, parts.port), timeout=30)
        with connection, contextlib.suppress(ConnectionError):
            # A server that stops closes the connections on which nothing is asked.
            while connection.recv(1024):
                pass
            with contextlib.suppress(OSError):
                socket.create_connection((parts.hostname, parts.port), timeout=30).close()
                return False
    return True


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_each_test_has_a_mock_of_its_own(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    pytester.makepyfile(
        client=CLIENT,
        test_it="""
        from datetime import datetime, timedelta, timezone
        from pathlib import Path

        import pytest
        import requests
        from client import WINDOW, backlog, history

        @pytest.fixture(autouse=True)
        def noted(histdata_mock):
            with open("urls", "a") as urls:
                urls.write(histdata_mock.url + "\\n")

        @pytest.mark.parametrize("number", range(6))
        def test_an_unmodified_client_needs_an_address_and_a_credential(histdata_mock, number):
            assert histdata_mock.requests == [] == histdata_mock.jobs
            file = history(histdata_mock, format="csv").json()["outputFile"]
            assert requests.get(file, timeout=30).text.startswith("timestamp,1\\n")
            job = backlog(histdata_mock).json()["success"]
            requests.get(histdata_mock.url + "/nowhere", headers=histdata_mock.headers, timeout=30)

            assert [job.uuid for job in histdata_mock.jobs] == [job]
            first, *_, last = histdata_mock.requests
            assert (first.method, first.path, first.status, first.matched) == (
                "POST", "/api/v1/historical-data/sync", 200, True
            )
            assert first.json()["format"] == "csv"
            assert first.headers["authorization"] == "Bearer ***"
            assert abs(datetime.now(timezone.utc) - first.arrived) < timedelta(minutes=1)
            assert (last.url, last.status, last.operation) == ("/nowhere", 404, None)

        def test_a_job_goes_as_the_clock_does(histdata_mock):
            began = datetime(2024, 1, 1, tzinfo=timezone.utc)
            assert histdata_mock.clock.set(mode="manual", now=began) == began
            backlog(histdata_mock)
            seen = []
            for _ in range(3):
                (job,) = histdata_mock.jobs
                seen.append((job.status, job.percentage))
                histdata_mock.clock.advance(timedelta(minutes=10))

            assert seen[0][0] == "In progress"
            assert seen[0][1] < seen[1][1] < seen[2][1]
            assert histdata_mock.clock.now == began + timedelta(minutes=30)
            histdata_mock.clock.advance(3600)
            (job,) = histdata_mock.jobs
            assert (job.status, job.percentage, job.created) == ("Success", 100, began)
            (child,) = job.children
            assert child["status"] == "Success"
            assert job.events[0]["type"] == "START"
            assert histdata_mock.clock.mode == "manual"

        def test_a_clock_is_the_real_one_again(histdata_mock):
            assert histdata_mock.clock.mode == "time"
            assert abs(datetime.now(timezone.utc) - histdata_mock.clock.now) < timedelta(minutes=1)
            histdata_mock.clock.set(mode="time", speed=1000)
            with pytest.raises(ValueError, match="has no time zone"):
                histdata_mock.clock.set(now=datetime(2024, 1, 1))

        def test_settings_are_the_tests_own(histdata_mock):
            before = histdata_mock.settings()
            delay = {"type": "fixed", "milliseconds": 1}
            after = histdata_mock.settings(delays={"requestBacklogSync": delay})
            assert before["delays"] == {}
            assert after == histdata_mock.settings()
            assert after["delays"] == {"requestBacklogSync": delay}

        def test_settings_that_there_are_not_are_told(histdata_mock):
            from mock_server.testing import AdminError

            with pytest.raises(AdminError, match="PATCH .*/__admin/settings: 400 .*noSuch"):
                histdata_mock.settings(liverig={"noSuch": 1})

        def test_a_state_can_be_put_back(histdata_mock):
            history(histdata_mock)
            snapshot = histdata_mock.snapshot()
            histdata_mock.reset()
            assert histdata_mock.requests == []
            histdata_mock.restore(snapshot)
            assert [request.path for request in histdata_mock.requests] == ["/api/v1/historical-data/sync"]

        def test_what_was_sent_can_be_asserted(histdata_mock):
            for number in range(3):
                history(histdata_mock, signals=[number % 2 + 1])

            ones = histdata_mock.assert_requested(
                method="POST",
                path="/api/v1/historical-data/sync",
                headers={"Authorization": {"matches": ".*"}, "Accept": {"contains": "*"}, "X-Other": None},
                query={"x": None},
                body={"contains": "signals"},
                times=2,
                json={"signals": [1], "timeWindow": WINDOW},
            )
            assert [request.json()["signals"] for request in ones] == [[1], [1]]
            histdata_mock.assert_requested(path="/nowhere", times=0)
            assert len(histdata_mock.assert_requested()) == 3
        """,
    )

    result = pytester.runpytest_subprocess(*STRICT, *workers)

    result.assert_outcomes(passed=12)
    urls = set((pytester.path / "urls").read_text(encoding="utf-8").split())
    assert len(urls) == (2 if workers else 1)
    assert all(is_down(url) for url in urls)


def test_the_example_of_the_readme_runs(pytester: pytest.Pytester) -> None:
    section = README.read_text(encoding="utf-8").partition("\n## In your tests\n")[2].partition("\n## ")[0]
    (example,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    pytester.makepyfile(example)

    pytester.runpytest_subprocess(*STRICT).assert_outcomes(passed=1)


def test_nothing_is_started_or_imported_before_a_test_asks(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_it(pytestconfig):
            assert pytestconfig.pluginmanager.has_plugin("histdata")
            ours = {name for name in sys.modules if name.startswith("mock_server")}
            assert ours == {"mock_server", "mock_server.pytest_plugin"}
            assert not {"connexion", "starlette", "uvicorn", "numpy", "sqlalchemy"} & sys.modules.keys()
        """
    )

    pytester.runpytest_subprocess(*STRICT, "-p", "no:schemathesis").assert_outcomes(passed=1)


def test_a_failed_assertion_says_what_comes_nearest(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        client=CLIENT,
        test_it="""
        import requests
        from client import history

        def test_nearest(histdata_mock):
            requests.get(histdata_mock.url + "/nowhere", headers=histdata_mock.headers, timeout=30)
            history(histdata_mock, format="csv")
            history(histdata_mock, signals=[1, 2], other=[1])
            histdata_mock.assert_requested(
                method="POST",
                path="/api/v1/historical-data/sync",
                headers={"X-Trace": "a1"},
                json={"signals": [1], "timeWindow": {"start": "2024-01-03T00:00:00Z"}, "format": "parquet"},
            )

        def test_too_many(histdata_mock):
            for _ in range(12):
                requests.get(histdata_mock.url + "/a", headers=histdata_mock.headers, timeout=30)
            histdata_mock.assert_requested(path="/a", query={"b": {"matches": "c.*"}}, times=0)
            histdata_mock.assert_requested(method="GET", times=1)

        def test_nothing(histdata_mock):
            requests.get(histdata_mock.url + "/elsewhere", timeout=30)
            histdata_mock.assert_requested(times=2)
        """,
    )

    result = pytester.runpytest_subprocess(*STRICT)

    result.assert_outcomes(failed=3)
    told = "\n".join(line.removeprefix("E").strip() for line in result.outlines if line.startswith("E "))
    assert re.sub(
        r"test_nothing\.[0-9a-f]+ at http://127\.0\.0\.1:[0-9]+", "SESSION at URL", told
    ) == "\n".join(
        line.strip()
        for line in """
        AssertionError: Expected at least one request, and none of the 3 in this session matched:
          POST /api/v1/historical-data/sync
          headers.X-Trace: a1
          body: {"signals": [1], "timeWindow": {"start": "2024-01-03T00:00:00Z"}, "format": "parquet"}

        The nearest one is number 2: POST /api/v1/historical-data/sync → 200
        ! headers.X-Trace
            expected: a1
            received: (nothing)
        ! body/timeWindow/end
            expected: (nothing)
            received: "2024-01-03T00:00:02Z"
        ! body/format
            expected: "parquet"
            received: "csv"
        AssertionError: Expected 1 request, and 12 of the 12 in this session matched:
          GET any path

        What matched:
          GET /a → 404
          GET /a → 404
          GET /a → 404
          GET /a → 404
          GET /a → 404
          GET /a → 404
          GET /a → 404
          GET /a → 404
          GET /a → 404
          GET /a → 404
          … and 2 more
        AssertionError: Expected 2 requests, and none of the 0 in this session matched:
          any method any path

        Nothing reached the session SESSION at URL.
        A client belongs to it by histdata_mock.headers, .token or .liverig_auth.
        The session 'default', of clients that name none, holds 1.
        """.strip("\n").splitlines()[:-1]
    )
    # The helper's own lines are not what the reader looks for.
    assert "mock_server/testing.py" not in result.stdout.str().replace("\\", "/")


def test_the_mock_starts_as_the_configuration_says(pytester: pytest.Pytester) -> None:
    pytester.makeini(
        """
        [pytest]
        histdata_nortech_revision = current
        histdata_liverig_revision = old
        histdata_settings = config/settings.yaml
        """
    )
    (pytester.path / "config").mkdir()
    settings = "delays:\n  requestBacklogSync: {type: fixed, milliseconds: 1}\n"
    (pytester.path / "config" / "settings.yaml").write_text(settings, encoding="utf-8")
    pytester.makepyfile(
        """
        def test_it(histdata_mock):
            assert histdata_mock.admin.call("GET", "health")["contracts"] == {
                "liverig-backlog-sync": "old", "nortech-historical-data-sync": "current"
            }
            assert "requestBacklogSync" in histdata_mock.settings()["delays"]
            histdata_mock.settings(delays=None)
            assert "requestBacklogSync" in histdata_mock.settings()["delays"]
        """
    )

    pytester.runpytest_subprocess(*STRICT).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "options, reason",
    [
        ("histdata_nortech_revision = new", "*invalid choice: 'new'*documented*current*"),
        ("histdata_world = no/such/world.yaml", "*no/such/world.yaml: cannot be read*"),
        ("histdata_mock_url = localhost", "*histdata_mock_url: 'localhost' is not the address of a mock*"),
        (
            "histdata_mock_url = http://127.0.0.1:1",
            "*histdata_mock_url: GET http://127.0.0.1:1/__admin/clock: *",
        ),
        (
            "histdata_mock_url = http://127.0.0.1:1\nhistdata_world = x",
            "*histdata_world says something of another mock: histdata_mock_url names one that runs*",
        ),
        (
            "histdata_admin_token_env = PATH",
            "*histdata_admin_token_env says something of another mock: histdata_mock_url is not set*",
        ),
        (
            "histdata_mock_url = http://127.0.0.1:1\nhistdata_admin_token_env = HISTDATA_NOT_SET",
            "*histdata_admin_token_env: the environment variable HISTDATA_NOT_SET is not set*",
        ),
    ],
)
def test_a_configuration_that_cannot_be_is_told(pytester: pytest.Pytester, options: str, reason: str) -> None:
    pytester.makeini(f"[pytest]\n{options}\n")
    pytester.makepyfile("def test_it(histdata_mock): pass")

    result = pytester.runpytest_subprocess(*STRICT)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"histdata_mock: {reason}"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_a_mock_that_already_runs_can_be_used(
    pytester: pytest.Pytester, start: Callable[[Settings], Mock], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = start(Settings(admin_token="admin", nortech_token="nortech"))
    monkeypatch.setenv("HISTDATA_ADMIN", "admin")
    monkeypatch.setenv("HISTDATA_NORTECH", "nortech")
    pytester.makeini(
        f"""
        [pytest]
        histdata_mock_url = {own.url}/
        histdata_admin_token_env = HISTDATA_ADMIN
        histdata_nortech_token_env = HISTDATA_NORTECH
        """
    )
    pytester.makepyfile(
        client=CLIENT,
        test_it=f"""
        from client import history

        def test_it(histdata_mock):
            assert histdata_mock.url == {own.url!r}
            assert history(histdata_mock).status_code == 200
            histdata_mock.assert_requested(times=1)
        """,
    )

    pytester.runpytest_subprocess(*STRICT, "-n", "2").assert_outcomes(passed=1)


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_a_mock_does_not_outlive_a_run_that_is_killed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os
        import signal
        from pathlib import Path

        def test_it(histdata_mock):
            Path("url").write_text(histdata_mock.url)
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )

    subprocess.run(
        [sys.executable, "-m", "pytest"], cwd=pytester.path, capture_output=True, timeout=60, check=False
    )

    assert is_down((pytester.path / "url").read_text(encoding="utf-8"))
