"""Judges of the contracts that are not ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.openapi.contracts import CONTRACTS, FILES, Contract, folder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.openapi.conftest import Node


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_each_contract_is_valid_openapi_3_0(contract: Contract) -> None:
    assert contract.document["openapi"] == "3.0.3"
    assert [error.message for error in OpenAPIV30SpecValidator(contract.document).iter_errors()] == []


@pytest.mark.node
def test_spectral_has_nothing_to_say(node: Node) -> None:
    done = node("spectral", "lint", "--quiet", "--format", "json", "--fail-severity", "hint", *_paths())
    assert (done.returncode, json.loads(done.stdout or "null")) == (0, []), done.stderr


@pytest.mark.node
@pytest.mark.parametrize("name", FILES)
def test_redocly_has_nothing_to_say(node: Node, name: str) -> None:
    done = node("redocly", "lint", "--format", "json", str(folder() / name))
    assert (done.returncode, json.loads(done.stdout)["problems"]) == (0, []), done.stderr


@pytest.mark.node
def test_the_judges_do_see_a_fault(node: Node, tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.yaml"
    text = (folder() / "admin.yaml").read_text(encoding="utf-8")
    faulty.write_text(text.replace("#/components/schemas/Health", "#/components/schemas/Nowhere"), "utf-8")
    assert node("spectral", "lint", "--fail-severity", "hint", str(faulty)).returncode == 1
    assert node("redocly", "lint", str(faulty)).returncode == 1


def _paths() -> list[str]:
    return [str(folder() / name) for name in FILES]
