"""What a client can choose in its session: the settings and the clock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mock_server import instant
from mock_server.clock import Clock, ClockError
from mock_server.serving.failure import ContractViolationError, Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mock_server.exchange import Exchange
    from mock_server.serving.endpoint import Handler
    from mock_server.settings import SessionSettings
    from mock_server.state.store import Session, Store


def handlers(store: Store, settings: SessionSettings) -> Mapping[str, Handler]:
    """The handlers of these operations, by operationId."""

    async def get_settings(exchange: Exchange) -> Any:
        return exchange.settings

    async def change_settings(payload: dict[str, Any], exchange: Exchange) -> Any:
        def change(session: Session) -> Session:
            changes = settings.changed(session.changes, payload)
            violations = settings.violations(settings.effective(changes))
            if violations:
                raise ContractViolationError(violations)
            return replace(session, changes=changes)

        return settings.effective((await store.change(exchange.session, change)).changes)

    async def get_clock(exchange: Exchange) -> dict[str, Any]:
        return _shown(exchange.clock, exchange.real_us)

    async def set_clock(payload: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        now_us = _instant(payload["now"]) if "now" in payload else None
        mode, speed = payload["mode"], payload.get("speed", 1)
        return await _clock(
            store, exchange, "", lambda clock, at: clock.set(at, mode=mode, speed=speed, now_us=now_us)
        )

    async def advance_clock(payload: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        return await _clock(
            store, exchange, "/seconds", lambda clock, at: clock.moved(payload["seconds"], at)
        )

    return {
        "getSettings": get_settings,
        "changeSettings": change_settings,
        "getClock": get_clock,
        "setClock": set_clock,
        "advanceClock": advance_clock,
    }


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


def _instant(text: str) -> int:
    try:
        return instant.parse(text)
    except ValueError as error:
        # What a format cannot see: a leap second at the end of the calendar, the year 0.
        message = f"{text!r} is not an instant: {error}"
        raise ContractViolationError([Violation("body", "/now", message)]) from None
