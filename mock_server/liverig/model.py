"""What a backlog sync request does: it becomes a job, or it is refused with every reason."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mock_server.liverig.world import DATE_TIME, MEASURED_DEPTH, Catalogue, Log, Rig
from mock_server.serving.failure import ContractViolationError, Violation
from mock_server.serving.schema import pointer
from mock_server.state.store import Child, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_server.exchange import Exchange

WITSML = "WITSML"
# What the mock calls the kinds of job is what the collector calls them (L18).
_SPECIFIC_TYPES = {DATE_TIME: "TIME", MEASURED_DEPTH: "DEPTH"}


class BacklogSync:
    """The behaviour of the endpoint.

    Where query and body name different collectors, the query's wins: no document says (L15).
    """

    def __init__(self, catalogue: Catalogue, store: Store, *, strict: bool = True) -> None:
        """Serve the objects of the catalogue.

        Args:
            catalogue: The known objects.
            store: Where jobs are kept.
            strict: Whether the rules of the current revision hold; in the old one nothing is required, and a
                log without a range is taken whole (L17).
        """
        self._catalogue = catalogue
        self._store = store
        self._strict = strict

    def accept(
        self, exchange: Exchange, qualifier: str | None, instance: str | None, request: dict[str, Any]
    ) -> str:
        """Make the request a job; the job's uuid, which no other has (L12).

        Raises:
            ContractViolationError: The request names something unknown, or its ranges do not suit its logs
                (L8, L11, L14).
        """
        if not self._strict:
            # The old revision knows no such member (L17), so nothing has checked what is in it.
            request = {name: value for name, value in request.items() if name != "depth"}
        violations = [*self._collector(qualifier, instance), *_inverted(request)]
        rig, found = self._rig(request)
        violations += found
        children: list[Child] = []
        for path, entry, log in self._logs(request.get("wells", {}), rig, violations):
            well, wellbore = path[1], path[2]
            if log is not None:
                start, end = self._range(request, log)
                children.append(
                    Child(well, wellbore, entry["uid"], _SPECIFIC_TYPES[log.index_type], start, end)
                )
        if self._strict:
            violations += _missing_ranges(request)
        if violations:
            raise ContractViolationError(violations)
        job = str(uuid.uuid4())
        parent = {
            "qualifier": qualifier or "",
            "instance": instance or "",
            "source": request.get("source", ""),
            "rig_name": rig.name if rig else "",
        }
        self._store.add_job(exchange, job, parent, children)
        return job

    def _collector(self, qualifier: str | None, instance: str | None) -> Iterator[Violation]:
        known = self._catalogue.collectors
        if qualifier is not None and all(qualifier != name for name, _ in known):
            yield Violation("query", "/qualifier", f"there is no collector with the qualifier {qualifier!r}")
        elif instance is not None and not any(
            qualifier in {None, name} and instance == other for name, other in known
        ):
            yield Violation("query", "/instance", f"the collector has no instance {instance!r}")

    def _rig(self, request: dict[str, Any]) -> tuple[Rig | None, list[Violation]]:
        if "source" not in request:
            return None, []
        source = self._catalogue.sources.get(request["source"])
        if source is None:
            return None, [Violation("body", "/source", f"there is no source {request['source']!r}")]
        if source.protocol != WITSML:
            message = (
                f"{source.name!r} is a source of the protocol {source.protocol}; only {WITSML} is supported"
            )
            return None, [Violation("body", "/source", message)]
        if "rigName" not in request:
            return None, []
        rig = source.rigs.get(request["rigName"])
        if rig is None:
            message = f"the source {source.name!r} has no rig {request['rigName']!r}"
            return None, [Violation("body", "/rigName", message)]
        return rig, []

    def _logs(
        self, wells: dict[str, Any], rig: Rig | None, violations: list[Violation]
    ) -> Iterator[tuple[list[str], dict[str, Any], Log | None]]:
        """Each log asked for: where in the body, as asked, and as known; what is unknown goes to the
        violations.
        """
        for well, wellbores in wells.items():
            if rig is not None and well not in rig.wells:
                violations.append(_unknown(["wells", well], f"the rig {rig.name!r} has no well {well!r}"))
                continue
            for wellbore, entry in wellbores.items():
                path = ["wells", well, wellbore]
                logs = rig.wells[well].get(wellbore) if rig else None
                if rig is not None and logs is None:
                    violations.append(_unknown(path, f"the well {well!r} has no wellbore {wellbore!r}"))
                    continue
                for number, asked in enumerate(entry.get("logs", [])):
                    log = logs.get((asked.get("uid"), asked.get("indexType"))) if logs else None
                    if logs is not None and log is None:
                        kind, uid = asked.get("indexType"), asked.get("uid")
                        message = f"the wellbore {wellbore!r} has no {kind} log {uid!r}"
                        violations.append(_unknown([*path, "logs", number], message))
                    yield path, asked, log

    def _range(self, request: dict[str, Any], log: Log) -> tuple[str, str]:
        if log.index_type == DATE_TIME:
            start, end = request.get("start", log.start), request.get("end", log.end)
            return str(int(start)), str(int(end))
        depth = request.get("depth", {})
        return str(depth.get("start", log.start)), str(depth.get("end", log.end))


def _unknown(path: list[Any], message: str) -> Violation:
    return Violation("body", pointer(path), message)


def _inverted(request: dict[str, Any]) -> Iterator[Violation]:
    """Ranges that end before they start (L11)."""
    if "start" in request and "end" in request and int(request["start"]) > int(request["end"]):
        yield Violation("body", "/end", f"{request['end']} lies before the start, {request['start']}")
    depth = request.get("depth", {})
    if "start" in depth and "end" in depth and Decimal(depth["start"]) > Decimal(depth["end"]):
        yield Violation("body", "/depth/end", f"{depth['end']} lies above the start, {depth['start']}")


def _missing_ranges(request: dict[str, Any]) -> Iterator[Violation]:
    """Ranges that the kinds of log asked for need (L8)."""
    kinds = {
        log["indexType"]
        for wellbores in request["wells"].values()
        for wellbore in wellbores.values()
        for log in wellbore["logs"]
    }
    if DATE_TIME in kinds:
        for name in ("start", "end"):
            if name not in request:
                yield Violation("body", f"/{name}", f"is missing; a {DATE_TIME} log needs it")
    if MEASURED_DEPTH in kinds and "depth" not in request:
        yield Violation("body", "/depth", f"is missing; a {MEASURED_DEPTH} log needs it")
