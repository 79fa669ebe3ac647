"""A live LiveRig collector, as a profile describes it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from conformance.answer import Answer, Kind, is_page, kind_of_status, parse
from conformance.call import JSON, Call
from conformance.catalogue import Expectation
from conformance.credentials import basic
from conformance.profile import ProfileError, secret
from conformance.vendor import Gap

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.exchange import Exchange

DATE_TIME = "date time"
MEASURED_DEPTH = "measured depth"
_QUARTER = Decimal("0.25")
_POWERS_OF_TEN = tuple(Decimal(10) ** power for power in range(1, 6))
# Not much more than the profile's range is asked for, in metres: it starts a real job.
_FURTHER = 100
_MET_BY = {
    Expectation.ACCEPTED: {Kind.ACCEPTED},
    Expectation.REJECTED: {Kind.FAILURE, Kind.INVALID, Kind.UNAUTHORIZED, Kind.NOT_FOUND, Kind.REFUSED},
    Expectation.REFUSED: {Kind.INVALID, Kind.UNAUTHORIZED, Kind.NOT_FOUND, Kind.REFUSED},
    Expectation.UNAUTHORIZED: {Kind.UNAUTHORIZED},
    Expectation.EITHER: set(Kind),
}
_WORDS = {
    Expectation.ACCEPTED: 'acceptance: 200 {"success": "<uuid>"}',
    Expectation.REJECTED: "a rejection: any 4xx, or 200 with a string `failure` and no `success` (L13)",
    Expectation.REFUSED: "a status from 400 to 499",
    Expectation.UNAUTHORIZED: "401",
    Expectation.EITHER: "anything",
}


@dataclass(frozen=True)
class Log:
    """A log that the collector knows."""

    well: str
    wellbore: str
    uid: str
    kind: str
    """Its index type."""


def wells_of(logs: Iterable[Log]) -> dict[str, Any]:
    """The ``wells`` of a request for *logs* (L5)."""
    wells: dict[str, dict[str, dict[str, list[dict[str, str]]]]] = {}
    for log in logs:
        held = wells.setdefault(log.well, {}).setdefault(log.wellbore, {"logs": []})["logs"]
        held.append({"uid": log.uid, "indexType": log.kind})
    return wells


class LiveRigTarget:
    """Implements :class:`conformance.vendor.Target` for LiveRig."""

    def __init__(self, contract: Contract, section: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        """Take a section that keeps ``profile.schema.json``.

        Raises:
            ProfileError: a range is inverted, the rig is of another type than the revision's, the two sources
                are one, or a secret is not set or cannot be sent.
        """
        self.contract = contract
        self._section = section
        self._headers, self.secrets = _credentials(section.get("auth", {"kind": "none"}), environ)
        other = section.get("source_of_other_protocol")
        rig_type = contract.document["components"]["schemas"]["BacklogSyncRequest"]["properties"]["rigName"][
            "type"
        ]
        if (rig_type == "integer") != isinstance(section["rig"], int):
            raise ProfileError(
                f"liverig/rig: {section['rig']!r} is no {rig_type}, which the revision {contract.revision!r} "
                "asks for"
            )
        if other == section["source"]:
            raise ProfileError(
                "liverig/source_of_other_protocol: is liverig/source, which is to speak WITSML"
            )
        for log, number in (("time_log", int), ("depth_log", Decimal)):
            entry = section.get(log)
            if entry and number(entry["start"]) >= number(entry["end"]):
                raise ProfileError(
                    f"liverig/{log}: start {entry['start']} does not lie before end {entry['end']}"
                )
        self.facts: Mapping[str, Any] = {
            **({} if other is None else {"source_of_other_protocol": other}),
            **_of_time_range(section["time_log"]),
            **(_of_depth_range(section["depth_log"]) if "depth_log" in section else {}),
        }

    @property
    def collector(self) -> tuple[tuple[str, str], ...]:
        """The query that names the collector."""
        return (("qualifier", self._section["qualifier"]), ("instance", self._section["instance"]))

    @property
    def credentials(self) -> Mapping[str, str]:
        """The headers that carry the profile's credentials; none if it has none (L16)."""
        return self._headers

    def starts(self) -> Mapping[str, Call | Gap]:
        """The named examples, for this collector, its logs and their ranges."""
        return {name: self._start(example) for name, example in self.contract.examples.items()}

    def classify(self, exchange: Exchange) -> Answer:
        """Sort an answer by L12 and L13."""
        document = parse(exchange)
        return Answer(exchange, _kind(exchange, document), document, volatile=("success",))

    def meets(self, expectation: Expectation, answer: Answer) -> bool:
        """A rejection is any 4xx, or a 200 with a string ``failure`` and no ``success`` (L13)."""
        return answer.kind in _MET_BY[expectation]

    def wording(self, expectation: Expectation) -> str:
        """L12 and L13 in words."""
        return _WORDS[expectation]

    def proper(self, call: Call) -> Call:
        """A generated request that names only what this collector knows.

        What may vary freely is kept: which optional members there are, how many logs of which kind, and
        whether an instant is an integer or text. A range is there for each kind of log (L8), and query and
        body agree (L15).
        """
        body = call.body if isinstance(call.body, Mapping) else {}
        section = self._section
        asked = _kinds(body) if "wells" in body else []
        kinds = [kind for kind in asked if self._has(kind)] or [DATE_TIME]
        proper: dict[str, Any] = {
            "source": section["source"],
            "rigName": section["rig"],
            "wells": self._wells(kinds),
        }
        if DATE_TIME in kinds:
            for end in ("start", "end"):
                as_text = isinstance(body.get(end), str) or self.contract.revision == "old"
                value = section["time_log"][end]
                proper[end] = str(value) if as_text else value
        if MEASURED_DEPTH in kinds:
            log = section["depth_log"]
            proper["depth"] = {"start": log["start"], "end": log["end"], "uom": "m"}
        proper |= {name: value for name, value in self.collector if name in body}
        return Call(call.method, self.collector, dict(call.headers) | dict(self._headers), proper)

    def known(self, kind: str) -> tuple[Log, ...]:
        """The logs of one kind that the profile names, that of the examples first; none if it names none."""
        if not self._has(kind):
            return ()
        further = (log for log in self._section.get("more_logs", ()) if log["index_type"] == kind)
        entries = (self._section["time_log" if kind == DATE_TIME else "depth_log"], *further)
        return tuple(
            dict.fromkeys(Log(entry["well"], entry["wellbore"], entry["uid"], kind) for entry in entries)
        )

    def _has(self, kind: str) -> bool:
        return kind == DATE_TIME or (kind == MEASURED_DEPTH and "depth_log" in self._section)

    def _wells(self, kinds: list[str]) -> dict[str, Any]:
        # A log that is asked for twice is undefined, so each kind is asked for once.
        return wells_of(self.known(kind)[0] for kind in dict.fromkeys(kinds))

    def _start(self, example: Any) -> Call | Gap:
        kinds = _kinds(example)
        if not all(map(self._has, kinds)):
            return Gap(
                "the profile names no depth log; add liverig/depth_log: "
                "{well: ..., wellbore: ..., uid: ..., start: '100', end: '200'}"
            )
        return Call(
            self.contract.method,
            self.collector,
            {"Content-Type": JSON, **self._headers},
            self._filled(example),
        )

    def _filled(self, example: Mapping[str, Any]) -> dict[str, Any]:
        section = self._section
        body = dict(copy.deepcopy(example)) | {"source": section["source"], "rigName": section["rig"]}
        body["wells"] = self._wells(_kinds(example))
        for end in ("start", "end"):
            if end in body:
                in_example: Callable[[Any], Any] = type(body[end])
                body[end] = in_example(section["time_log"][end])
            if "depth" in body:
                body["depth"][end] = section["depth_log"][end]
        for name, value in self.collector:
            if name in body:
                body[name] = value
        return body


# Those of Arabic, which many languages' readers of numbers take for digits, too.
_OTHER_DIGITS = {ord("0") + n: 0x660 + n for n in range(10)}


def _of_time_range(log: Mapping[str, Any]) -> dict[str, Any]:
    """The ends of a range in other forms: whoever reads them has data for it, and nothing else to refuse."""
    facts: dict[str, Any] = {}
    is_long = int(log["end"]) - int(log["start"]) > 2
    for end, inward in (("start", 1), ("end", -1)):
        instant = int(log[end])
        facts |= {
            f"{end}_in_digits": str(instant),
            f"{end}_a_millisecond_inside_in_digits": str(instant + inward if is_long else instant),
            f"{end}_in_hexadecimal": hex(instant),
            f"{end}_in_other_digits": str(instant).translate(_OTHER_DIGITS),
            f"{end}_as_date_time": _date_time(instant),
            f"{end}_and_a_half": instant + 0.5,
        }
    return facts


def _of_depth_range(log: Mapping[str, Any]) -> dict[str, Any]:
    """The range in other forms, or parts of it, so that it holds data still."""
    start, end = (Decimal(log[name]) for name in ("start", "end"))
    facts: dict[str, Any] = {
        "depth_start_in_hexadecimal": hex(int(start)),
        "depth_end_in_hexadecimal": hex(int(end)),
    }
    facts["depth_with_fractions"] = (
        _depth(start + _QUARTER, end - _QUARTER)
        if end - start > 2 * _QUARTER
        else Gap("the range of liverig/depth_log is too short; give one of a metre or more")
    )
    # A power of ten has a digit more than what lies below it.
    falling = (
        _depth(ten - _QUARTER, end)
        for ten in _POWERS_OF_TEN
        if start - _FURTHER <= ten <= end and f"{ten - _QUARTER:f}" > f"{end:f}"
    )
    facts["depth_that_falls_as_text"] = next(
        falling,
        Gap("nothing near the range of liverig/depth_log has a digit less; one from 950 to 1050 would do"),
    )
    return facts


def _date_time(milliseconds: int) -> str:
    instant = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _depth(start: Decimal, end: Decimal) -> dict[str, str]:
    return {"start": f"{start:f}", "end": f"{end:f}", "uom": "m"}


def _kinds(example: Mapping[str, Any]) -> list[str]:
    return [
        log["indexType"]
        for wellbores in example["wells"].values()
        for wellbore in wellbores.values()
        for log in wellbore["logs"]
    ]


def _kind(exchange: Exchange, document: Any) -> Kind:
    status = exchange.status
    if 200 <= status < 300:
        if is_page(exchange) and document is None:
            return Kind.ODD
        if isinstance(document, Mapping) and document.get("success") is None:
            if "failure" in document:
                return Kind.FAILURE
            if document.keys() & {"cancel", "interrupt"}:
                return Kind.ODD
        return Kind.ACCEPTED
    return kind_of_status(status)


def _credentials(
    auth: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    def value(entry: str) -> str:
        return secret(environ, auth[entry], f"liverig/auth/{entry}", as_it_is=auth["kind"] != "basic")

    names = {auth[entry]: value(entry) for entry in auth if entry.endswith("_env")}
    if auth["kind"] == "basic":
        if ":" in value("user_env"):
            # RFC 7617: the first colon ends the name.
            raise ProfileError(
                f"liverig/auth/user_env names the environment variable {auth['user_env']}, "
                "which holds a colon"
            )
        return {"Authorization": basic(value("user_env"), value("password_env"))}, names
    if auth["kind"] == "session":
        return {"Cookie": f"JSESSIONID={value('cookie_env')}", "x-csrf-token": value("csrf_env")}, names
    if auth["kind"] == "bearer":
        return {"Authorization": f"Bearer {value('token_env')}"}, names
    return {}, names
