"""Ids that name more than one request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.selftest.gateway import Ask, Behaviour, Make, Reply, Serve


def reused(
    member: str, choose: Callable[[int, Ask, list[Any]], Any], *, by: Callable[[Ask], str] | None = None
) -> Make:
    """Put another id into accepted answers.

    *choose* gives it from the number of the accepted request, the request, and the ids given before; None
    leaves the server's own. With *by*, requests with an equal key get an equal id.
    """

    def fresh() -> Behaviour:
        given: list[Any] = []
        keys: dict[str, Any] = {}

        async def behave(ask: Ask, serve: Serve) -> Reply:
            answer = await serve(ask)
            document = answer.document
            if (
                ask.is_file
                or answer.status != 200
                or not isinstance(document, dict)
                or member not in document
            ):
                return answer
            own = document[member]
            chosen = keys.setdefault(by(ask), own) if by else choose(len(given) + 1, ask, given)
            given.append(own if chosen is None else chosen)
            return answer.with_document(document | {member: given[-1]})

        return behave

    return fresh


def shared(member: str) -> Make:
    """Give requests that are under way together the id of the first of them."""

    def fresh() -> Behaviour:
        under_way: list[Any] = []

        async def behave(ask: Ask, serve: Serve) -> Reply:
            answer = await serve(ask)
            document = answer.document
            if ask.is_file or answer.status != 200 or not isinstance(document, dict):
                return answer
            under_way.append(document.get(member))
            await asyncio.sleep(0.01)
            first = under_way[0]
            if under_way[-1] == document.get(member):
                under_way.clear()
            return answer.with_document(document | {member: first}) if member in document else answer

        return behave

    return fresh
