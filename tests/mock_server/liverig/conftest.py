"""Requests to the LiveRig endpoint, and sessions of their own to send them in."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import yaml

from tests.mock_server.conftest import CONTRACTS

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from tests.mock_server.conftest import Mock

WELL, WELLBORE, LOG = "Energistics-well-0001", "Energistics-w1-wellbore-0001", "Energistics-w1-wb1-log-0002"
TIME = {"start": 1704250800000, "end": 1704337200000}
DEPTH = {"depth": {"start": "100", "end": "200", "uom": "m"}}
_CONTRACT = yaml.safe_load((CONTRACTS / "admin.yaml").read_text(encoding="utf-8"))
_numbers = itertools.count(1)


def asking(*kinds: str, **members: Any) -> dict[str, Any]:
    """A body that asks for the documented log, once for each kind."""
    logs = [{"uid": LOG, "indexType": kind} for kind in kinds]
    return {
        "source": "Example WITSML server",
        "rigName": "RIG02",
        "wells": {WELL: {WELLBORE: {"logs": logs}}},
        **members,
    }


@dataclass(frozen=True)
class Session:
    """A session of a mock, with a clock that stands still."""

    mock: Mock
    name: str = field(default_factory=lambda: f"liverig-{next(_numbers)}")

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Histdata-Session": self.name}

    def admin(self, path: str, method: str = "GET", **options: Any) -> Any:
        response = self.mock.admin(path, method, headers=self.headers, **options)
        response.raise_for_status()
        return response.json()

    def set(self, **settings: Any) -> None:
        self.admin("settings", "PATCH", json={"liverig": settings})

    def clock(self, **members: Any) -> None:
        self.admin("clock", "PUT", json=members)

    def advance(self, seconds: float) -> None:
        self.admin("clock/advance", "POST", json={"seconds": seconds})

    def backlog(self, body: Any, **options: Any) -> requests.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        return self.mock.backlog(body, headers=headers, **options)

    def accepted(self, body: Any, **options: Any) -> str:
        """The job that the request becomes."""
        answer = self.backlog(body, **options).json()
        assert "success" in answer, answer
        job: str = answer["success"]
        return job

    def jobs(self) -> list[dict[str, Any]]:
        """The rows of the screen; they keep the control API's contract."""
        jobs: list[dict[str, Any]] = _checked(self.admin("jobs"), "Jobs")["jobs"]
        return jobs

    def job(self, job: str) -> dict[str, Any]:
        shown: dict[str, Any] = _checked(self.admin(f"jobs/{job}"), "Job")
        return shown

    def events(self, job: str, **page: int) -> list[dict[str, Any]]:
        answer = _checked(self.admin(f"jobs/{job}/events", params=page), "JobEvents")
        events: list[dict[str, Any]] = answer["events"]
        return events


@pytest.fixture
def session(mock: Mock) -> Session:
    """A session of the current revision's mock, for one test."""
    return _standing(mock)


@pytest.fixture
def old_session(other_mock: Mock) -> Session:
    """A session of the old revision's mock, for one test."""
    return _standing(other_mock)


@pytest.fixture
def new_session(mock: Mock) -> Callable[[], Session]:
    """Makes sessions, for the examples of a property."""
    return lambda: _standing(mock)


def _checked(document: Any, schema: str) -> Any:
    whole = {"$ref": f"#/components/schemas/{schema}", "components": _CONTRACT["components"]}
    jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(document)
    return document


def _standing(mock: Mock) -> Session:
    session = Session(mock)
    session.clock(mode="manual")
    return session
