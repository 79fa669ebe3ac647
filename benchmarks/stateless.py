"""The mock's server without the mock: validation, security and routing, but no journal and no state.

What the other servers do, too: each valid request gets the contract's example, with an id of its own.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
import uuid
from typing import TYPE_CHECKING, Any, cast

from mock_server.clock import Clock
from mock_server.liverig.errors import envelope
from mock_server.nortech.errors import Envelopes
from mock_server.serving import server
from mock_server.serving.contract import load
from mock_server.serving.endpoint import Endpoint, application
from mock_server.serving.security import Anything, bearer
from mock_server.settings import DEMO_TOKEN, SessionSettings, Settings
from mock_server.state.store import Session, Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Nothing:
    """A store, and its journal, that keep nothing."""

    def __init__(self) -> None:
        self.journal = self
        self.keeps = False
        self._session = Session("", Clock(), 0)

    async def session(self, _name: str) -> Session:
        """The session as it always is."""
        return self._session

    async def commit(self, _exchange: Any) -> None:
        """Keep nothing."""

    def add(self, _exchange: Any, _entry: Any) -> None:
        """Note nothing."""

    async def trim(self, _session: str) -> None:
        """Have nothing to forget."""


def endpoints() -> list[Endpoint]:
    """Both endpoints, answering by their examples."""
    numbers = itertools.count(1)

    async def request_backlog_sync(payload: dict[str, Any]) -> dict[str, str]:
        return {"success": str(uuid.uuid4())}

    async def request_historical_data_sync(payload: dict[str, Any]) -> dict[str, Any]:
        return {
            "requestId": next(numbers),
            "status": "Finished",
            "outputFile": "http://127.0.0.1/000.parquet",
        }

    return [
        Endpoint(
            contract=load("liverig-backlog-sync", "current"),
            handlers={"requestBacklogSync": request_backlog_sync},
            envelope=envelope,
            security={"basic": Anything, "apiKey": Anything},
        ),
        Endpoint(
            contract=load("nortech-historical-data-sync", "documented"),
            handlers={"requestHistoricalDataSync": request_historical_data_sync},
            envelope=Envelopes("documented").refusal,
            security={"bearer": bearer(DEMO_TOKEN)},
            challenge="Bearer",
        ),
    ]


@contextlib.asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Nothing to open, nothing to close."""
    yield


if __name__ == "__main__":
    app = application(
        endpoints(),
        store=cast("Store", Nothing()),
        settings=SessionSettings(),
        max_body=Settings().max_body,
        larger={},
        cors_origins=Settings().cors_origins,
        lifespan=lifespan,
    )
    server.run(app, server.bind("127.0.0.1", int(sys.argv[1])))
