"""Slow answers: how long each operation takes, in WireMock's words."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Scope

# No distribution, however wide, holds an answer back longer than this.
MAX_MILLISECONDS = 60_000


async def wait(scope: Scope, delays: Mapping[str, Any]) -> None:
    """Wait as long as the operation that the request was routed to should take.

    That is real time, whatever the session's clock says; other requests go on meanwhile.

    Args:
        scope: The request.
        delays: The member `delays` of the session's settings: an operationId to its delay.
    """
    operation_id = scope.get("extensions", {}).get("connexion_routing", {}).get("operation_id")
    if operation_id in delays:
        await asyncio.sleep(milliseconds(delays[operation_id]) / 1000)


def milliseconds(delay: Mapping[str, Any]) -> float:
    """How long it is this time: nothing else here is random, and it is drawn anew for each answer."""
    if delay["type"] == "uniform":
        length = random.uniform(delay["lower"], delay["upper"])
    elif delay["type"] == "lognormal":
        length = delay["median"] * random.lognormvariate(0, delay["sigma"])
    else:
        length = delay["milliseconds"]
    return min(length, MAX_MILLISECONDS)
