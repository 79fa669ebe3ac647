"""The named examples of the contracts, which a defect puts where a client has left something out."""

from __future__ import annotations

import copy
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping


def request(file: str, name: str) -> Any:
    """The request body that ``openapi/<file>.yaml`` has under this name."""
    return copy.deepcopy(_examples(file)[name])


@cache
def _examples(file: str) -> Mapping[str, Any]:
    document = yaml.safe_load((files("openapi") / f"{file}.yaml").read_text(encoding="utf-8"))
    (item,) = document["paths"].values()
    examples = item["post"]["requestBody"]["content"]["application/json"]["examples"]
    return {name: example["value"] for name, example in examples.items()}
