"""The handlers of the control API."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from mock_server import instant
from mock_server.admin import journal, session
from mock_server.serving.contract import Contract, load_admin
from mock_server.serving.endpoint import Endpoint
from mock_server.serving.failure import Failure
from mock_server.serving.refusal import problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.exchange import Exchange
    from mock_server.serving.endpoint import Handler
    from mock_server.settings import SessionSettings
    from mock_server.state.store import Job, Store

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
    """

    store: Store
    settings: SessionSettings
    contracts: list[Contract]
    downloads: Mapping[str, Handler]


def endpoint(control: Control) -> Endpoint:
    """The control API."""

    async def get_health() -> dict[str, Any]:
        served = {contract.name: contract.revision for contract in control.contracts}
        return {"status": "healthy", "version": _version(), "contracts": served}

    async def reset_mock(exchange: Exchange) -> dict[str, Any]:
        await control.store.reset(exchange.session)
        return {"status": "reset"}

    async def list_jobs(limit: int, exchange: Exchange) -> dict[str, Any]:
        jobs, total = await control.store.newest_jobs(exchange.session, limit)
        return {"jobs": [_job(job) for job in jobs], "meta": {"total": total}}

    async def get_job(jobId: str, exchange: Exchange) -> Any:  # noqa: N803 - the contract's name
        job = await control.store.job(exchange.session, jobId)
        if job is None:
            return problem(Failure(404, f"There is no job {jobId}.")).parts()
        return _job(job)

    return Endpoint(
        contract=load_admin(),
        handlers={
            **session.handlers(control.store, control.settings),
            **journal.handlers(control.store),
            **control.downloads,
            "getHealth": get_health,
            "resetMock": reset_mock,
            "listJobs": list_jobs,
            "getJob": get_job,
        },
        envelope=problem,
    )


def _job(job: Job) -> dict[str, Any]:
    return {
        "uuid": job.uuid,
        "qualifier": job.qualifier,
        "instance": job.instance,
        "source": job.source,
        "rigName": job.rig_name,
        "created": instant.text(job.accepted_us),
        "children": [
            {
                "number": child.number,
                "parentUID": job.uuid,
                "well": child.well,
                "wellbore": child.wellbore,
                "log": child.log,
                "backlogSpecificType": child.specific_type,
                "start": child.start,
                "end": child.end,
            }
            for child in job.children
        ],
    }


def _version() -> str:
    try:
        return version("histdata")
    except PackageNotFoundError:
        # Run from a source tree that is not installed.
        return "unknown"
