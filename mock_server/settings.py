"""What a user can choose about a mock before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DEMO_TOKEN = "histdata-demo-token"  # A value for demonstrations, printed at start


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices of one mock; the defaults serve the documented examples as printed.

    Attributes:
        liverig_revision: `current` or `old`.
        nortech_revision: `documented` or `current`.
        world: A YAML file of known objects; None is the default world.
        state: The SQLite file that keeps the state; None is a private file, removed at the end.
        public_url: The address that clients reach the mock at, for links to data files; None takes each
            request's own `Host`.
        max_body: The largest request body that is read, in bytes.
        nortech_token: The only bearer token that the Nortech endpoint takes.
        journal_size: How many of the newest requests the journal keeps.
    """

    liverig_revision: str = "current"
    nortech_revision: str = "documented"
    world: Path | None = None
    state: Path | None = None
    public_url: str | None = None
    max_body: int = 1024 * 1024
    nortech_token: str = DEMO_TOKEN
    journal_size: int = 1000
