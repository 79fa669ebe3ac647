"""Connexion, imported without what it makes others say, and without what the mock has no use for.

Who only supervises workers does without it.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# What Connexion imports for its test client, for its console in the browser, and to get documents and keys
# from the network: half the time that its import takes. Packages, which it uses something of when it does
# that; and classes, which it imports from their modules, and calls then.
_PACKAGES = ("httpx", "jinja2", "requests")
_CLASSES = {"starlette.templating": "Jinja2Templates", "starlette.testclient": "TestClient"}


class _Later(ModuleType):
    """Stands for a package until something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def _with_class(module: str, name: str) -> ModuleType:
    """Stands for a module, with a class that is imported when an object of it is made."""

    def make(*arguments: Any, **named: Any) -> Any:
        return getattr(import_module(module), name)(*arguments, **named)

    stand_in = ModuleType(module)
    setattr(stand_in, name, make)
    return stand_in


@contextmanager
def _later() -> Iterator[None]:
    """Import what is not used when it is."""
    stand_ins: dict[str, ModuleType] = {name: _Later(name) for name in _PACKAGES}
    stand_ins |= {module: _with_class(module, name) for module, name in _CLASSES.items()}
    stand_ins = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, stand_in in stand_ins.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]


# Connexion imports what its own dependencies call deprecated; a user of the mock can do nothing about it.
with warnings.catch_warnings(), _later():
    warnings.simplefilter("ignore")
    import connexion  # type: ignore[import-untyped]  # noqa: F401
