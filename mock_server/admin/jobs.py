"""The LiveRig jobs, as the vendor's screen shows them (L18)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mock_server import instant
from mock_server.liverig.model import progress, span
from mock_server.serving.failure import Failure
from mock_server.serving.refusal import problem

if TYPE_CHECKING:
    from mock_server.exchange import Exchange
    from mock_server.liverig.progress import Event, Progress, Standing
    from mock_server.serving.endpoint import Handler
    from mock_server.state.records import Child, Job
    from mock_server.state.store import Store


def handlers(store: Store) -> dict[str, Handler]:
    """The operations on jobs, by operationId."""

    async def list_jobs(limit: int, exchange: Exchange) -> dict[str, Any]:
        jobs, total = await store.newest_jobs(exchange.session, limit)
        listed = [_summary(job, _progress(job, exchange)) for job in jobs]
        return {"jobs": listed, "meta": {"total": total}}

    async def get_job(jobId: str, exchange: Exchange) -> Any:  # noqa: N803 - the contract's name
        job = await store.job(exchange.session, jobId)
        return _job(job, _progress(job, exchange)) if job else _missing(jobId)

    async def list_job_events(
        jobId: str,  # noqa: N803 - the contract's name
        offset: int,
        limit: int,
        exchange: Exchange,
    ) -> Any:
        job = await store.job(exchange.session, jobId)
        if job is None:
            return _missing(jobId)
        found = _progress(job, exchange)
        events = [_event(event) for event in found.events(offset, limit)]
        return {"events": events, "meta": {"total": found.count()}}

    async def list_notifications(limit: int, exchange: Exchange) -> dict[str, Any]:
        found = await store.newest_notifications(exchange.session, limit)
        # The query of an address may well be a secret.
        return {
            "notifications": [
                {
                    "requestId": each.request,
                    "url": each.url.partition("?")[0],
                    "outcome": each.outcome or "waiting",
                }
                for each in found
            ]
        }

    return {
        "listNotifications": list_notifications,
        "listJobs": list_jobs,
        "getJob": get_job,
        "listJobEvents": list_job_events,
    }


def _progress(job: Job, exchange: Exchange) -> Progress:
    return progress(job, exchange.elapsed_us(job.accepted_us))


def _missing(job_id: str) -> Any:
    return problem(Failure(404, f"There is no job {job_id}.")).parts()


def _summary(job: Job, found: Progress) -> dict[str, Any]:
    types = sorted({child.specific_type for child in job.children}, reverse=True)
    return {
        "uuid": job.uuid,
        "qualifier": job.qualifier,
        "instance": job.instance,
        "source": job.source,
        "rigName": job.rig_name,
        "created": instant.text(job.accepted_us),
        **({"user": job.user} if job.user else {}),
        "logs": len(job.children),
        "types": types,
        "ranges": [_range(job, kind) for kind in types],
        **_standing(found.whole),
    }


def _range(job: Job, kind: str) -> dict[str, str]:
    """What was asked for of that kind; where no range was named, what all its logs have together."""
    logs = [child for child in job.children if child.specific_type == kind and child.start and child.end]
    return {
        "type": kind,
        "start": min((log.start for log in logs), key=Decimal, default=""),
        "end": max((log.end for log in logs), key=Decimal, default=""),
    }


def _standing(standing: Standing) -> dict[str, Any]:
    return {"status": standing.status, "percentage": standing.percentage}


def _job(job: Job, found: Progress) -> dict[str, Any]:
    return {
        **_summary(job, found),
        "windowMs": job.window_ms,
        "windowMetres": job.window_metres,
        "periodSeconds": job.period_seconds,
        **({"failure": job.failure} if job.failure else {}),
        "children": [
            _child(job, child, standing) for child, standing in zip(job.children, found.children, strict=True)
        ],
    }


def _child(job: Job, child: Child, standing: Standing) -> dict[str, Any]:
    shown = {
        "number": child.number,
        "parentUID": job.uuid,
        "well": child.well,
        "wellbore": child.wellbore,
        "log": child.log,
        "backlogSpecificType": child.specific_type,
        "start": child.start,
        "end": child.end,
        **_standing(standing),
    }
    if standing.fetched:
        work = span(job, child)
        shown["dataRetrieved"] = {"start": f"{work.start:f}", "end": f"{work.reached(standing.fetched):f}"}
    failure = job.failure or child.failure
    if failure:
        shown["failure"] = failure
    return shown


def _event(event: Event) -> dict[str, Any]:
    return {
        "instant": instant.text(event.instant_us),
        "type": event.kind,
        **({} if event.number is None else {"number": event.number}),
        "message": event.message,
    }
