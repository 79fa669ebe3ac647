"""The handlers of the LiveRig endpoint."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from mock_server.liverig.errors import envelope
from mock_server.liverig.model import BacklogSync
from mock_server.liverig.world import catalogue
from mock_server.serving.contract import load
from mock_server.serving.endpoint import Endpoint
from mock_server.serving.failure import shorten
from mock_server.serving.security import Anything
from mock_server.session import split

if TYPE_CHECKING:
    from starlette.types import Scope

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
        scope: Scope,
        qualifier: str | None = None,
        instance: str | None = None,
    ) -> tuple[dict[str, Any], int]:
        user = _user(scope["headers"])
        job = await backlog.accept(exchange, payload, qualifier=qualifier, instance=instance, user=user)
        return {"success": job}, 200

    return Endpoint(
        contract=load(CONTRACT, revision),
        handlers={"requestBacklogSync": request_backlog_sync},
        envelope=envelope,
        security={"basic": Anything, "apiKey": Anything},
        challenge='Basic realm="LiveRig"',
        finish=_finish,
    )


async def _finish(_exchange: Exchange, _status: int, example: dict[str, Any]) -> dict[str, Any] | None:
    # A success names a job, so only a job can make one true (L12).
    return None if "success" in example else example


def _user(headers: list[tuple[bytes, bytes]]) -> str:
    """The user of HTTP Basic, without the session that it may name; empty where there is none (L16)."""
    for name, value in headers:
        if name == b"authorization":
            scheme, _, credential = value.strip().partition(b" ")
            if scheme.lower() == b"basic":
                try:
                    pair = base64.b64decode(credential.strip(), validate=True)
                except binascii.Error:
                    return ""
                return shorten(split(pair.partition(b":")[0].decode("utf-8", "replace"))[0], 256)
    return ""
