"""The handlers of the Nortech endpoint, and the one for the data files that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mock_server.nortech import files
from mock_server.nortech.errors import Envelopes
from mock_server.nortech.model import DataNotFoundError, HistoricalData, SignalsNotFoundError
from mock_server.nortech.world import catalogue
from mock_server.serving.contract import load
from mock_server.serving.endpoint import Endpoint
from mock_server.serving.origin import origin
from mock_server.serving.security import bearer

if TYPE_CHECKING:
    from starlette.types import Scope

    from mock_server.exchange import Exchange
    from mock_server.state.store import Store

CONTRACT = "nortech-historical-data-sync"


def historical_data(world: dict[str, Any], store: Store) -> HistoricalData:
    """The behaviour of the endpoint in that world.

    Raises:
        WorldError: The world contradicts itself.
    """
    return HistoricalData(catalogue(world["nortech"]), store)


def endpoint(model: HistoricalData, revision: str, *, token: str, public_url: str | None) -> Endpoint:
    """The endpoint in one revision of its contract.

    Raises:
        LookupError: There is no such revision.
    """
    envelopes = Envelopes(revision)

    async def request_historical_data_sync(
        payload: dict[str, Any], scope: Scope, exchange: Exchange
    ) -> tuple[dict[str, Any], int, dict[str, str]]:
        try:
            request = model.accept(exchange, payload)
        except SignalsNotFoundError as error:
            return envelopes.signals_not_found(error.missing).parts()
        except DataNotFoundError:
            return envelopes.data_not_found().parts()
        address = f"{public_url or origin(scope)}/files/{request.id}/{files.name(request.format)}"
        return {"requestId": request.id, "status": request.status, "outputFile": address}, 200, {}

    def finish(exchange: Exchange, _status: int, example: dict[str, Any]) -> dict[str, Any]:
        # Even an answer on demand has an id of its own (N14).
        if "requestId" in example:
            return {**example, "requestId": model.fail(exchange, example["status"])}
        return example

    return Endpoint(
        contract=load(CONTRACT, revision),
        handlers={"requestHistoricalDataSync": request_historical_data_sync},
        envelope=envelopes.refusal,
        security={"bearer": bearer(token)},
        challenge="Bearer",
        finish=finish,
    )
