"""A live Nortech service, as a profile describes it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from conformance.answer import Answer, Kind, is_page, kind_of_status, parse
from conformance.call import JSON, Call
from conformance.catalogue import Expectation
from conformance.profile import ProfileError, secret
from conformance.vendor import Gap

if TYPE_CHECKING:
    from conformance.contract import Contract
    from conformance.exchange import Exchange

NAMES = ("workspace", "asset", "division", "unit", "signal")
# Beyond it, a half is lost in a number of 64 bits.
_EXACT = 2**52
_FAILED, _UNAVAILABLE = 500, 503
_MET_BY = {
    Expectation.ACCEPTED: {Kind.ACCEPTED},
    # That the status is 400 and no other is a requirement of its own (NT-ERROR-01).
    Expectation.REJECTED: {Kind.INVALID, Kind.NOT_FOUND, Kind.REFUSED},
    Expectation.REFUSED: {Kind.INVALID, Kind.UNAUTHORIZED, Kind.NOT_FOUND, Kind.REFUSED},
    Expectation.UNAUTHORIZED: {Kind.UNAUTHORIZED},
    Expectation.EITHER: set(Kind),
}
_WORDS = {
    Expectation.ACCEPTED: 'acceptance: 200 {"requestId": ..., "status": "Finished", "outputFile": ...} (N7)',
    Expectation.REJECTED: "a rejection: 400, or another status from 400 to 499 (N10)",
    Expectation.REFUSED: "a status from 400 to 499",
    Expectation.UNAUTHORIZED: "401 (N1)",
    Expectation.EITHER: "anything",
}


class NortechTarget:
    """Implements :class:`conformance.vendor.Target` for Nortech."""

    def __init__(self, contract: Contract, section: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        """Take a section that keeps ``profile.schema.json``.

        Raises:
            ProfileError: a window is no window, or the token is not set.
        """
        self.contract = contract
        self.signals: tuple[Mapping[str, Any], ...] = tuple(section["signals"])
        self.token = secret(environ, section["token_env"], "nortech/token_env")
        self.secrets: Mapping[str, str] = {section["token_env"]: self.token}
        known = self.signals[0]["id"]
        # Whoever takes them for the id has data for it; an id that is not known would be answered with 404.
        half = known + 0.5 if known < _EXACT else 0.5
        self.window = _window(section, "window")
        self.facts: Mapping[str, Any] = {
            "known_id_as_text": str(known),
            "known_id_and_a_half": half,
            "known_id_negated": -known,
            **_written_otherwise(self.window),
        }
        self.window_without_data = (
            _window(section, "window_without_data") if "window_without_data" in section else None
        )
        ids = [signal["id"] for signal in self.signals]
        if len(set(ids)) < len(ids):
            raise ProfileError(f"nortech/signals: an id stands there twice: {ids}")

    @property
    def named(self) -> tuple[Mapping[str, Any], ...]:
        """The signals that the profile knows by name."""
        return tuple(signal for signal in self.signals if "signal" in signal)

    def search(self, signal: Mapping[str, Any]) -> dict[str, str]:
        """The search object of a signal that the profile knows by name (N4)."""
        return {name: signal[name] for name in NAMES}

    def starts(self) -> Mapping[str, Call | Gap]:
        """The named examples, for signals and a window that this service has data for."""
        return {name: self._start(example) for name, example in self.contract.examples.items()}

    def classify(self, exchange: Exchange) -> Answer:
        """Sort an answer by its status (N1, N7, N10, N11)."""
        document = parse(exchange)
        kind = _kind(exchange, document)
        if kind is Kind.CRASHED and self._is_unavailable(exchange.status, document):
            kind = Kind.UNAVAILABLE
        return Answer(exchange, kind, document, volatile=("requestId", "outputFile"))

    def _is_unavailable(self, status: int, document: Any) -> bool:
        """A 503 where the revision has one (N13), else the 500 that is documented for a long wait (N12)."""
        responses = self.contract.operation["responses"]
        if str(_UNAVAILABLE) in responses:
            return status == _UNAVAILABLE
        late = responses[str(_FAILED)]["content"][JSON]["examples"]["timedOut"]["value"]
        return status == _FAILED and isinstance(document, Mapping) and document.get("error") == late["error"]

    def meets(self, expectation: Expectation, answer: Answer) -> bool:
        """Whether the status is of the expected kind."""
        return answer.kind in _MET_BY[expectation]

    def wording(self, expectation: Expectation) -> str:
        """The facts in words."""
        return _WORDS[expectation]

    def proper(self, call: Call) -> Call:
        """A generated request that names only signals and a window that this service has data for.

        What may vary freely is kept: the format, ids or names, how many, and which are renamed.
        """
        body = call.body
        if not isinstance(body, Mapping) or not isinstance(body.get("signals"), list):
            return call
        asked: list[Any] = body["signals"]
        signals: list[Any]
        if self.named and all(isinstance(item, Mapping) for item in asked):
            signals = [self.search(signal) for signal in self.named[: len(asked)]]
            for position, (signal, item) in enumerate(zip(signals, asked, strict=False), start=1):
                if "rename" in item:
                    signal["rename"] = f"Renamed {position}"
        else:
            signals = [signal["id"] for signal in self.signals[: len(asked)]]
        proper = {"signals": signals, "timeWindow": dict(self.window)}
        if "format" in body:
            proper["format"] = body["format"]
        return Call(call.method, (), {**call.headers, **self._headers}, proper)

    @property
    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def _start(self, example: Mapping[str, Any]) -> Call | Gap:
        body = copy.deepcopy(dict(example))
        asked = body["signals"]
        if isinstance(asked[0], int):
            body["signals"] = [signal["id"] for signal in self.signals[: len(asked)]]
        elif not self.named:
            return Gap(
                "the profile knows no signal by name; add workspace, asset, division, unit and signal "
                "to an entry of nortech/signals"
            )
        else:
            body["signals"] = [
                self.search(signal) | ({"rename": item["rename"]} if "rename" in item else {})
                for signal, item in zip(self.named, asked, strict=False)
            ]
        body["timeWindow"] = dict(self.window)
        return Call(self.contract.method, (), {"Content-Type": JSON, **self._headers}, body)


def _window(section: Mapping[str, Any], name: str) -> Mapping[str, str]:
    window: Mapping[str, str] = section[name]
    instants = []
    for end in ("start", "end"):
        try:
            instant = datetime.fromisoformat(window[end])
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None:
            raise ProfileError(
                f"nortech/{name}/{end}: {window[end]!r} is no ISO 8601 date-time with an offset, "
                "like 2021-09-01T00:00:00.000Z"
            )
        instants.append(instant)
    if instants[0] >= instants[1]:
        raise ProfileError(f"nortech/{name}: start {window['start']} does not lie before end {window['end']}")
    return window


def _written_otherwise(window: Mapping[str, str]) -> dict[str, Any]:
    """The ends of a window in forms that are not ISO 8601; whoever reads one has data for it."""
    facts: dict[str, Any] = {}
    for end in ("start", "end"):
        instant = datetime.fromisoformat(window[end]).astimezone(UTC)
        milliseconds = (instant - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)
        facts |= {
            f"{end}_in_milliseconds": milliseconds,
            f"{end}_in_milliseconds_as_text": str(milliseconds),
            f"{end}_without_date": f"{instant:T%H:%M:%SZ}",
            f"{end}_with_slashes": f"{instant:%Y/%m/%d %H:%M:%S}",
            f"{end}_as_http_date": format_datetime(instant, usegmt=True),
            f"{end}_in_words": f"{instant:%B %d, %Y %H:%M:%S}",
            f"{end}_with_more_behind": f"{window[end]} or later",
        }
    # Cut to what there is, it lies behind the start still.
    last = datetime.fromisoformat(window["end"]).astimezone(UTC)
    return facts | {
        "end_at_hour_25": f"{last:%Y-%m-%dT25:%M:%S.000Z}",
        "end_in_minute_75": f"{last:%Y-%m-%dT%H:75:%S.000Z}",
    }


def _kind(exchange: Exchange, document: Any) -> Kind:
    status = exchange.status
    if 200 <= status < 300:
        return Kind.ODD if is_page(exchange) and document is None else Kind.ACCEPTED
    return kind_of_status(status)
