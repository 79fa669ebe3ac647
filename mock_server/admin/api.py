"""The handlers of the control API."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

from mock_server.admin import jobs, journal, session
from mock_server.admin.gate import gate, guarded
from mock_server.serving.contract import Contract, load_admin
from mock_server.serving.endpoint import Endpoint
from mock_server.serving.failure import Failure
from mock_server.serving.refusal import problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from starlette.types import Scope

    from mock_server.exchange import Exchange
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
        file: Gives the content type and the pieces of a data file, or None.
        token: The control API's token; None where it serves this machine only, and wants none.
        public_url: The address that clients reach the mock at, where it is another one than the mock's own.
    """

    store: Store
    settings: SessionSettings
    contracts: list[Contract]
    file: Callable[[int, str], Awaitable[tuple[str, Iterator[bytes]] | None]]
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

    async def download_data_file(requestId: int, fileName: str, scope: Scope) -> Any:  # noqa: N803
        found = await control.file(requestId, fileName)
        if found is None:
            return problem(Failure(404, "There is no such file.")).parts()
        media_type, pieces = found
        if scope["method"] == "HEAD":
            return Response(media_type=media_type)
        # Starlette takes each piece in a worker thread: other requests do not wait for the making of this
        # file.
        return StreamingResponse(pieces, media_type=media_type)

    return Endpoint(
        contract=guarded(load_admin()),
        handlers={
            **session.handlers(control.store, control.settings),
            **journal.handlers(control.store),
            "getHealth": get_health,
            "resetMock": reset_mock,
            **jobs.handlers(control.store),
            "downloadDataFile": download_data_file,
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
