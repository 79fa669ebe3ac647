"""Reports on a finished run: terminal, ``report.json``, ``junit.xml`` and one self-contained ``report.html``.

Every room here only reads a :class:`~conformance.verdict.RunResult`; none sends, judges or decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report import document, html, junit

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.verdict import RunResult

__all__ = ["clear", "write"]

_ROOMS = {"report.json": document.render, "junit.xml": junit.render, "report.html": html.render}


def clear(directory: Path) -> None:
    """Make *directory* if it is missing, and remove the reports in it.

    A run that is cut off then leaves none, rather than an earlier one that would be taken for its own.

    Raises:
        OSError: the directory cannot be made, or they cannot be removed.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name in _ROOMS:
        (directory / name).unlink(missing_ok=True)


def write(result: RunResult, directory: Path) -> list[Path]:
    """Write ``report.json``, ``junit.xml`` and ``report.html`` into *directory* and return their paths.

    The directory is made if it is missing; earlier reports in it are replaced. Each file appears whole or not
    at all, so that whoever watches the directory never reads half a report.

    Raises:
        OSError: the directory cannot be made or written to; its ``filename`` says which path.
    """
    texts = {name: render(result) for name, render in _ROOMS.items()}
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in texts.items():
        path = directory / name
        unfinished = directory / f".{name}.unfinished"
        unfinished.write_bytes(text.encode("utf-8"))
        unfinished.replace(path)
        written.append(path)
    return written
