"""What a request for historical data does: its signals are looked up, and its data file gets an address."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mock_server import clock as clocks
from mock_server import instant
from mock_server.clock import EARLIEST_US, LATEST_US
from mock_server.nortech import coverage, files
from mock_server.nortech.link import Links
from mock_server.nortech.world import LEVELS, Catalogue, Signal
from mock_server.serving.failure import ContractViolationError, Violation
from mock_server.state.records import FAILED, FINISHED, TIMESTAMP

if TYPE_CHECKING:
    from mock_server.clock import Clock
    from mock_server.exchange import Exchange
    from mock_server.nortech.download import DataFile
    from mock_server.state.store import DataRequest, Store

DEFAULT_FORMAT = "parquet"
RUNNING = "Running"
FAILED_TO_READ, TIMED_OUT = "Data request failed", "Request timed out"
SECOND_US = 1_000_000
# A wait that is shorter is none; in a longer one, the clock is looked at so often. Real seconds.
SHORT_SECONDS, LOOK_SECONDS = 0.001, 0.2
# A server writes the `Date` of its answers anew about once a second, and `Last-Modified` may not be later
# (RFC 9110, 8.8.2.1). So all files are that much older.
DATE_LAG_SECONDS = 2
# A file that is larger, in bytes, is made anew for whoever asks for it.
MAX_KEPT = 1024**3


class SignalsNotFoundError(Exception):
    """Some signals do not exist; carries all of them, as they were asked for (N11)."""

    def __init__(self, missing: list[Any]) -> None:
        super().__init__(f"{len(missing)} signals do not exist")
        self.missing = missing


class DataNotFoundError(Exception):
    """None of the signals has data in the window (N11)."""


class TimedOutError(Exception):
    """The request takes longer than anybody waits for it (N12); carries its id."""

    def __init__(self, number: int) -> None:
        super().__init__(f"request {number} takes too long")
        self.number = number


class HistoricalData:
    """The behaviour of the endpoint.

    How long a request takes follows from how many values it asks for, and from how many the service reads in
    a second; nothing has to be made for that. All of it is mock time, of the session's clock.
    """

    def __init__(self, catalogue: Catalogue, store: Store) -> None:
        self._catalogue = catalogue
        self._store = store
        self._links = Links(store.secret)

    async def accept(self, exchange: Exchange, request: dict[str, Any]) -> DataRequest:
        """Keep the request under an id of its own (N14), and wait for its data.

        Raises:
            ContractViolationError: The window is inverted (N15) or no window at all, or two columns would
                have one name.
            SignalsNotFoundError: Some signals do not exist.
            DataNotFoundError: None of them has data in the window.
            TimedOutError: Its data takes too long; that was waited for, too.
        """
        asked = self._asked(exchange, request)
        if not coverage.has_data(asked.signals, asked.start_us, asked.end_us):
            raise DataNotFoundError
        takes_us, limit_us = asked.takes_us(exchange), _microseconds(exchange, "timeoutSeconds")
        await self._wait(exchange, min(takes_us, limit_us))
        if takes_us > limit_us:
            raise TimedOutError(await self.fail(exchange, TIMED_OUT))
        return await self._store.add_data_request(exchange, FINISHED, **asked.values)

    async def start(
        self, exchange: Exchange, request: dict[str, Any], *, at_once: bool = False
    ) -> DataRequest:
        """Keep the request under an id of its own (N14); its data is there later.

        Args:
            exchange: The request's.
            request: What is asked for.
            at_once: Whether its data is there now, however much it is.

        Raises:
            ContractViolationError: As for :meth:`accept`.
            SignalsNotFoundError: Some signals do not exist.
        """
        asked = self._asked(exchange, request)
        takes_us = 0 if at_once else asked.takes_us(exchange)
        limit_us = _microseconds(exchange, "asyncTimeoutSeconds")
        error = TIMED_OUT if takes_us > limit_us else ""
        if not coverage.has_data(asked.signals, asked.start_us, asked.end_us):
            error = FAILED_TO_READ
        return await self._store.add_data_request(
            exchange,
            FAILED if error else FINISHED,
            **asked.values,
            takes_us=min(takes_us, limit_us),
            error=error,
        )

    async def fail(self, exchange: Exchange, error: str) -> int:
        """The id of a request that has failed."""
        return (await self._store.add_data_request(exchange, FAILED, error=error)).id

    async def find(self, exchange: Exchange, number: int) -> DataRequest | None:
        """The request of that id, if the session has one."""
        return await self._store.data_request(number, exchange.session)

    def status(self, exchange: Exchange, request: DataRequest) -> str:
        """How far a request is: `Running`, and then what it ends as."""
        return request.status if _is_over(request, exchange.clock, exchange.real_us) else RUNNING

    def told(self, exchange: Exchange, request: DataRequest, status: str, origin: str) -> dict[str, Any]:
        """What is said of a request; its link begins with that origin."""
        about: dict[str, Any] = {"requestId": request.id, "status": status}
        if status == FAILED:
            return {**about, "error": request.error}
        # The address is known before the file is there.
        return {**about, "outputFile": origin + self.link(exchange, request)}

    def notify(self, exchange: Exchange, request: DataRequest, url: str, origin: str) -> None:
        """Have somebody told at that address when the request is over."""
        self._store.add_notification(exchange, request.id, url, origin)

    def link(self, exchange: Exchange, request: DataRequest) -> str:
        """The path and query of a link to the data file, good for a while from now on, or from when it is
        there.
        """
        there_us = max(exchange.now_us, request.accepted_us + request.takes_us)
        expires_us = min(there_us + _microseconds(exchange, "linkSeconds"), LATEST_US)
        return self._links.path(exchange.session, request.id, files.name(request.format), expires_us)

    async def file(
        self,
        exchange: Exchange,
        session: str,
        number: int,
        name: str,
        *,
        expires: int | None,
        signature: str | None,
    ) -> DataFile | None:
        """The data file that a link leads to; None where there is no such file, or not yet.

        Raises:
            LinkError: The link is not one of ours, or has expired.
            SignalsNotFoundError: The state has outlived the world that the request was made in, or was
                brought into another one: this one lacks some of its signals.
        """
        clock = (await self._store.session(session)).clock
        now_us = clock.now_us(exchange.real_us)
        self._links.check(session, number, name, expires, signature, now_us)
        request = await self._store.data_request(number, session)
        if request is None or not request.columns or name != files.name(request.format):
            return None
        if request.error or not _is_over(request, clock, exchange.real_us):
            return None
        known = self._catalogue.by_id
        if missing := [signal for _, signal in request.columns if signal not in known]:
            raise SignalsNotFoundError(missing)
        # What makes files takes long to import, and most requests are answered without.
        from mock_server.nortech.download import DataFile
        from mock_server.nortech.table import Table
        from mock_server.nortech.write import fingerprint, write

        columns = [(column, known[signal]) for column, signal in request.columns]
        signals = [signal for _, signal in columns]
        table = Table(columns, request.start_us, request.end_us)
        rows = max(coverage.numbers_of_values(signals, request.start_us, request.end_us))
        there_us = min(request.accepted_us + request.takes_us, exchange.real_us)
        modified_us = max(there_us - DATE_LAG_SECONDS * SECOND_US, EARLIEST_US)
        return DataFile(
            name=name,
            media_type=files.MEDIA_TYPES[request.format],
            etag=f'"{fingerprint(request.format, table)}"',
            modified_s=modified_us // SECOND_US,
            kept=files.size(request.format, rows, [column for column, _ in columns]) <= MAX_KEPT,
            pieces=lambda: write(request.format, table),
        )

    async def _wait(self, exchange: Exchange, takes_us: int) -> None:
        """Wait until so much of the session's time is over.

        A clock that somebody moves by hand would make a client wait that cannot move it meanwhile, so there
        nobody waits, and where all is immediate neither.
        """
        clock, real_us, began_us = exchange.clock, exchange.real_us, exchange.now_us
        while clock.mode == "time":
            # Behind a clock that was taken back for years, nobody would wait until it is here again.
            began_us = min(began_us, clock.now_us(real_us))
            left_s = (takes_us - clock.elapsed_us(began_us, real_us)) / clock.speed / SECOND_US
            if left_s < SHORT_SECONDS:
                return
            # Somebody may set the clock meanwhile.
            await asyncio.sleep(min(left_s, LOOK_SECONDS))
            clock, real_us = (await self._store.session(exchange.session)).clock, clocks.real_us()

    def _asked(self, exchange: Exchange, request: dict[str, Any]) -> _Asked:
        start_us, end_us = _window(request["timeWindow"])
        signals = self._resolve(request["signals"])
        columns = _columns(request["signals"], signals)
        if end_us is None:
            # Left out is undefined (N5); here it means all there is by now.
            end_us = max((signal.data.end_ms * 1000 for signal in signals if signal.data), default=start_us)
            end_us = min(end_us, exchange.now_us)
        return _Asked(start_us, end_us, request.get("format", DEFAULT_FORMAT), columns, signals)

    def _resolve(self, asked: list[Any]) -> list[Signal]:
        found: list[Signal] = []
        missing: list[Any] = []
        for each in asked:
            signal = self._find(each)
            if signal is not None:
                found.append(signal)
            elif each not in missing:
                missing.append(each)
        if missing:
            raise SignalsNotFoundError(missing)
        return found

    def _find(self, asked: int | dict[str, str]) -> Signal | None:
        if isinstance(asked, int):
            return self._catalogue.by_id.get(asked)
        workspace, asset, division, unit, signal = (asked[level] for level in LEVELS)
        return self._catalogue.by_names.get((workspace, asset, division, unit, signal))


@dataclass(slots=True)
class _Asked:
    start_us: int
    end_us: int
    format: str
    columns: list[tuple[str, int]]
    signals: list[Signal]

    @property
    def values(self) -> dict[str, Any]:
        """What is kept of it."""
        return {
            "start_us": self.start_us,
            "end_us": self.end_us,
            "format": self.format,
            "columns": tuple(self.columns),
        }

    def takes_us(self, exchange: Exchange) -> int:
        """How much mock time it takes to read all its values."""
        number = sum(coverage.numbers_of_values(self.signals, self.start_us, self.end_us))
        values_per_second: float = exchange.settings["nortech"]["valuesPerSecond"]
        return math.ceil(number * SECOND_US / values_per_second)


def _microseconds(exchange: Exchange, setting: str) -> int:
    seconds: float = exchange.settings["nortech"][setting]
    return round(seconds * SECOND_US)


def _is_over(request: DataRequest, clock: Clock, real_us: int) -> bool:
    return clock.elapsed_us(request.accepted_us, real_us) >= request.takes_us


def _window(window: dict[str, str]) -> tuple[int, int | None]:
    """Start and end in microseconds of the Unix epoch."""
    ends: dict[str, int] = {}
    violations = []
    for name in ("start", "end"):
        if name in window:
            try:
                ends[name] = instant.parse(window[name])
            except ValueError as error:
                # What a pattern cannot see: a thirtieth of February, the year 0.
                message = f"{window[name]!r} is not a date-time: {error}"
                violations.append(Violation("body", f"/timeWindow/{name}", message))
    if not violations and "end" in ends and ends["end"] < ends["start"]:
        message = f"{window['end']} lies before the start, {window['start']}"
        violations.append(Violation("body", "/timeWindow/end", message))
    if violations:
        raise ContractViolationError(violations)
    return ends["start"], ends.get("end")


def _columns(asked: list[Any], signals: list[Signal]) -> list[tuple[str, int]]:
    """The name and the signal of each column (N9).

    What is asked for twice in the same words is one column. Two signals under one name would make a table
    that readers refuse or silently rename, so that is refused, and so is the name of the column of times.
    """
    columns: dict[str, int] = {TIMESTAMP: 0}
    violations = []
    for number, (each, signal) in enumerate(zip(asked, signals, strict=True)):
        rename = each.get("rename") if isinstance(each, dict) else None
        name = rename or str(signal.id)
        if columns.setdefault(name, signal.id) != signal.id:
            place = f"/signals/{number}" + ("/rename" if rename else "")
            violations.append(Violation("body", place, f"another column has the name {name!r}"))
    if violations:
        raise ContractViolationError(violations)
    return list(columns.items())[1:]
