"""The handlers of the control API."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from mock_server.admin import jobs, journal, session
from mock_server.admin.gate import gate, guarded
from mock_server.serving.contract import Contract, load_admin
from mock_server.serving.endpoint import Endpoint
from mock_server.serving.refusal import problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.exchange import Exchange
    from mock_server.serving.endpoint import Handler
    from mock_server.settings import SessionSettings
    from mock_server.state.store import Store

# A whole session comes in one body.
LARGER_BODIES = {"/__admin/snapshot": 64 * 1024 * 1024}


@dataclass(frozen=True)
class Control:
    """What the control API looks at and acts on.

    Attributes:
        store: The state.
        settings: The settings of all sessions.
        contracts: The vendor contracts that are served.
        downloads: The handlers of data files, by operationId.
        token: The control API's token; None where it serves this machine only, and wants none.
        public_url: The address that clients reach the mock at, where it is another one than the mock's own.
    """

    store: Store
    settings: SessionSettings
    contracts: list[Contract]
    downloads: Mapping[str, Handler]
    token: str | None = None
    public_url: str | None = None


def endpoint(control: Control) -> Endpoint:
    """The control API."""

    async def get_health() -> dict[str, Any]:
        served = {contract.name: contract.revision for contract in control.contracts}
        return {"status": "healthy", "version": _version(), "contracts": served}

    async def reset_mock(exchange: Exchange) -> dict[str, Any]:
        await control.store.reset(exchange.session)
        return {"status": "reset"}

    return Endpoint(
        contract=guarded(load_admin()),
        handlers={
            **session.handlers(control.store, control.settings),
            **journal.handlers(control.store),
            "getHealth": get_health,
            "resetMock": reset_mock,
            **jobs.handlers(control.store),
            **control.downloads,
        },
        envelope=problem,
        security={"bearer": gate(control.token, control.public_url)},
        challenge="Bearer",
    )


def _version() -> str:
    try:
        return version("histdata")
    except PackageNotFoundError:
        # Run from a source tree that is not installed.
        return "unknown"
