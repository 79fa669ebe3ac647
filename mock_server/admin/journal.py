"""The handlers of the journal: what a session's clients have sent, under WireMock's names."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mock_server import instant
from mock_server.admin.deadline import Deadline, TooSlowError
from mock_server.admin.entry import logged_request, received, serve_event
from mock_server.admin.pattern import CutBodyError, RequestPattern
from mock_server.serving.credential import is_secret
from mock_server.serving.failure import ContractViolationError, Failure, Violation
from mock_server.serving.journal import MAX_BODY
from mock_server.serving.refusal import problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mock_server.admin.comparison import Difference
    from mock_server.exchange import Exchange
    from mock_server.serving.endpoint import Handler
    from mock_server.state.store import Store

# How long a pattern may be held against a journal, in seconds.
PATIENCE = 5.0
NEAR_MISSES = 3
ENABLED = {"requestJournalDisabled": False}


def handlers(store: Store) -> Mapping[str, Handler]:
    """The handlers of these operations, by operationId."""
    journal = store.journal

    async def list_requests(
        exchange: Exchange, limit: int = 100, since: str | None = None, unmatched: str = "false"
    ) -> dict[str, Any]:
        since_us = None if since is None else _instant(since)
        if since_us is None and unmatched == "false":
            entries, total = await journal.newest(exchange.session, limit)
        else:
            kept = await journal.entries(exchange.session)
            entries, total = _selected(kept, since_us, only_unmatched=unmatched == "true")
        requests = [serve_event(entry) for entry in entries[:limit]]
        return {"requests": requests, "meta": {"total": total}, **ENABLED}

    async def clear_requests(exchange: Exchange) -> dict[str, Any]:
        await journal.clear(exchange.session)
        return {}

    async def list_unmatched_requests(exchange: Exchange) -> dict[str, Any]:
        entries = _unmatched(await journal.entries(exchange.session))
        return {"requests": [logged_request(entry) for entry in entries], **ENABLED}

    async def get_request(entryId: str, exchange: Exchange) -> Any:  # noqa: N803 - the contract's name
        entry = await journal.get(exchange.session, entryId)
        if entry is None:
            return problem(Failure(404, f"The journal of this session has no request {entryId}.")).parts()
        return serve_event(entry)

    async def delete_request(entryId: str, exchange: Exchange) -> dict[str, Any]:  # noqa: N803
        await journal.remove(exchange.session, [entryId])
        return {}

    async def matching(payload: dict[str, Any], exchange: Exchange) -> list[dict[str, Any]]:
        """The entries that a pattern means, oldest first."""
        pattern = RequestPattern(payload, is_secret=is_secret)
        entries = await journal.entries(exchange.session)
        return await asyncio.to_thread(_matching, pattern, entries[::-1])

    @_answerable
    async def count_requests(payload: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        return {"count": len(await matching(payload, exchange)), **ENABLED}

    @_answerable
    async def find_requests(payload: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        found = await matching(payload, exchange)
        return {"requests": [logged_request(entry) for entry in found], **ENABLED}

    @_answerable
    async def remove_requests(payload: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        found = await matching(payload, exchange)
        await journal.remove(exchange.session, [entry["id"] for entry in found])
        return {"serveEvents": [serve_event(entry) for entry in found], **ENABLED}

    @_answerable
    async def find_near_misses(payload: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        pattern = RequestPattern(payload, is_secret=is_secret)
        entries = await journal.entries(exchange.session)
        nearest = await asyncio.to_thread(_nearest, pattern, entries)
        return {"nearMisses": [{**miss, "requestPattern": payload} for miss in nearest]}

    return {
        "listRequests": list_requests,
        "clearRequests": clear_requests,
        "listUnmatchedRequests": list_unmatched_requests,
        "countRequests": count_requests,
        "findRequests": find_requests,
        "removeRequests": remove_requests,
        "resetRequests": clear_requests,
        "getRequest": get_request,
        "deleteRequest": delete_request,
        "findNearMisses": find_near_misses,
    }


def _selected(
    entries: list[dict[str, Any]], since_us: int | None, *, only_unmatched: bool
) -> tuple[list[dict[str, Any]], int]:
    """What is asked for, and how many it would be at any time."""
    if only_unmatched:
        entries = _unmatched(entries)
    newer = [entry for entry in entries if since_us is None or entry["arrived_us"] > since_us]
    return newer, len(entries)


def _unmatched(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry for entry in entries if "operation" not in entry]


# These two run in a thread, so that nobody else waits for a costly pattern.
def _matching(pattern: RequestPattern, entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    deadline = Deadline(PATIENCE)
    return [entry for entry in entries if pattern.matches(received(entry), deadline)]


def _nearest(pattern: RequestPattern, entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    deadline = Deadline(PATIENCE)
    misses = [(pattern.miss(received(entry), deadline), entry) for entry in entries]
    # Of those that are as near, the newest comes first; sorting keeps their order.
    misses.sort(key=lambda pair: pair[0].distance)
    return [
        {
            "request": logged_request(entry),
            "matchResult": {
                "distance": miss.distance,
                "differences": [_shown(difference) for difference in miss.differences[:1000]],
            },
        }
        for miss, entry in misses[:NEAR_MISSES]
    ]


def _shown(difference: Difference) -> dict[str, str]:
    shown = {"place": difference.place, "expected": difference.expected, "actual": difference.actual}
    return {name: value for name, value in shown.items() if value is not None}


def _answerable(handler: Handler) -> Handler:
    """The handler, where what cannot be answered is a problem with a reason."""

    async def answering(payload: dict[str, Any], exchange: Exchange) -> Any:
        try:
            return await handler(payload, exchange)
        except CutBodyError:
            reason = (
                "A request matches, unless something in its body behind the beginning that was kept (at most "
                f"{MAX_BODY} bytes) speaks against it. Narrow the pattern by url, method or headers, or "
                "leave out bodyPatterns."
            )
            return problem(Failure(HTTPStatus.CONFLICT, reason)).parts()
        except TooSlowError:
            reason = (
                f"Holding this pattern against the journal takes longer than {PATIENCE:.0f} s. Narrow it by "
                "url, method or headers, or make its expressions simpler."
            )
            return problem(Failure(HTTPStatus.UNPROCESSABLE_ENTITY, reason)).parts()

    return answering


def _instant(text: str) -> int:
    try:
        return instant.parse(text)
    except ValueError as error:
        message = f"{text!r} is not an instant: {error}"
        raise ContractViolationError([Violation("query", "/since", message)]) from None
