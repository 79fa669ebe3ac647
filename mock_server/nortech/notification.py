"""Whoever named an address is told there, once, that a data request is over."""

from __future__ import annotations

import asyncio
import http.client
import logging
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from mock_server import clock
from mock_server.exchange import Exchange
from mock_server.nortech.model import LOOK_SECONDS, RUNNING
from mock_server.serving.origin import is_loopback
from mock_server.state.store import StateError

if TYPE_CHECKING:
    from mock_server.nortech.model import HistoricalData
    from mock_server.settings import SessionSettings
    from mock_server.state.records import Notification
    from mock_server.state.store import Store

logger = logging.getLogger(__name__)

# How long the other side may take for each step of it.
PATIENCE_SECONDS = 5


class Notifier:
    """Sends what is due; of several mocks on one state, one sends each."""

    def __init__(self, model: HistoricalData, store: Store, settings: SessionSettings) -> None:
        self._model = model
        self._store = store
        self._settings = settings

    async def run(self) -> None:
        """Look for what is due, until cancelled. Nobody else tells: clocks are moved, mocks are killed."""
        while True:
            try:
                await asyncio.gather(*map(self._tell, await self._store.open_notifications()))
            except StateError as error:
                # Each request says so, too; here it is tried again.
                logger.debug("no notifications: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def _tell(self, notification: Notification) -> None:
        exchange = await self._exchange(notification.session)
        request = await self._model.find(exchange, notification.request)
        if request is None:
            return
        status = self._model.status(exchange, request)
        # Whoever claims it sends it: a mock that is killed in between leaves it unsent, and never sent twice.
        if status == RUNNING or not await self._store.settle(notification, "", "being sent"):
            return
        body = self._model.told(exchange, request, status, notification.origin)
        anywhere = exchange.settings["nortech"]["notificationHosts"] == "any"
        outcome = await asyncio.to_thread(post, notification.url, body, anywhere=anywhere)
        if not outcome.startswith("answered 2"):
            logger.warning("the notification of data request %s: %s", request.id, outcome)
        await self._store.settle(notification, "being sent", outcome)

    async def _exchange(self, name: str) -> Exchange:
        session = await self._store.session(name)
        real_us = clock.real_us()
        now_us = session.clock.now_us(real_us)
        return Exchange(name, self._settings.effective(session.changes), session.clock, real_us, now_us)


def post(url: str, body: dict[str, Any], *, anywhere: bool = False) -> str:
    """Send the body as JSON, and follow no redirect; what came of it, in words.

    Args:
        url: Where to.
        body: What.
        anywhere: Whether it may go to another machine.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        return f"not sent: {error}"
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    if parts.scheme not in kinds or not host:
        return "not sent: the address is none of http:// or https://"
    if not anywhere and not is_loopback(host):
        return f"not sent: {host} is not this machine, and the setting nortech.notificationHosts is loopback"
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        with closing(kinds[parts.scheme](host, port, timeout=PATIENCE_SECONDS)) as connection:
            connection.request("POST", target, orjson.dumps(body), {"Content-Type": "application/json"})
            return f"answered {connection.getresponse().status}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"failed: {str(error) or type(error).__name__}"
