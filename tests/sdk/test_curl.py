"""The requests that the LiveRig vendor prints, sent by a real curl; only the host is another."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from importlib.resources import files
from typing import Any

import pytest
import requests
import yaml

from mock_server.app import create_app
from mock_server.serving.server import serving
from mock_server.settings import Settings
from tests.sdk.conftest import missing

PATH = "/services/plugin-liverig/collectors/backlog-sync/request"
PRINTED = {"dateTimeLog": ["TIME"], "measuredDepthLog": ["DEPTH"]}


def example(file: str, name: str) -> str:
    """The body as it is printed: four blanks a level."""
    contract = yaml.safe_load(files("openapi").joinpath(file).read_text(encoding="utf-8"))
    body = contract["paths"][PATH]["post"]["requestBody"]["content"]["application/json"]
    return json.dumps(body["examples"][name]["value"], indent=4)


def curl(url: str, body: str) -> tuple[int, Any]:
    """Status and JSON of the answer."""
    if shutil.which("curl") is None:
        missing("curl is not on the path")
    done = subprocess.run(
        [
            "curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "30",
            "--write-out", "\n%{http_code}",
            "-X", "POST", f"{url}{PATH}?qualifier=qualifier&instance=instance",
            "-H", "Content-type: application/json",
            "-d", body,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )  # fmt: skip
    answer, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(answer)


@pytest.mark.parametrize("name", PRINTED)
def test_what_the_vendor_prints_starts_a_job(mock: str, name: str) -> None:
    status, answer = curl(mock, example("liverig-backlog-sync.yaml", name))
    assert status == 200
    assert answer.keys() == {"success"}
    assert str(uuid.UUID(answer["success"])) == answer["success"]
    job = requests.get(f"{mock}/__admin/jobs/{answer['success']}", timeout=30).json()
    assert [child["backlogSpecificType"] for child in job["children"]] == PRINTED[name]


def test_what_the_vendor_s_old_page_prints_starts_a_job() -> None:
    with serving(create_app(Settings(liverig_revision="old"))) as url:
        status, answer = curl(url, example("liverig-backlog-sync.old.yaml", "dateTimeLog"))
    assert (status, answer.keys()) == (200, {"success"})


def test_the_same_request_without_its_range_is_refused_with_a_reason(mock: str) -> None:
    body = json.loads(example("liverig-backlog-sync.yaml", "dateTimeLog"))
    del body["start"], body["end"]
    status, answer = curl(mock, json.dumps(body))
    assert 400 <= status < 500
    assert "start" in answer["failure"]
