"""What a client can choose in its session: the settings and the clock; and all that the session is, in one
document.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mock_server import instant
from mock_server.clock import Clock, ClockError
from mock_server.serving import credential
from mock_server.serving.failure import MAX_VIOLATIONS, ContractViolationError, Violation
from mock_server.state.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mock_server.exchange import Exchange
    from mock_server.serving.endpoint import Handler
    from mock_server.settings import SessionSettings
    from mock_server.state.store import Session, Store

# The only format of snapshots that there is yet.
FORMAT = 1


def handlers(store: Store, settings: SessionSettings) -> Mapping[str, Handler]:
    """The handlers of these operations, by operationId."""

    async def get_settings(exchange: Exchange) -> Any:
        return exchange.settings

    async def change_settings(payload: dict[str, Any], exchange: Exchange) -> Any:
        def change(session: Session) -> Session:
            return replace(session, changes=settings.changed(session.changes, payload))

        return settings.effective((await store.change(exchange.session, change)).changes)

    async def get_clock(exchange: Exchange) -> dict[str, Any]:
        return _shown(exchange.clock, exchange.real_us)

    async def set_clock(payload: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        now_us = _instant(payload["now"], "/now") if "now" in payload else None
        mode, speed = payload["mode"], payload.get("speed", 1)
        return await _clock(
            store, exchange, "", lambda clock, at: clock.set(at, mode=mode, speed=speed, now_us=now_us)
        )

    async def advance_clock(payload: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        return await _clock(
            store, exchange, "/seconds", lambda clock, at: clock.moved(payload["seconds"], at)
        )

    async def take_snapshot(exchange: Exchange) -> dict[str, Any]:
        taken = await store.snapshot(exchange.session)
        return {
            "format": FORMAT,
            "session": exchange.session,
            "taken": instant.exact_text(exchange.real_us),
            "settings": exchange.settings,
            "clock": _shown(exchange.clock, exchange.real_us),
            "jobs": [{"realUs": real_us, "record": record} for real_us, record in taken.jobs],
            "requests": [{"record": record} for record in taken.requests],
            "journal": [{"realUs": real_us, "entry": entry} for real_us, entry in taken.journal],
        }

    async def restore_snapshot(payload: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        shown = payload["clock"]
        now_us = _instant(shown["now"], "/clock/now")
        try:
            clock = Clock().set(exchange.real_us, mode=shown["mode"], speed=shown["speed"], now_us=now_us)
        except ClockError as error:
            raise ContractViolationError([Violation("body", "/clock", str(error))]) from None
        # It may be large, and others go on meanwhile.
        taken = await asyncio.to_thread(_given, payload, await store.end_of_ids())
        try:
            changes = settings.changed("", payload["settings"])
        except ContractViolationError as error:
            raise ContractViolationError(
                [replace(each, pointer=f"/settings{each.pointer}") for each in error.violations]
            ) from None
        await store.restore(exchange.session, taken, changes, clock)
        return {"status": "restored"}

    return {
        "takeSnapshot": take_snapshot,
        "restoreSnapshot": restore_snapshot,
        "getSettings": get_settings,
        "changeSettings": change_settings,
        "getClock": get_clock,
        "setClock": set_clock,
        "advanceClock": advance_clock,
    }


def _given(payload: dict[str, Any], end: int) -> Snapshot:
    """The snapshot that the document holds.

    Raises:
        ContractViolationError: No session can be so.
    """
    taken = Snapshot(
        [(each["realUs"], each["record"]) for each in payload["jobs"]],
        [each["record"] for each in payload["requests"]],
        [(each["realUs"], credential.entry(each["entry"])) for each in payload["journal"]],
    )
    faults = [Violation("body", at, message) for at, message in taken.faults(end)]
    if faults:
        raise ContractViolationError(faults[:MAX_VIOLATIONS])
    return taken


async def _clock(
    store: Store, exchange: Exchange, at: str, change: Callable[[Clock, int], Clock]
) -> dict[str, Any]:
    """The session's clock, changed at the instant of the request, or after whoever was quicker."""

    def changing(session: Session) -> Session:
        real_us = max(exchange.real_us, session.clock.real_us)
        return replace(session, clock=change(session.clock, real_us))

    try:
        changed = (await store.change(exchange.session, changing)).clock
    except ClockError as error:
        raise ContractViolationError([Violation("body", at, str(error))]) from None
    return _shown(changed, max(exchange.real_us, changed.real_us))


def _shown(clock: Clock, real_us: int) -> dict[str, Any]:
    return {"mode": clock.mode, "speed": clock.speed, "now": instant.exact_text(clock.now_us(real_us))}


def _instant(text: str, at: str) -> int:
    try:
        return instant.parse(text)
    except ValueError as error:
        # What a format cannot see: a leap second at the end of the calendar, the year 0.
        message = f"{text!r} is not an instant: {error}"
        raise ContractViolationError([Violation("body", at, message)]) from None
