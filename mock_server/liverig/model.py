"""What a backlog sync request does: it becomes a job, or it is refused with every reason."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mock_server import identifier, instant
from mock_server.liverig.likeness import known
from mock_server.liverig.progress import Progress, Span, Task
from mock_server.liverig.world import DATE_TIME, MEASURED_DEPTH, Catalogue, Log, Rig
from mock_server.serving.failure import ContractViolationError, Location, Violation
from mock_server.serving.schema import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mock_server.exchange import Exchange
    from mock_server.state.records import Child, Job
    from mock_server.state.store import Store

WITSML = "WITSML"
TIME, DEPTH = "TIME", "DEPTH"
# What the mock calls the kinds of job is what the collector calls them (L18).
_SPECIFIC_TYPES = {DATE_TIME: TIME, MEASURED_DEPTH: DEPTH}
_REFUSED = "refused"
# To look for a similar name takes time; whoever has so many wrong ones needs no more help than this.
_MAX_HELPED = 10


class _Findings:
    """What is wrong with a request: it is refused for it, or it is accepted and its job fails of it."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self.violations: list[Violation] = []
        self._helped = 0

    def refuse(self, location: Location, path: list[Any], message: str) -> None:
        self.violations.append(Violation(location, pointer(path), message))

    def unknown(
        self, switch: str, location: Location, path: list[Any], message: str, names: Any, like: object
    ) -> str:
        """Something that is not there, and what is; why a job fails that was accepted all the same."""
        self._helped += 1
        if self._helped <= _MAX_HELPED:
            message = f"{message}; {known(names, like)}"
        return self.wrong(switch, location, path, message)

    def wrong(self, switch: str, location: Location, path: list[Any], message: str) -> str:
        """Something that a switch decides on; why a job fails that was accepted all the same."""
        if self.settings[switch] == _REFUSED:
            self.refuse(location, path, message)
        return message


class BacklogSync:
    """The behaviour of the endpoint."""

    def __init__(self, catalogue: Catalogue, store: Store, *, strict: bool = True) -> None:
        """Serve the objects of the catalogue.

        Args:
            catalogue: The known objects.
            store: Gives the numbers of jobs and children.
            strict: Whether the rules of the current revision hold; in the old one nothing is required, and a
                log without a range is taken whole (L17).
        """
        self._catalogue = catalogue
        self._store = store
        self._strict = strict

    async def accept(
        self,
        exchange: Exchange,
        request: dict[str, Any],
        *,
        qualifier: str | None = None,
        instance: str | None = None,
        user: str = "",
    ) -> str:
        """Make the request a job; the job's uuid, which no other has (L12).

        Args:
            exchange: Takes the job, and has the settings that decide what is refused.
            request: A body that keeps the contract's schema.
            qualifier: The query's.
            instance: The query's.
            user: Who asks, where the credentials tell.

        Raises:
            ContractViolationError: The request names something unknown, or its ranges do not suit its logs
                (L8, L11, L14).
        """
        if not self._strict:
            # The old revision knows no such member (L17), so nothing has checked what is in it.
            request = {name: value for name, value in request.items() if name != "depth"}
        settings = exchange.settings["liverig"]
        findings = _Findings(settings)
        qualifier, where = _named("qualifier", qualifier, request, findings)
        instance, there = _named("instance", instance, request, findings)
        failure = self._collector(qualifier, instance, where, there, findings)
        _inverted(request, findings)
        rig, reason = self._rig(request, findings)
        children = list(_children(request, rig, reason, findings))
        if self._strict:
            _missing_ranges(request, findings)
        if findings.violations:
            raise ContractViolationError(findings.violations)
        job = identifier.new()
        parent = {
            "qualifier": qualifier or "",
            "instance": instance or "",
            "source": request.get("source", ""),
            "rig_name": rig.name if rig else str(request.get("rigName", "")),
            "user": user,
            "failure": failure or (reason if children else ""),
            "window_ms": settings["windowMs"],
            "window_metres": settings["windowMetres"],
            "period_seconds": settings["periodSeconds"],
        }
        await self._store.add_job(exchange, job, parent, children)
        return job

    def _collector(
        self,
        qualifier: str | None,
        instance: str | None,
        where: Location,
        there: Location,
        findings: _Findings,
    ) -> str:
        """Why there is no such collector; nothing where there is one, or none is named."""
        collectors = self._catalogue.collectors
        if (qualifier, instance) in collectors:
            return ""
        qualifiers = {name for name, _ in collectors}
        if qualifier is not None and qualifier not in qualifiers:
            message = f"there is no collector with the qualifier {qualifier!r}"
            return findings.unknown(
                "unknownCollector", where, ["qualifier"], message, sorted(qualifiers), qualifier
            )
        instances = {other for name, other in collectors if qualifier in {None, name}}
        if instance is not None and instance not in instances:
            message = f"the collector has no instance {instance!r}"
            return findings.unknown(
                "unknownCollector", there, ["instance"], message, sorted(instances), instance
            )
        return ""

    def _rig(self, request: dict[str, Any], findings: _Findings) -> tuple[Rig | None, str]:
        """The rig, or why there is none."""
        sources = self._catalogue.sources
        if "source" not in request:
            return None, "the request names no source"
        name = request["source"]
        source = sources.get(name)
        if source is None:
            message = f"there is no source {name!r}"
            return None, findings.unknown("unknownSource", "body", ["source"], message, sources, name)
        if source.protocol != WITSML:
            message = f"{name!r} is a source of the protocol {source.protocol}; only {WITSML} is supported"
            fitting = [other for other in sources.values() if other.protocol == WITSML]
            names = [other.name for other in fitting]
            return None, findings.unknown("otherProtocol", "body", ["source"], message, names, name)
        if "rigName" not in request:
            return None, "the request names no rig"
        asked = request["rigName"]
        rig = source.rigs.get(asked)
        if rig is None:
            message = f"the source {name!r} has no rig {asked!r}"
            names = [other for other in source.rigs if isinstance(other, type(asked))]
            return None, findings.unknown("unknownRig", "body", ["rigName"], message, names, asked)
        return rig, ""


def progress(job: Job, elapsed_us: float) -> Progress:
    """How far the job has come, after so much of the mock's time."""
    tasks = [
        Task(child.number, None if child.failure else span(job, child), child.failure)
        for child in job.children
    ]
    return Progress(
        tasks,
        started_us=job.accepted_us,
        period_us=round(job.period_seconds * 1_000_000),
        elapsed_us=elapsed_us,
        failure=job.failure,
    )


def span(job: Job, child: Child) -> Span:
    """What the child fetches: its range as far as its log has data there."""
    window = job.window_ms if child.specific_type == TIME else job.window_metres
    return Span(
        max(Decimal(child.start), Decimal(child.data_start or child.start)),
        min(Decimal(child.end), Decimal(child.data_end or child.end)),
        Decimal(str(window)),
    )


def _named(
    name: str, in_query: str | None, request: dict[str, Any], findings: _Findings
) -> tuple[str | None, Location]:
    """The collector's name that counts, and where it stands (L15)."""
    in_body: str | None = request.get(name)
    settings = findings.settings
    if in_body is None and settings["bodyCollector"] == "required":
        findings.refuse("body", [name], "is missing; this collector wants it in the body, too (L3)")
    if in_body is not None and in_query is not None and in_body != in_query:
        if settings["collectorMismatch"] == _REFUSED:
            findings.refuse("body", [name], f"is {in_body!r}, but the query says {in_query!r}")
        if settings["collectorMismatch"] == "body":
            return in_body, "body"
    return (in_query, "query") if in_query is not None else (in_body, "body")


def _children(
    request: dict[str, Any], rig: Rig | None, reason: str, findings: _Findings
) -> Iterator[dict[str, Any]]:
    """What becomes a child, for each log that is asked for; without a rig, all fail for that reason."""
    for well, wellbores in request.get("wells", {}).items():
        path, known_well, no_well = ["wells", well], None, reason
        if rig is not None and (known_well := rig.wells.get(well)) is None:
            message = f"the rig {rig.name!r} has no well {well!r}"
            no_well = findings.unknown("unknownWell", "body", path, message, rig.wells, well)
        for wellbore, entry in wellbores.items():
            inner, logs, no_wellbore = [*path, wellbore], None, no_well
            if known_well is not None and (logs := known_well.get(wellbore)) is None:
                message = f"the well {well!r} has no wellbore {wellbore!r}"
                no_wellbore = findings.unknown(
                    "unknownWellbore", "body", inner, message, known_well, wellbore
                )
            for number, asked in enumerate(entry.get("logs", [])):
                uid, kind = asked["uid"], asked["indexType"]
                log, failure, place = None, no_wellbore, [*inner, "logs", number]
                if logs is not None and (log := logs.get((uid, kind))) is None:
                    message = f"the wellbore {wellbore!r} has no {kind} log {uid!r}"
                    names = [f"{each.uid} ({each.index_type})" for each in logs.values()]
                    failure = findings.unknown("unknownLog", "body", place, message, names, f"{uid} ({kind})")
                start, end = _range(request, kind, log)
                if log is not None:
                    failure = _without_data(log, start, end, place, findings)
                yield dict(  # noqa: C408 - as a `Child` is made
                    well=well,
                    wellbore=wellbore,
                    log=uid,
                    specific_type=_SPECIFIC_TYPES[kind],
                    start=start,
                    end=end,
                    data_start=log.start if log else "",
                    data_end=log.end if log else "",
                    failure=failure,
                )


def _range(request: dict[str, Any], kind: str, log: Log | None) -> tuple[str, str]:
    """The range that is asked for, as decimal text; in the old revision (L17) a log is taken whole without
    one.
    """
    asked = request if kind == DATE_TIME else request.get("depth", {})
    ends = []
    for name, whole in (("start", log.start if log else ""), ("end", log.end if log else "")):
        end = asked.get(name, whole)
        # Digits may begin with zeros.
        ends.append(str(int(end)) if kind == DATE_TIME and end != "" else str(end))
    return ends[0], ends[1]


def _without_data(log: Log, start: str, end: str, place: list[Any], findings: _Findings) -> str:
    if Decimal(start) <= Decimal(log.end) and Decimal(end) >= Decimal(log.start):
        return ""
    if log.index_type == DATE_TIME:
        first, last = (instant.text(int(end) * 1000) for end in (log.start, log.end))
        data = f"from {log.start} to {log.end} ms ({first} to {last})"
    else:
        data = f"from {log.start} to {log.end} m"
    message = f"the {log.index_type} log {log.uid!r} has data {data}, and none from {start} to {end}"
    return findings.wrong("rangeWithoutData", "body", place, message)


def _inverted(request: dict[str, Any], findings: _Findings) -> None:
    """Ranges that end before they start (L11)."""
    if "start" in request and "end" in request and int(request["start"]) > int(request["end"]):
        findings.refuse("body", ["end"], f"{request['end']} lies before the start, {request['start']}")
    depth = request.get("depth", {})
    if "start" in depth and "end" in depth and Decimal(depth["start"]) > Decimal(depth["end"]):
        findings.refuse("body", ["depth", "end"], f"{depth['end']} lies above the start, {depth['start']}")


def _missing_ranges(request: dict[str, Any], findings: _Findings) -> None:
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
                findings.refuse("body", [name], f"is missing; a {DATE_TIME} log needs it")
    if MEASURED_DEPTH in kinds and "depth" not in request:
        findings.refuse("body", ["depth"], f"is missing; a {MEASURED_DEPTH} log needs it")
