"""Why a request is not answered with success, before any vendor's envelope is put around it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Location: TypeAlias = Literal["body", "query", "path", "headers"]

VIOLATIONS_HEADER = "X-Histdata-Violations"
# Clients and gateways refuse long header lines; 4 KiB passes all common ones.
MAX_HEADER = 4096
MAX_MESSAGE = 500
MAX_VIOLATIONS = 100


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule of the contract that a request breaks.

    Attributes:
        location: The part of the request, in the vendor's words (N10).
        pointer: Where in that part: a JSON pointer into the body, else `/` and the name.
        message: What is wrong there, for a person.
    """

    location: Location
    pointer: str
    message: str

    def text(self) -> str:
        """One line: where, in the way people write it (`signals[1].asset`), and what."""
        where = ""
        for part in self.pointer.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if not name:
                where += '[""]'
            elif name.isdigit() and self.location == "body":
                where += f"[{name}]"
            else:
                where += f".{name}" if where else name
        return shorten(f"{where or self.location}: {self.message}")


class ContractViolationError(Exception):
    """A request that breaks its contract; carries every violation found.

    Attributes:
        violations: All of them, at least one.
        status: The HTTP status that suits them.
    """

    def __init__(self, violations: Sequence[Violation], status: int = 400) -> None:
        super().__init__("; ".join(violation.text() for violation in violations))
        self.violations = tuple(violations)
        self.status = status


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong with a request, for an `errors` room to put into its vendor's envelope.

    Attributes:
        status: The HTTP status, 400 or more.
        detail: What is wrong, for a person.
        violations: The broken rules, where it is a matter of those.
        settings: Those of the session, which may say how a failure is told.
    """

    status: int
    detail: str
    violations: tuple[Violation, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """A JSON answer.

    Attributes:
        status: The HTTP status.
        body: What is sent as JSON.
        headers: Headers beside the content type.
    """

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    def parts(self) -> tuple[dict[str, Any], int, dict[str, str]]:
        """The triple that Connexion takes from a handler."""
        # Said aloud, because Connexion guesses only where an operation has a single type.
        return self.body, self.status, {**self.headers, "Content-Type": "application/json"}


if TYPE_CHECKING:
    Envelope: TypeAlias = Callable[[Failure], Reply]


def shorten(text: str, limit: int = MAX_MESSAGE) -> str:
    """The text, cut where it is too long to be read."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def violations_header(violations: Sequence[Violation]) -> str:
    """The violations as compact ASCII JSON, as many of the first ones as fit into the bound of a header."""
    entries: list[str] = []
    size = 2
    for violation in violations:
        entry = json.dumps(
            {
                "location": violation.location,
                "pointer": shorten(violation.pointer),
                "message": shorten(violation.message),
            },
            separators=(",", ":"),
        )
        size += len(entry) + 1
        if size > MAX_HEADER:
            break
        entries.append(entry)
    return f"[{','.join(entries)}]"
