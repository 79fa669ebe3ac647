"""The control API as its own contract describes it, read without any help of the mock."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import requests
import yaml

if TYPE_CHECKING:
    from tests.mock_server.conftest import Mock

CONTRACT = yaml.safe_load((Path(__file__).parents[3] / "openapi" / "admin.yaml").read_text(encoding="utf-8"))


def checked(response: requests.Response) -> Any:
    """The answer's body, if it is as the contract says of the operation that was asked."""
    request = response.request
    assert request.method is not None
    path = request.path_url.partition("?")[0]
    responses = operation(request.method, path)["responses"]
    documented = responses.get(str(response.status_code)) or responses[f"{response.status_code // 100}XX"]
    if "$ref" in documented:
        documented = CONTRACT["components"]["responses"][documented["$ref"].rpartition("/")[2]]
    schema = documented["content"]["application/json"]["schema"]
    validator = jsonschema_rs.Draft202012Validator(
        {**schema, "components": CONTRACT["components"]}, validate_formats=True
    )
    validator.validate(response.json())
    return response.json()


def operation(method: str, path: str) -> dict[str, Any]:
    """What the contract says of this operation; a path without parameters comes first."""
    for template in sorted(CONTRACT["paths"], key=lambda each: each.count("{")):
        if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", template), path):
            found: dict[str, Any] = CONTRACT["paths"][template][method.lower()]
            return found
    raise LookupError(path)


@dataclass(frozen=True)
class Control:
    """The control API for one session; every answer keeps the contract."""

    mock: Mock
    session: str

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Histdata-Session": self.session}

    def __call__(
        self,
        path: str,
        method: str = "GET",
        status: int = 200,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Any:
        response = self.mock.admin(path, method, headers={**self.headers, **(headers or {})}, **options)
        assert response.status_code == status, response.text
        return checked(response)

    def send(self, path: str, method: str = "GET", **options: Any) -> requests.Response:
        """A request to the mock in this session."""
        options["headers"] = {**self.headers, **options.get("headers", {})}
        return requests.request(method, self.mock.url + path, timeout=30, **options)


@pytest.fixture
def control(mock: Mock) -> Control:
    """A session that no other test is in."""
    return Control(mock, uuid.uuid4().hex)
