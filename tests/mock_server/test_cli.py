"""The command line: clear words and exit code 2 for what cannot be done, 0 when it is told to stop."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from mock_server.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mock_server.settings import Settings


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_says_where_it_listens_and_stops_on_a_signal(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "mock_server", "serve", "--port", "0", "--liverig-revision", "old"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        health = requests.get(f"{url}/__admin/health", timeout=30).json()
    finally:
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)

    assert health["contracts"]["liverig-backlog-sync"] == "old"
    assert process.returncode == 0
    assert errors == ""


@pytest.mark.parametrize(
    "output, said",
    [("| true", ""), (">&-", ""), ("> /dev/full", "histdata-mock: cannot write its output: ")],
)
def test_it_serves_even_where_nobody_reads_what_it_prints(output: str, said: str, tmp_path: Path) -> None:
    """As in `histdata-mock serve | head -1`, which has read enough before it ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    mock = f"{sys.executable} -m mock_server serve --port {port} --stop-at-eof"
    process = subprocess.Popen(
        ["sh", "-c", f"exec 3<&0; ({mock} <&3; echo $? > {tmp_path / 'code'}) {output}"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with requests.Session() as client:
            client.mount("http://", HTTPAdapter(max_retries=Retry(300, backoff_factor=0.1, backoff_max=0.1)))
            assert client.get(f"http://127.0.0.1:{port}/__admin/health").ok
    finally:
        _, errors = process.communicate(timeout=30)

    assert (tmp_path / "code").read_text() == "0\n"
    assert errors.startswith(said)
    assert errors.count("\n") == bool(said)


def test_an_origin_is_taken_as_a_browser_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Settings] = []
    monkeypatch.setattr("mock_server.app.create_app", taken.append)
    monkeypatch.setattr("mock_server.serving.server.run", lambda app, listener: listener.close())

    given = ["HTTP://LocalHost:80", "https://a.example:8443", "https://a.example:443", "http://[::1]:3000"]
    assert main(["serve", "--port", "0", *(f"--cors-origin={origin}" for origin in given)]) == 0
    assert main(["serve", "--port", "0", "--no-cors"]) == 0

    assert taken[0].cors_origins == (
        "http://localhost",
        "https://a.example:8443",
        "https://a.example",
        "http://[::1]:3000",
    )
    assert (taken[0].cors, taken[1].cors) == (True, False)


def test_a_port_that_is_taken_is_told(taken: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", str(taken)]) == 2
    assert f"cannot listen on 127.0.0.1 port {taken}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, reason",
    [
        (["--port", "65536"], "'65536' is not a port"),
        (["--port", "-1"], "is not a port"),
        (["--max-body", "0"], "'0' is not a size"),
        (["--public-url", "localhost:4010"], "is not an address"),
        (["--public-url", "http://h:99999"], "is not an address"),
        (["--liverig-revision", "new"], "invalid choice: 'new'"),
        (["--nortech-revision", "old"], "invalid choice: 'old'"),
        (["--cors-origin", "*"], "'*' is not an address"),
        (["--cors-origin", "http://h/page"], "'http://h/page' is not an origin"),
        (["--cors-origin", "http://h/"], "'http://h/' is not an origin"),
        (["--cors-origin", "http://h", "--no-cors"], "not allowed with argument"),
        (["--unknown"], "unrecognized arguments: --unknown"),
        (["--set", "liverig"], "'liverig' is not a setting: expected NAME=VALUE"),
        (["--set", "liverig..x=1"], "expected NAME=VALUE"),
        (["--set", "liverig.x={"], "the value in 'liverig.x={' is not YAML: line 1, column 2: "),
    ],
)
def test_a_wrong_option_is_told(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["serve", *arguments])

    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert reason in told
    # What is wrong, and not all that would be right.
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    "arguments, reason",
    [
        (["--host", "256.0.0.1"], "cannot listen on 256.0.0.1"),
        (["--host", "x" * 100], "cannot listen on xxx"),
        (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1"),
        (["--world", "no/such/world.yaml"], "no/such/world.yaml: cannot be read"),
        (["--state", "."], ".: is a folder; expected a file, sqlite:///FILE or "),
        (["--state", "no/such/state"], "no/such/state: there is no folder"),
        (
            ["--state", "mysql://u:p@h/d"],
            "mysql://u:***@h/d: expected a file, sqlite:///FILE or postgresql://",
        ),
        (
            ["--state", "postgresql://u:p@h:notaport/d"],
            "postgresql://…: is not the URL of a database: expected a file",
        ),
        (["--state", ""], "the place of the state is empty"),
        (["--nortech-token-env", "HISTDATA_NOT_SET"], "HISTDATA_NOT_SET is not set"),
        (["--set", "liverig.noSuch=1"], "--set: liverig.noSuch: is no setting"),
        (["--set", "liverig.noSuch=null"], "--set: liverig.noSuch: is no setting"),
        (
            ["--set", "delays.downloadDataFile={type: uniform, lower: 2, upper: 1}"],
            "--set: delays.downloadDataFile.lower: 2 is above upper, 1",
        ),
        (["--set", "nope=1"], "--set: nope: is no setting; there are liverig, nortech, delays"),
        (["--set", "liverig=1"], '--set: liverig: 1 is not of type "object"'),
        (["--set", "vendor.x=1"], "vendor: is no setting; there are liverig, nortech, delays"),
        (["--settings", "no/such/settings.yaml"], "no/such/settings.yaml: cannot be read"),
        (["--admin-token-env", "HISTDATA_NOT_SET"], "--admin-token-env: the environment variable"),
    ],
)
def test_what_cannot_be_done_is_told(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--port", "0", *arguments]) == 2
    assert reason in capsys.readouterr().err


def test_a_wrong_world_is_told_with_the_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = tmp_path / "world.yaml"
    world.write_text("liverig: {collectors: [], sources: [{name: 1}]}\nnortech: {}\n", encoding="utf-8")

    assert main(["serve", "--port", "0", "--world", str(world)]) == 2

    errors = capsys.readouterr().err
    for place in ("liverig.collectors: ", "liverig.sources[0].name: ", "nortech: "):
        assert f"{world}: {place}" in errors


@pytest.mark.parametrize(
    "text, reason",
    [
        ("- liverig", "expected settings by their names"),
        ("liverig: {}\nliverig: {}", "the key 'liverig' is there twice"),
        ("liverig: 1", "settings.yaml: liverig: 1 is not of type"),
        ("nortech: {noSuch: 1}", "settings.yaml: nortech.noSuch: is no setting"),
        ("delays: {downloadDataFile: {type: uniform, lower: 2, upper: 1}}", "2 is above upper, 1"),
    ],
)
def test_wrong_settings_are_told(
    text: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text, encoding="utf-8")

    assert main(["serve", "--port", "0", "--settings", str(file)]) == 2

    assert reason in capsys.readouterr().err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--version"])
    assert re.fullmatch(r"histdata \d+\.\d+\.\d+\n", capsys.readouterr().out)


def test_the_help_states_no_default_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["serve", "--help"])
    assert "None" not in capsys.readouterr().out


def test_a_token_that_would_name_a_session_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HISTDATA_TILDE", "one~two")
    assert main(["serve", "--port", "0", "--nortech-token-env", "HISTDATA_TILDE"]) == 2
    told = capsys.readouterr().err
    assert "HISTDATA_TILDE holds a ~" in told
    assert "one" not in told


@pytest.mark.parametrize("option", ["--nortech-token-env", "--admin-token-env"])
@pytest.mark.parametrize(
    "token", ["s3cret\n", "s3cret\r\ntwo", " s3cret", "s3cret\x7f", "s3crët", "s3cret\N{EURO SIGN}"]
)
def test_a_token_that_no_header_can_carry_is_refused_without_showing_it(
    option: str, token: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HISTDATA_ODD", token)
    assert main(["serve", "--port", "0", option, "HISTDATA_ODD"]) == 2
    told = capsys.readouterr().err
    assert f"{option}: the token in HISTDATA_ODD is nothing that each client can put into" in told
    assert "s3cr" not in told
