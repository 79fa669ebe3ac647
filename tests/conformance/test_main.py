"""The command as a process: what signals do to a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.conformance.loopback import Asked, Said, serving
from tests.conformance.targets import TOKEN, sections

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("times", [1, 5])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_says_so_and_leaves_no_report_of_an_earlier_one(
    number: signal.Signals, times: int, tmp_path: Path
) -> None:
    """However often: whoever presses Ctrl-C does so twice."""
    profile, reports = tmp_path / "profile.yaml", tmp_path / "reports"
    profile.write_text(yaml.safe_dump(sections()), encoding="utf-8")
    reports.mkdir()
    (reports / "notes.txt").write_text("not a report", encoding="utf-8")
    for name in ("report.json", "junit.xml", "report.html"):
        (reports / name).write_text("of an earlier run", encoding="utf-8")
    asked, over = threading.Event(), threading.Event()

    def silent(_: Asked) -> Said:
        asked.set()
        over.wait()
        return Said(None)

    with serving(silent) as target:
        options = ["-u", target.url, "-t", str(profile), "--report-dir", str(reports), "--workers", "2"]
        process = subprocess.Popen(
            [sys.executable, "-m", "conformance", "run", *options],
            env={**os.environ, "HISTDATA_NORTECH_TOKEN": TOKEN},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert asked.wait(60)
            for _ in range(times):
                process.send_signal(number)
            _, told = process.communicate(timeout=30)
        finally:
            process.kill()
            over.set()

    assert process.returncode == 128 + number
    assert told.splitlines()[-1] == "histdata-conformance: interrupted; no report was written"
    assert "Traceback" not in told
    assert [path.name for path in reports.iterdir()] == ["notes.txt"]
