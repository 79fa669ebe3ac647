from __future__ import annotations

import base64
import html
import json
import re
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, urlsplit

import jsonschema_rs
import pytest
import yaml

from conformance import catalogue, cli
from conformance.report import document
from mock_server.app import create_app
from mock_server.serving.server import serving as mocking
from mock_server.settings import Settings
from tests.conformance.loopback import Asked, Said, accepting, serving
from tests.conformance.targets import LIVERIG, NORTECH, TOKEN, sections

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REPORTS = {"report.json", "junit.xml", "report.html"}


class Terminal:
    """Runs the command line in this process, in a folder of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.reports = folder / "reports"
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str | Path) -> int:
        """Run; the exit status, with what was printed in `out` and `err`."""
        self._capsys.readouterr()
        try:
            status = cli.main([str(argument) for argument in arguments])
        except SystemExit as left:
            status = -1 if not isinstance(left.code, int) else left.code
        self.out, self.err = self._capsys.readouterr()
        assert "Traceback" not in self.err
        return status

    def judge(self, url: str, *arguments: str | Path, profile: dict[str, Any] | None = None) -> int:
        """Run the suite on a target, without Schemathesis's engine unless asked for."""
        file = self.folder / "profile.yaml"
        file.write_text(yaml.safe_dump(sections() if profile is None else profile), encoding="utf-8")
        fast = () if "--max-examples" in arguments else ("--max-examples", "0")
        return self("run", "-u", url, "--target", file, "--report-dir", self.reports, *fast, *arguments)

    @property
    def report(self) -> dict[str, Any]:
        """The last report.json."""
        loaded: dict[str, Any] = json.loads((self.reports / "report.json").read_text(encoding="utf-8"))
        return loaded


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HISTDATA_NORTECH_TOKEN", TOKEN)
    monkeypatch.setenv("COLUMNS", "200")
    return Terminal(tmp_path, capsys)


@pytest.fixture
def profile_file(tmp_path: Path) -> Path:
    file = tmp_path / "good.yaml"
    file.write_text(yaml.safe_dump(sections()), encoding="utf-8")
    return file


# Wrong usage ------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "COMMAND"),
        (["judge"], "invalid choice: 'judge'"),
        (["run"], "-u/--url"),
        (["run", "-u", "http://127.0.0.1:1"], "--target"),
        (["list", "--contract", "no-such-contract"], f"no-such-contract.*{LIVERIG}.*{NORTECH}"),
        (["list", "--unknown"], "--unknown"),
        (["init", "a", "b"], "b"),
    ],
)
def test_a_wrong_command_is_told_and_ends_with_2(
    terminal: Terminal, arguments: list[str], words: str
) -> None:
    assert terminal(*arguments) == 2
    assert re.search(words, terminal.err)
    assert terminal.out == ""


@pytest.mark.parametrize(
    "option, value, words",
    [
        ("-u", "127.0.0.1:4010", "no base URL like http://127.0.0.1:4010"),
        ("-u", "ftp://127.0.0.1", "no base URL.*begin with http"),
        ("-u", "http://", "no base URL.*no host"),
        ("--report-dir", "", "name is empty"),
        ("--target", "", "name is empty"),
        ("-u", "http://[::1", "no base URL"),
        ("-u", "http://127.0.0.1:99999", "no base URL"),
        ("-u", "http://127.0.0.1:0", "no base URL.*port 0"),
        ("-u", "http://127.0.0.1:port", "no base URL"),
        ("-u", "http://two words", "no base URL"),
        ("-u", "http://127.0.0.1/?a=b", "no base URL"),
        ("-u", "http://127.0.0.1/#a", "no base URL"),
        ("-u", "", "no base URL"),
        ("-u", "http://me:secret@127.0.0.1", "credentials go into environment variables"),
        ("--seed", "-1", "no whole number from 0"),
        ("--seed", "one", "no whole number from 0"),
        ("--seed", "9" * 5000, "no whole number from 0"),
        ("--max-examples", "1.5", "no whole number"),
        ("--max-requests", "0", "--max-requests: '0' is no whole number from 1"),
        ("--max-requests", "-1", "--max-requests: '-1' is no whole number from 1"),
        ("--max-requests", "²", "no whole number"),
        ("--max-accepted", "0", "no whole number from 1"),
        ("--workers", "33", "'33' is no whole number from 1 to 32"),
        ("--rate-limit", "10", "no rate like 10/s"),
        ("--rate-limit", "0/s", "no rate like 10/s"),
        ("--rate-limit", "²/s", "no rate like 10/s"),
        ("--rate-limit", "1/fortnight", "no rate like 10/s"),
        ("--max-time", "nan", "no number of seconds above 0"),
        ("--max-time", "inf", "no number of seconds above 0"),
        ("--request-timeout", "0", "no number of seconds above 0"),
        ("--request-timeout", "soon", "no number of seconds above 0"),
        ("--depth", "deeper", "deeper"),
        ("--contract", "no-such-contract", "no-such-contract"),
        ("-H", "X-Gateway", "no header like"),
        ("-H", "X Gateway: 1", "no header like"),
        ("-H", "X-Gateway:", "no header like"),
        ("-H", "X-Gateway: $HISTDATA_NOT_SET", "HISTDATA_NOT_SET, which is not set or empty"),
        ("-H", "X-Gateway: ${HISTDATA_NOT_SET}", "HISTDATA_NOT_SET, which is not set or empty"),
        ("-H", "X-Gateway: Bearer $HISTDATA_NOT_SET", "no \\$VARIABLE alone"),
        ("-H", "X-Gateway: $", "no \\$VARIABLE alone"),
        ("-H", "X-Gateway: ä", "no header can carry"),
        ("-H", "authorization: $HISTDATA_NORTECH_TOKEN", "the suite sets authorization itself"),
    ],
)
def test_a_wrong_option_is_told_and_ends_with_2(
    terminal: Terminal, profile_file: Path, option: str, value: str, words: str
) -> None:
    given = {"-u": "http://127.0.0.1:1", "--target": str(profile_file), option: value}
    assert terminal("run", *(word for pair in given.items() for word in pair)) == 2
    assert re.search(words, terminal.err)
    assert "invalid _" not in terminal.err
    # What is wrong, and not all that would be right.
    assert terminal.err.count("\n") == 1
    assert len(terminal.err) < 1000
    assert not terminal.reports.exists()


def test_a_secret_in_a_url_is_not_repeated(terminal: Terminal, profile_file: Path) -> None:
    assert terminal("run", "-u", "http://me:s3cret@127.0.0.1", "--target", profile_file) == 2
    assert "s3cret" not in terminal.err + terminal.out


def test_a_header_whose_variable_holds_a_line_break_is_refused_without_showing_it(
    terminal: Terminal, profile_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY", "s3cret\r\nX-Evil: 1")
    assert terminal("run", "-u", "http://127.0.0.1:1", "-t", profile_file, "-H", "X-Gateway: $GATEWAY") == 2
    assert "no header can carry" in terminal.err
    assert "s3cret" not in terminal.err


@pytest.mark.parametrize(
    "text, words",
    [
        (None, "no such file; `histdata-conformance init` writes one"),
        ("a: [", "is not YAML"),
        ("windows: 1", "expected liverig or nortech"),
        ("nortech: {}", "at nortech: "),
        ("liverig: {unknown: 1}", "at liverig: there is no unknown; there are revision, auth, qualifier, "),
        ("liverig: {auth: {kind: baisc}}", '"baisc" is none of: "none", "basic", "session", "bearer"'),
        ("liverig: {auth: {kind: bearer, user_env: A}}", "there is no user_env; there are kind, token_env"),
        ("liverig: {auth: {kind: bearer}}", 'at liverig/auth: "token_env" is missing'),
        ("nortech: {signals: [{id: 1, unit: U}]}", 'at nortech/signals/0: "signal" is missing'),
        ("\udcff", "is no text in UTF-8: byte 0"),
    ],
)
def test_a_bad_profile_is_told_by_its_name_and_ends_with_2(
    terminal: Terminal, text: str | None, words: str
) -> None:
    file = terminal.folder / "bad.yaml"
    if text is not None:
        file.write_text(text, encoding="utf-8", errors="surrogateescape")
    assert (
        terminal("run", "-u", "http://127.0.0.1:1", "--target", file, "--report-dir", terminal.reports) == 2
    )
    assert words in terminal.err
    assert str(file) in terminal.err
    assert not terminal.reports.exists()


def test_a_secret_that_is_not_set_is_told_by_file_entry_and_variable(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HISTDATA_NORTECH_TOKEN")
    assert terminal.judge("http://127.0.0.1:1") == 2
    assert re.search(
        r"profile\.yaml: nortech/token_env names the environment variable HISTDATA_NORTECH_TOKEN",
        terminal.err,
    )


def test_a_contract_that_the_profile_has_no_section_for_is_told(terminal: Terminal) -> None:
    status = terminal.judge(
        "http://127.0.0.1:1", "--contract", LIVERIG, profile={"nortech": sections()["nortech"]}
    )
    assert status == 2
    assert f"no section for {LIVERIG}" in terminal.err


def test_a_report_folder_that_cannot_be_made_is_told_before_anything_is_sent(terminal: Terminal) -> None:
    (terminal.folder / "file").write_text("in the way", encoding="utf-8")
    with serving(lambda _: Said(500)) as target:
        for place in ("file", "file/below"):
            assert terminal.judge(target.url, "--report-dir", place) == 2
            assert f"--report-dir {place}: is no folder; a file is in the way" in terminal.err
        assert target.asked == []


# What sends nothing ------------------------------------------------------------


def test_a_dry_run_prints_the_plan_and_sends_nothing(terminal: Terminal) -> None:
    with serving(lambda _: Said(500)) as target:
        assert terminal.judge(target.url, "--dry-run") == 0
        assert target.asked == []
    assert re.search(rf"{LIVERIG} \(current\): \d+ requirements, at most \d+ requests", terminal.out)
    assert re.search(rf"{NORTECH} \(documented\): \d+ requirements, at most \d+ requests", terminal.out)
    assert not terminal.reports.exists()


def test_init_writes_a_profile_that_run_takes_and_never_replaces_one_unasked(terminal: Terminal) -> None:
    file = terminal.folder / "new.yaml"
    assert terminal("init", file) == 0
    assert str(file) in terminal.out
    written = file.read_text(encoding="utf-8")
    assert terminal("run", "-u", "http://127.0.0.1:1", "--target", file, "--dry-run") == 0
    file.write_text("mine", encoding="utf-8")
    assert terminal("init", file) == 2
    assert "--force" in terminal.err
    assert file.read_text(encoding="utf-8") == "mine"
    assert terminal("init", file, "--force") == 0
    assert file.read_text(encoding="utf-8") == written


def test_init_that_cannot_write_says_so(terminal: Terminal) -> None:
    assert terminal("init", terminal.folder / "none" / "profile.yaml") == 2
    assert "cannot be written" in terminal.err
    assert terminal("init", "--force", terminal.folder) == 2
    assert str(terminal.folder) in terminal.err
    assert terminal("init", terminal.folder) == 2
    assert f"{terminal.folder} is a folder" in terminal.err


def test_a_folder_is_no_profile(terminal: Terminal) -> None:
    assert terminal("run", "-u", "http://127.0.0.1:1", "--target", terminal.folder) == 2
    assert f"{terminal.folder}: is a folder" in terminal.err


def test_list_prints_every_requirement_with_its_level_evidence_and_coverage(terminal: Terminal) -> None:
    assert terminal("list") == 0
    for name in catalogue.contracts():
        for requirement in catalogue.load(name).requirements:
            assert re.search(
                rf"^ *{requirement.id} +{requirement.level} +{requirement.evidence}", terminal.out, re.M
            ), requirement.id
    assert terminal.out.count("judged by") + terminal.out.count("judged on") + terminal.out.count(
        "not judged:"
    ) == sum(len(catalogue.load(name).requirements) for name in catalogue.contracts())


def test_list_as_json_says_the_same_for_programs(terminal: Terminal) -> None:
    assert terminal("list", "--json", "--contract", NORTECH) == 0
    (listed,) = json.loads(terminal.out)["contracts"]
    book = catalogue.load(NORTECH)
    assert [r["id"] for r in listed["requirements"]] == [r.id for r in book.requirements]
    for entry, requirement in zip(listed["requirements"], book.requirements, strict=True):
        assert (entry["level"], entry["evidence"]) == (requirement.level, requirement.evidence)
        assert entry["coverage"]


def test_the_package_is_a_command_too(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "run", "-u", "nowhere", "-t", "none.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no base URL" in done.stderr


# Targets that cannot be judged ------------------------------------------------------------


def assert_unjudged(terminal: Terminal) -> None:
    assert {path.name for path in terminal.reports.iterdir()} == REPORTS
    assert terminal.report["run"]["outcome"] == "could not be judged"
    verdicts = {r["verdict"] for c in terminal.report["contracts"] for r in c["requirements"]}
    assert "pass" not in verdicts
    assert "Could not be judged" in terminal.out


def test_a_target_that_is_down_cannot_be_judged(terminal: Terminal) -> None:
    with socket.socket() as taken:
        # Bound and not listening: nobody else gets the port, and nobody answers.
        taken.bind(("127.0.0.1", 0))
        assert terminal.judge(f"http://127.0.0.1:{taken.getsockname()[1]}") == 3
    assert_unjudged(terminal)
    for judged in terminal.report["contracts"]:
        assert "could not be reached" in judged["cut_short"]


def refusing(said: Said) -> Callable[[Asked], Said]:
    return lambda _: said


@pytest.mark.parametrize(
    "said, words",
    [
        (Said(401, {"status": "Unauthorized"}), "401"),
        (Said(404, {"status": "Signals not found", "signals": [1]}), "404"),
        (Said(200, {"failure": "no"}, {"Content-Type": "application/json"}), "200|Finished"),
        (Said(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}), "Sign in"),
        (Said(302, b"", {"Location": "https://sign-in.example/"}), "302"),
        (Said(429), "too busy"),
        (Said(None), "no answer"),
    ],
)
def test_a_target_that_accepts_nothing_is_never_a_pass_and_is_told_why(
    terminal: Terminal, said: Said, words: str
) -> None:
    only = {"liverig": sections()["liverig"]}
    with serving(refusing(said)) as target:
        assert terminal.judge(target.url, profile=only) == 3
        assert len(target.asked) <= 10  # the examples, perhaps on a connection found closed
    assert_unjudged(terminal)
    notes = {n for r in terminal.report["contracts"][0]["requirements"] for n in r["notes"]}
    assert any("accepted none" in note and re.search(words, note) for note in notes)


def test_a_target_that_fails_at_everything_is_never_a_pass(terminal: Terminal) -> None:
    with serving(refusing(Said(500, {"failure": "no"}))) as target:
        assert terminal.judge(target.url) == 3
    assert_unjudged(terminal)


def test_a_run_ends_at_its_ceiling_and_says_so(terminal: Terminal) -> None:
    with serving(accepting()) as target:
        assert terminal.judge(target.url, "--max-requests", "7", "--contract", LIVERIG) in (1, 3)
        assert len(target.asked) == 7
    (judged,) = terminal.report["contracts"]
    assert "--max-requests" in judged["cut_short"]


# Targets that can be judged ------------------------------------------------------------


def test_a_target_that_accepts_everything_is_not_conformant(terminal: Terminal) -> None:
    with serving(accepting()) as target:
        assert terminal.judge(target.url) == 1
    assert terminal.report["run"]["exit_code"] == 1
    for judged in terminal.report["contracts"]:
        assert judged["counts"]["fail"] >= 10
        for requirement in judged["requirements"]:
            if requirement["verdict"] in ("fail", "warn"):
                assert requirement["findings"]
                for finding in requirement["findings"]:
                    assert finding["curl"].startswith("curl ") or " | curl " in finding["curl"]


def on_the_mock(terminal: Terminal, liverig: str, nortech: str, *arguments: str) -> tuple[int, str]:
    """Judge a fresh mock; the exit status, and report.json without its port and `volatile`."""
    settings = Settings(liverig_revision=liverig, nortech_revision=nortech)
    with mocking(create_app(settings)) as url:
        status = terminal.judge(url, *arguments, profile=sections(liverig, nortech))
    text = (
        (terminal.reports / "report.json").read_text(encoding="utf-8").replace(urlsplit(url).netloc, "target")
    )
    report = json.loads(text)
    volatile = json.dumps(report.pop("volatile"), ensure_ascii=False, indent=2)
    kept, _, removed = text.rpartition('"volatile"')
    assert " ".join(removed.split()).startswith(": " + " ".join(volatile.split()))
    return status, kept


@pytest.mark.parametrize("liverig, nortech", [("current", "documented"), ("old", "current")])
def test_the_mock_conforms_and_one_seed_gives_one_report_byte_for_byte_with_any_workers(
    terminal: Terminal, liverig: str, nortech: str
) -> None:
    arguments = ("--max-examples", "3", "--seed", "7")
    status, first = on_the_mock(terminal, liverig, nortech, *arguments)
    assert status == 0, terminal.out
    jsonschema_rs.Draft202012Validator(document.schema()).validate(terminal.report)
    for judged in terminal.report["contracts"]:
        assert judged["outcome"] == "conformant"
        undecided = {"fail", "warn", "inconclusive"}
        assert [(r["id"], r["notes"]) for r in judged["requirements"] if r["verdict"] in undecided] == []
    assert {path.name for path in terminal.reports.iterdir()} == REPORTS
    # One after the other or overlapping, a run says the same.
    assert on_the_mock(terminal, liverig, nortech, *arguments, "--workers", "4") == (0, first)


def test_a_faulty_target_gives_the_same_report_again_too(terminal: Terminal) -> None:
    reports = []
    for _ in range(2):
        with serving(accepting()) as target:
            terminal.judge(target.url, "--contract", NORTECH)
            text = json.dumps(terminal.report | {"volatile": {}})
            reports.append(text.replace(urlsplit(target.url).netloc, "target"))
    assert reports[0] == reports[1]


def test_smoke_is_small(terminal: Terminal) -> None:
    with mocking(create_app(Settings())) as url:
        assert terminal("init", "p.yaml") == 0
        arguments = ("--target", "p.yaml", "--depth", "smoke", "--report-dir", terminal.reports)
        assert terminal("run", "-u", url, *arguments) == 0, terminal.out
        assert terminal.report["run"]["requests"] <= 80
        left_out = [
            sum(note.startswith("left out of a run") for r in judged["requirements"] for note in r["notes"])
            for judged in terminal.report["contracts"]
        ]
        # Each contract says how many, and none of them by itself, unless asked.
        assert "left out of" not in terminal.out
        for number in left_out:
            assert number > 50
            assert f"This depth leaves out {number} requirements." in terminal.out
        assert terminal("run", "-u", url, *arguments, "-v") == 0
        assert terminal.out.count("left out of a run of the depth 'smoke'") == sum(left_out)


# Secrets ------------------------------------------------------------

SECRETS = {
    "HISTDATA_NORTECH_TOKEN": 'n0rtech"tok\\en/+%41=',
    "LIVERIG_USER": "a-user-of-liverig",
    "LIVERIG_PASSWORD": "pä:ssw&rd<of>'liverig",
    "LIVERIG_COOKIE": "c00kie-of-liverig",
    "LIVERIG_CSRF": "csrf.of.liverig",
    "LIVERIG_TOKEN": "t0ken-of-liverig",
    "GATEWAY": "k3y-of-the-gateway",
}
AUTH = {
    "basic": {"kind": "basic", "user_env": "LIVERIG_USER", "password_env": "LIVERIG_PASSWORD"},
    "session": {"kind": "session", "cookie_env": "LIVERIG_COOKIE", "csrf_env": "LIVERIG_CSRF"},
    "bearer": {"kind": "bearer", "token_env": "LIVERIG_TOKEN"},
}


def shapes(secret: str) -> set[str]:
    return {
        secret,
        base64.b64encode(secret.encode()).decode(),
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
    } | json_shapes(secret)


def json_shapes(secret: str) -> set[str]:
    texts = {json.dumps(secret), json.dumps(secret, ensure_ascii=False), json.dumps(html.escape(secret))}
    return {text[1:-1] for text in texts} - {secret, html.escape(secret)}


@pytest.mark.parametrize("kind", sorted(AUTH))
def test_no_secret_is_in_any_report_or_on_the_terminal_whatever_the_target_says(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    document_ = sections()
    document_["liverig"]["auth"] = AUTH[kind]
    used = {value for key, value in AUTH[kind].items() if key != "kind"} | {
        "HISTDATA_NORTECH_TOKEN",
        "GATEWAY",
    }
    # As they are they become JSON's strings; encoded, what a page or a log would show.
    echoed = {
        f"echo {name}": sorted(shapes(SECRETS[name]) - json_shapes(SECRETS[name])) for name in sorted(used)
    }
    talkative = accepting(**echoed)

    def answer(asked: Asked) -> Said:
        said = talkative(asked)
        assert isinstance(said.body, dict | bytes)
        if isinstance(said.body, dict):
            said.body["heard"] = asked.headers
        said.headers["X-Echo"] = SECRETS["LIVERIG_TOKEN"]
        return said

    with serving(answer) as target:
        status = terminal.judge(target.url, "-v", "-H", "X-Gateway: $GATEWAY", profile=document_)
        heard = "\n".join(f"{value}" for asked in target.asked for value in asked.headers.values())
    assert status == 1
    assert SECRETS["HISTDATA_NORTECH_TOKEN"] in heard
    assert SECRETS["GATEWAY"] in heard
    shown = {path.name: path.read_text(encoding="utf-8") for path in terminal.reports.iterdir()}
    assert set(shown) == REPORTS
    shown |= {"stdout": terminal.out, "stderr": terminal.err}
    for name in used:
        assert f"${name}" in shown["report.json"]
        for where, text in shown.items():
            for shape in shapes(SECRETS[name]):
                assert shape not in text, (name, where)
                assert shape not in html.unescape(text), (name, where)
            assert SECRETS[name] not in html.unescape(html.unescape(text)), (name, where)
