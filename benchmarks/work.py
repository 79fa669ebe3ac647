"""The work that every server is given: the first example of each contract, by turns; and how its answers are
checked.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from mock_server.serving.contract import load
from mock_server.settings import DEMO_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable


class WrongAnswerError(Exception):
    """A server has not done what it was asked for; the message says what it answered."""


@dataclass(frozen=True)
class Operation:
    """One operation of the work.

    Attributes:
        path: Where it is posted to.
        query: The query, encoded.
        body: What is posted.
        answer: A documented answer to it.
        id: The id in the value of an accepting answer; raises where the value is none.
    """

    path: str
    query: str
    body: bytes
    answer: dict[str, Any]
    id: Callable[[Any], str]

    def request(self, host: str) -> bytes:
        """The bytes of the request on an HTTP/1.1 connection that stays open."""
        target = f"{self.path}?{self.query}" if self.query else self.path
        head = (
            f"POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json\r\nAuthorization: Bearer {DEMO_TOKEN}\r\n"
            f"Content-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode("ascii") + self.body

    def check(self, status: int, body: bytes) -> str:
        """The id in an answer that accepts what was asked for.

        Raises:
            WrongAnswerError: It is another answer.
        """
        try:
            if status == 200:
                return self.id(orjson.loads(body))
        except (TypeError, KeyError, ValueError, AttributeError):
            pass
        raise WrongAnswerError(f"{self.path} was answered {status} {body[:300]!r}")


def operations() -> tuple[Operation, Operation]:
    """Both operations, in the contracts' default revisions."""
    liverig = _operation("liverig-backlog-sync", "current")
    nortech = _operation("nortech-historical-data-sync", "documented")
    return (
        Operation(liverig[0], "qualifier=qualifier&instance=instance", liverig[1], liverig[2], _job),
        Operation(nortech[0], "", nortech[1], nortech[2], _request),
    )


def _operation(contract: str, revision: str) -> tuple[str, bytes, dict[str, Any]]:
    [(path, item)] = load(contract, revision).document["paths"].items()
    asked = item["post"]["requestBody"]["content"]["application/json"]["examples"]
    answered = item["post"]["responses"]["200"]["content"]["application/json"]["examples"]
    return path, orjson.dumps(_first(asked)), _first(answered)


def _first(examples: dict[str, Any]) -> Any:
    return next(iter(examples.values()))["value"]


def _job(value: Any) -> str:
    return str(uuid.UUID(value["success"]))


def _request(value: Any) -> str:
    if value["status"] != "Finished" or not isinstance(value["outputFile"], str):
        raise ValueError(value)
    return str(int(value["requestId"]))
