"""The handlers of the Nortech endpoint, and the one for the data files that it names."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mock_server.nortech.errors import Envelopes
from mock_server.nortech.link import LinkError
from mock_server.nortech.model import (
    RUNNING,
    TIMED_OUT,
    DataNotFoundError,
    HistoricalData,
    SignalsNotFoundError,
    TimedOutError,
)
from mock_server.nortech.world import catalogue
from mock_server.serving.contract import load
from mock_server.serving.endpoint import Endpoint
from mock_server.serving.failure import Failure, shorten
from mock_server.serving.origin import origin
from mock_server.serving.preference import unmet
from mock_server.serving.refusal import problem
from mock_server.serving.security import bearer
from mock_server.state.records import FAILED, FINISHED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Scope

    from mock_server.exchange import Exchange
    from mock_server.nortech.spool import Spool
    from mock_server.serving.endpoint import Handler
    from mock_server.state.store import DataRequest, Store

CONTRACT = "nortech-historical-data-sync"
Parts = tuple[dict[str, Any], int, dict[str, str]]


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
    handlers = _handlers(model, envelopes, public_url)
    contract = load(CONTRACT, revision)

    async def finish(exchange: Exchange, status: int, example: dict[str, Any]) -> dict[str, Any] | None:
        if status == HTTPStatus.OK:
            # It names a request and its file, so only a request can make it true (N7).
            return None
        # Even a failure on demand has an id of its own (N14).
        details = example.get("details")
        if isinstance(details, dict):
            return {**example, "details": await finish(exchange, status, details)}
        if "requestId" not in example:
            return example
        return {**example, "requestId": await model.fail(exchange, example["error"])}

    return Endpoint(
        contract=contract,
        handlers={name: handlers[name] for name in contract.operation_ids()},
        envelope=envelopes.refusal,
        security={"bearer": bearer(token)},
        challenge="Bearer",
        finish=finish,
    )


def _handlers(model: HistoricalData, envelopes: Envelopes, public_url: str | None) -> dict[str, Handler]:
    """The handlers of all revisions, by operationId."""

    def shown(request: DataRequest, status: str, scope: Scope, exchange: Exchange) -> Parts:
        return model.told(exchange, request, status, public_url or origin(scope)), 200, {}

    async def wait_for_data(payload: dict[str, Any], scope: Scope, exchange: Exchange) -> Parts:
        try:
            request = await model.accept(exchange, payload)
        except SignalsNotFoundError as error:
            return envelopes.signals_not_found(error.missing).parts()
        except DataNotFoundError:
            return envelopes.data_not_found().parts()
        except TimedOutError as error:
            return envelopes.failed(error.number, TIMED_OUT).parts()
        return shown(request, request.status, scope, exchange)

    async def start(
        payload: dict[str, Any], scope: Scope, exchange: Exchange, wished: dict[str, Any] | None = None
    ) -> Parts:
        aim = wished["status"] if wished else None
        try:
            request = await model.start(exchange, payload, at_once=aim == FINISHED)
        except SignalsNotFoundError as error:
            return envelopes.signals_not_found(error.missing).parts()
        if "notificationUrl" in payload:
            model.notify(exchange, request, payload["notificationUrl"], public_url or origin(scope))
        status = model.status(exchange, request)
        if status == FAILED:
            return envelopes.failed(request.id, request.error).parts()
        return shown(request, aim or status, scope, exchange)

    async def look(
        requestId: int,  # noqa: N803
        scope: Scope,
        exchange: Exchange,
        wished: dict[str, Any] | None = None,
    ) -> Parts:
        request = await model.find(exchange, requestId)
        if request is None:
            return envelopes.request_not_found().parts()
        status = model.status(exchange, request)
        if wished:
            request, status = _wished(request, status, wished)
        return shown(request, status, scope, exchange)

    return {
        "requestHistoricalDataSync": wait_for_data,
        "requestHistoricalDataAsync": start,
        "getHistoricalDataRequest": look,
    }


def _wished(request: DataRequest, status: str, example: dict[str, Any]) -> tuple[DataRequest, str]:
    """The request as the example would have it, and its status.

    Raises:
        ContractViolationError: It has no file then, or not yet, so the example's link would lead nowhere.
    """
    wished: str = example["status"]
    if wished == FAILED:
        return replace(request, error=example["error"]), wished
    if request.status == FAILED or (status, wished) == (RUNNING, FINISHED):
        raise unmet(f"no answer {wished} is true of request {request.id}, which is {status}")
    return request, wished


def downloads(model: HistoricalData, spool: Spool) -> Mapping[str, Handler]:
    """The handler of data files, by its operationId in the control API's contract."""

    async def download_data_file(
        session: str,
        requestId: int,  # noqa: N803 - the contract's name
        fileName: str,  # noqa: N803
        exchange: Exchange,
        expires: int | None = None,
        signature: str | None = None,
    ) -> Any:
        try:
            file = await model.file(
                exchange, session, requestId, fileName, expires=expires, signature=signature
            )
        except LinkError as error:
            return problem(Failure(403, str(error))).parts()
        except SignalsNotFoundError as error:
            ids = shorten(", ".join(map(str, error.missing)))
            detail = f"The world of this mock lacks signals that the file is made of: {ids} (--world)."
            return problem(Failure(404, detail)).parts()
        if file is None:
            return problem(Failure(404, "There is no such file, or not yet.")).parts()
        from mock_server.nortech.download import Download

        return Download(file, spool)

    return {"downloadDataFile": download_data_file}
