"""YAML files that a user writes: read strictly, so that nothing in them is silently something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path


class DocumentError(Exception):
    """A file that cannot be read, or is not YAML; the message says why."""


class _Loader(yaml.SafeLoader):
    """Keeps times as they are written, and takes no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for number, key in enumerate(keys):
            if key in keys[:number]:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is there twice", node.value[number][0].start_mark
                )
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, expression) for tag, expression in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _OwnLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Keeps times as they are written."""

    yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers


def read(path: Path) -> Any:
    """What is in the file.

    Raises:
        DocumentError: It cannot be read, or is not YAML.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        return parse(content)
    except DocumentError as error:
        raise DocumentError(f"{path}: {error}") from None


def own(text: bytes) -> Any:
    """The value of a YAML text of this package's own: read more quickly, and trusted to be sound."""
    return yaml.load(text, Loader=_OwnLoader)


def parse(text: bytes | str) -> Any:
    """The value of a YAML text.

    Raises:
        DocumentError: It is not YAML.
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise DocumentError(f"is not YAML: {_words(error)}") from None


def _words(error: Exception) -> str:
    """What is wrong and where, in one line; YAML's own words draw the place over several."""
    mark = getattr(error, "problem_mark", None)
    if isinstance(error, yaml.MarkedYAMLError) and mark is not None:
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    return " ".join(str(error).split())
