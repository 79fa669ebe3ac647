"""Types for TypeScript, made from the contracts by a tool that is not ours."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.openapi.contracts import FILES, folder

if TYPE_CHECKING:
    from tests.openapi.conftest import Node

pytestmark = pytest.mark.node


def test_the_types_of_the_contracts_are_strictly_right_and_of_use(node: Node, tmp_path: Path) -> None:
    for name in FILES:
        # Written as .ts: what stands in a .d.ts is judged less.
        types = tmp_path / f"{Path(name).stem}.ts"
        made = node("openapi-typescript", str(folder() / name), "--output", str(types))
        assert made.returncode == 0, made.stderr
    shutil.copy(Path(__file__).parent / "usage.ts", tmp_path)
    judged = node(
        "tsc", "--strict", "--noEmit", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes",
        "--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler",
        *sorted(path.name for path in tmp_path.glob("*.ts")),
        cwd=tmp_path,
    )  # fmt: skip
    assert judged.returncode == 0, judged.stdout
