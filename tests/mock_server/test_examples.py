"""Each documented example works as printed, and every answer keeps its contract."""

from __future__ import annotations

import copy
import io
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyarrow.csv
import pyarrow.parquet
import pytest
import requests
import yaml

if TYPE_CHECKING:
    from tests.mock_server.conftest import Mock


def _examples(file_name: str) -> list[Any]:
    from pathlib import Path

    text = (Path(__file__).parents[2] / "openapi" / file_name).read_text(encoding="utf-8")
    (path,) = yaml.safe_load(text)["paths"].values()
    examples = path["post"]["requestBody"]["content"]["application/json"]["examples"]
    return [pytest.param(example["value"], id=name) for name, example in examples.items()]


@pytest.mark.parametrize("body", _examples("liverig-backlog-sync.yaml"))
def test_liverig_current_example_is_accepted(mock: Mock, body: Any) -> None:
    response = mock.backlog(body)

    assert response.status_code == 200
    assert list(response.json()) == ["success"]


@pytest.mark.parametrize("body", _examples("liverig-backlog-sync.old.yaml"))
def test_liverig_old_example_is_accepted(other_mock: Mock, body: Any) -> None:
    response = other_mock.backlog(body)

    assert response.status_code == 200
    assert list(response.json()) == ["success"]


@pytest.mark.parametrize("body", _examples("nortech-historical-data-sync.yaml"))
def test_nortech_example_gives_a_file_without_the_token(any_mock: Mock, body: Any) -> None:
    response = any_mock.history(body)

    assert response.status_code == 200
    file = requests.get(response.json()["outputFile"], timeout=30)
    assert file.status_code == 200
    file_format = body.get("format", "parquet")
    assert urlsplit(response.json()["outputFile"]).path.endswith(f".{file_format}")
    if file_format == "parquet":
        assert pyarrow.parquet.read_table(io.BytesIO(file.content)).num_rows > 0
    elif file_format == "csv":
        assert pyarrow.csv.read_csv(io.BytesIO(file.content)).num_rows > 0
    else:
        assert len(json.loads(file.content)) > 0


def test_the_oracle_of_these_tests_sees_what_connexion_overlooks(mock: Mock) -> None:
    """An undocumented status, a `uuid` and a `uri` that are none: else nothing here proves much."""
    response = mock.history({"signals": [1], "timeWindow": {"start": "2024-01-03T00:00:00Z"}})
    teapot, no_uri = copy.copy(response), copy.copy(response)
    teapot.status_code = 418
    no_uri._content = response.content.replace(b"http://", b"not a uri ")
    job = mock.backlog(mock.liverig.examples()["dateTimeLog"])
    no_uuid = copy.copy(job)
    no_uuid._content = b'{"success": "%s"}' % (b"x" * 36)

    with pytest.raises(AssertionError, match="not documented"):
        mock.nortech.check(teapot)
    with pytest.raises(ValueError, match="uri"):
        mock.nortech.check(no_uri)
    with pytest.raises(ValueError, match="oneOf"):
        mock.liverig.check(no_uuid)
