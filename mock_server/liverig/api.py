"""The handlers of the LiveRig endpoint."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from mock_server.liverig.errors import envelope
from mock_server.liverig.model import BacklogSync
from mock_server.liverig.world import catalogue
from mock_server.serving.contract import load
from mock_server.serving.endpoint import Endpoint
from mock_server.serving.security import Anything

if TYPE_CHECKING:
    from mock_server.exchange import Exchange
    from mock_server.state.store import Store

CONTRACT = "liverig-backlog-sync"


def endpoint(world: dict[str, Any], store: Store, revision: str) -> Endpoint:
    """The endpoint in one revision of its contract.

    Raises:
        LookupError: There is no such revision.
        WorldError: The world contradicts itself.
    """
    backlog = BacklogSync(catalogue(world["liverig"]), store, strict=revision != "old")

    async def request_backlog_sync(
        payload: dict[str, Any],
        exchange: Exchange,
        qualifier: str | None = None,
        instance: str | None = None,
    ) -> tuple[dict[str, Any], int]:
        return {"success": backlog.accept(exchange, qualifier, instance, payload)}, 200

    return Endpoint(
        contract=load(CONTRACT, revision),
        handlers={"requestBacklogSync": request_backlog_sync},
        envelope=envelope,
        security={"basic": Anything, "apiKey": Anything},
        finish=_finish,
    )


def _finish(_exchange: Exchange, _status: int, example: dict[str, Any]) -> dict[str, Any]:
    # Even an answer on demand names no job twice (L12).
    return {"success": str(uuid.uuid4())} if "success" in example else example
