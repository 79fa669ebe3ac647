"""Prism, a mock that is not ours, serves each contract and answers each of its examples."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.openapi.conftest import QUIET, ROOT, tool_path
from tests.openapi.contracts import CONTRACTS, Contract, Operation, folder

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.node

START_UP_SECONDS = 90
READY = re.compile(r"Prism is listening on (http://\S+)")
# Prism takes an empty alternative of `security` only from a request without credentials.
CREDENTIALS = {"bearerAuth": {"Authorization": "Bearer any"}}


@contextlib.contextmanager
def prism(contract: Contract) -> Iterator[str]:
    """Prism serving a contract on a port that the system chose; its base URL."""
    process = subprocess.Popen(
        [tool_path("prism"), "mock", "--port", "0", "--errors", str(folder() / contract.name)],
        cwd=ROOT,
        env={**os.environ, **QUIET},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield _listening(process)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _listening(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    output = process.stdout.fileno()
    said, deadline = "", time.monotonic() + START_UP_SECONDS
    while (left := deadline - time.monotonic()) > 0 and select.select([output], [], [], left)[0]:
        chunk = os.read(output, 65536)
        said += chunk.decode()
        if found := READY.search(said):
            return found[1]
        if not chunk:
            break
    pytest.fail(f"Prism did not start within {START_UP_SECONDS} s; it said:\n{said}")


def sample(parameter: dict[str, Any], contract: Contract) -> str:
    """A value that a parameter may have."""
    schema = contract.resolve(parameter["schema"])
    if "example" in parameter:
        return str(parameter["example"])
    if "enum" in schema:
        return str(schema["enum"][0])
    if schema.get("format") == "uuid":
        return "02a7533a-fa69-46fc-9441-7592b9b9cb2a"
    return str(schema["minimum"])


def credentials(contract: Contract) -> dict[str, str]:
    """The headers that a request must bring to be let in."""
    schemes = contract.document["components"].get("securitySchemes", {})
    return next((CREDENTIALS[name] for name in schemes if name in CREDENTIALS), {})


def send(url: str, contract: Contract, operation: Operation, body: Any) -> requests.Response:
    """One request to an operation; every parameter that is required has a value."""
    path, query = operation.path, {}
    for parameter in operation.parameters:
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", sample(parameter, contract))
        elif parameter.get("required"):
            query[parameter["name"]] = sample(parameter, contract)
    return requests.request(
        operation.method, url + path, params=query, json=body, headers=credentials(contract), timeout=60
    )


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_prism_answers_each_example_with_a_documented_success(contract: Contract) -> None:
    with prism(contract) as url:
        for operation in contract.operations():
            examples = contract.request_examples(operation)
            for name, value in [(e.name, e.value) for e in examples] or [("without a body", None)]:
                response = send(url, contract, operation, value)
                about = f"{operation.id}, {name}: {response.status_code} {response.text[:500]}"
                documented = contract.responses(operation)
                assert response.ok, about
                assert str(response.status_code) in documented, about
                media_type = response.headers["Content-Type"].split(";")[0]
                content = documented[str(response.status_code)]["content"]
                assert media_type in content, about
                if media_type == "application/json":
                    answer = json.loads(response.content)
                    assert contract.validator(content[media_type]["schema"]).is_valid(answer), about


def test_prism_refuses_what_a_contract_forbids() -> None:
    contract = next(c for c in CONTRACTS if c.name == "nortech-historical-data-sync.yaml")
    operation = next(iter(contract.operations()))
    with prism(contract) as url:
        assert send(url, contract, operation, {"signals": [1]}).status_code in {400, 422}
