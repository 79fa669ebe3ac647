"""The conformance suite takes each switch for the freedom that it is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mock_server.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.mock_server.conftest import Mock

FREEDOMS = {
    **dict.fromkeys(("unknownCollector", "unknownSource", "unknownRig"), "failed"),
    **dict.fromkeys(("unknownWell", "unknownWellbore", "unknownLog"), "failed"),
    "rangeWithoutData": "refused",
    "collectorMismatch": "refused",
    "failures": "envelope",
}


@pytest.mark.parametrize(
    "switches, broken",
    [
        pytest.param(FREEDOMS, {}, id="freedoms"),
        # The documents do say that only WITSML is supported, and that the body's collector is optional.
        pytest.param(
            {"otherProtocol": "failed", "bodyCollector": "required"},
            {"LR-SOURCE-01": "fail", "LR-PAIR-02": "warn", "LR-PAIR-10": "warn", "LR-SCHEMA-01": "warn"},
            id="what is documented",
        ),
    ],
)
def test_what_the_documents_leave_open_is_held_against_nobody(
    tmp_path: Path, start: Callable[[Settings], Mock], switches: dict[str, Any], broken: dict[str, str]
) -> None:
    mock = start(Settings(session={"liverig": switches}))
    profile = tmp_path / "profile.yaml"
    suite = [sys.executable, "-m", "conformance"]
    subprocess.run([*suite, "init", str(profile)], check=True, capture_output=True)
    known = yaml.safe_load(profile.read_text(encoding="utf-8"))
    profile.write_text(yaml.safe_dump({"liverig": known["liverig"]}), encoding="utf-8")

    run = [*suite, "run", "-u", mock.url, "-t", str(profile), "--report-dir", str(tmp_path / "report")]
    done = subprocess.run(run, check=False, capture_output=True, text=True)

    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    (judged,) = report["contracts"]
    verdicts = {each["id"]: each["verdict"] for each in judged["requirements"]}
    assert done.returncode == ("fail" in broken.values()), done.stdout
    assert Counter(verdicts.values())["pass"] > 75
    assert {
        name: verdict for name, verdict in verdicts.items() if verdict not in {"pass", "observed", "skipped"}
    } == broken
