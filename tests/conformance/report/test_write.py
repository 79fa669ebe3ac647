from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from conformance import report
from tests.conformance.report import samples

if TYPE_CHECKING:
    from pathlib import Path


def test_reports_are_written_into_a_directory_that_need_not_exist(tmp_path: Path) -> None:
    written = report.write(samples.not_conformant(), tmp_path / "deep" / "reports")
    assert [path.name for path in written] == ["report.json", "junit.xml", "report.html"]
    assert sorted(written) == sorted((tmp_path / "deep" / "reports").iterdir())


def test_a_second_run_replaces_the_first_and_gives_the_same_bytes(tmp_path: Path) -> None:
    report.write(samples.unjudged(), tmp_path)
    first = {path: path.read_bytes() for path in report.write(samples.not_conformant(), tmp_path)}
    again = {path: path.read_bytes() for path in report.write(samples.not_conformant(), tmp_path)}
    assert first == again


def test_json_of_two_runs_differs_in_volatile_alone(tmp_path: Path) -> None:
    one, *_ = report.write(samples.conformant(), tmp_path / "one")
    later = dataclasses.replace(samples.conformant(), volatile={"seconds": 9})
    two, *_ = report.write(later, tmp_path / "two")
    head, _, tail = one.read_text(encoding="utf-8").partition('  "volatile": ')
    assert tail
    assert two.read_text(encoding="utf-8") == head + '  "volatile": {\n    "seconds": 9\n  }\n}\n'
    assert json.loads(tail.removesuffix("\n}\n")) == samples.VOLATILE


def test_a_place_that_cannot_hold_reports_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        report.write(samples.conformant(), tmp_path / "file")
