"""Temporary folders: of the process that makes them, and gone with it, even where it is killed.

A killed process removes nothing, so whoever makes a folder removes those whose processes are gone. Each has a
file that its processes hold a lock on, and the system lets go of that however they end.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable

STATE, FILES = "histdata-mock-", "histdata-files-"
_LOCK = "in-use"
_NO_LOCK = -1


def make(owner: object, prefix: str) -> tuple[Path, Callable[[], object]]:
    """A new folder, and what removes it; that also happens when its owner or the process ends.

    Args:
        owner: Whose folder it is.
        prefix: How its name begins: `STATE` or `FILES`.

    Raises:
        OSError: It cannot be made.
    """
    _remove_abandoned()
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        lock = hold(folder)
        # Somebody may have taken it for an abandoned one just before it was held.
        if lock is not None:
            return folder, weakref.finalize(owner, _remove, folder, lock)


def hold(folder: Path) -> int | None:
    """Have the folder, together with others, as long as this process runs; or as long as the descriptor that
    this gives is open. None where the folder is gone.

    Raises:
        OSError: Its lock cannot be had.
    """
    if sys.platform == "win32":
        # Nothing is removed there but by whoever has made it.
        return _NO_LOCK if folder.is_dir() else None
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError:
        return None
    fcntl.flock(lock, fcntl.LOCK_SH)
    if (folder / _LOCK).exists():
        return lock
    os.close(lock)
    return None


def _remove(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if lock != _NO_LOCK:
        os.close(lock)


def _remove_abandoned() -> None:
    """Remove the folders that no process holds: whoever had them was killed."""
    if sys.platform == "win32":
        return
    for prefix in (STATE, FILES):
        for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
            # Others' cannot be opened, and one without the file has just been made, or is none of ours.
            with contextlib.suppress(OSError):
                lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
                finally:
                    os.close(lock)
