"""Reports on a finished run: terminal, ``report.json``, ``junit.xml`` and one self-contained ``report.html``.

Every room here only reads a :class:`~conformance.verdict.RunResult`; none sends, judges or decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report import document, html, junit

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.verdict import RunResult

__all__ = ["write"]


def write(result: RunResult, directory: Path) -> list[Path]:
    """Write ``report.json``, ``junit.xml`` and ``report.html`` into *directory* and return their paths.

    The directory is made if it is missing; earlier reports in it are replaced. Each file appears whole or not
    at all, so that whoever watches the directory never reads half a report.

    Raises:
        OSError: the directory cannot be made or written to; its ``filename`` says which path.
    """
    texts = {
        "report.json": document.render(result),
        "junit.xml": junit.render(result),
        "report.html": html.render(result),
    }
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in texts.items():
        path = directory / name
        unfinished = directory / f".{name}.unfinished"
        unfinished.write_bytes(text.encode("utf-8"))
        unfinished.replace(path)
        written.append(path)
    return written
