"""What a request for historical data does: its signals are looked up, and its data file gets an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mock_server import instant
from mock_server.nortech import coverage, files
from mock_server.nortech.world import LEVELS, Catalogue, Signal
from mock_server.serving.failure import ContractViolationError, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mock_server.exchange import Exchange
    from mock_server.state.store import DataRequest, Store

DEFAULT_FORMAT = "parquet"
FINISHED = "Finished"


class SignalsNotFoundError(Exception):
    """Some signals do not exist; carries all of them, as they were asked for (N11)."""

    def __init__(self, missing: list[Any]) -> None:
        super().__init__(f"{len(missing)} signals do not exist")
        self.missing = missing


class DataNotFoundError(Exception):
    """None of the signals has data in the window (N11)."""


class HistoricalData:
    """The behaviour of the endpoint."""

    def __init__(self, catalogue: Catalogue, store: Store) -> None:
        self._catalogue = catalogue
        self._store = store

    def accept(self, exchange: Exchange, request: dict[str, Any]) -> DataRequest:
        """Keep the request under an id of its own (N14).

        Raises:
            ContractViolationError: The window is inverted (N15) or no window at all, or two columns would
                have one name.
            SignalsNotFoundError: Some signals do not exist.
            DataNotFoundError: None of them has data in the window.
        """
        start_us, end_us = _window(request["timeWindow"])
        signals = self._resolve(request["signals"])
        columns = _columns(request["signals"], signals)
        if end_us is None:
            # Left out is undefined (N5); here it means all there is.
            end_us = max((signal.data.end_ms * 1000 for signal in signals if signal.data), default=start_us)
        if not coverage.has_data(signals, start_us, end_us):
            raise DataNotFoundError
        file_format = request.get("format", DEFAULT_FORMAT)
        return self._store.add_data_request(
            exchange, FINISHED, start_us=start_us, end_us=end_us, format=file_format, columns=tuple(columns)
        )

    def fail(self, exchange: Exchange, status: str) -> int:
        """The id of a request that is answered on demand, without a data file."""
        return self._store.add_data_request(exchange, status).id

    async def file(self, number: int, name: str) -> tuple[str, Iterator[bytes]] | None:
        """The content type and the pieces of a data file; None where there is no such file."""
        request = await self._store.data_request(number)
        if request is None or not request.columns or name != files.name(request.format):
            return None
        known = self._catalogue.by_id
        if any(signal not in known for _, signal in request.columns):
            # The state has outlived the world that it was made in.
            return None
        columns = [(column, known[signal]) for column, signal in request.columns]
        # What makes files takes long to import, and most requests are answered without.
        from mock_server.nortech.table import Table
        from mock_server.nortech.write import write

        table = Table(columns, request.start_us, request.end_us)
        return files.MEDIA_TYPES[request.format], write(request.format, table)

    def _resolve(self, asked: list[Any]) -> list[Signal]:
        found = [self._find(each) for each in asked]
        missing: list[Any] = []
        for each, signal in zip(asked, found, strict=True):
            if signal is None and each not in missing:
                missing.append(each)
        if missing:
            raise SignalsNotFoundError(missing)
        return [signal for signal in found if signal is not None]

    def _find(self, asked: int | dict[str, str]) -> Signal | None:
        if isinstance(asked, int):
            return self._catalogue.by_id.get(asked)
        workspace, asset, division, unit, signal = (asked[level] for level in LEVELS)
        return self._catalogue.by_names.get((workspace, asset, division, unit, signal))


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
    columns: dict[str, int] = {coverage.TIMESTAMP: 0}
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
