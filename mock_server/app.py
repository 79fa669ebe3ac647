"""The mock as one ASGI application."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from mock_server import (
    framework,  # noqa: F401 - before whatever imports Connexion
    world,
)
from mock_server.admin import api as admin_api
from mock_server.liverig import api as liverig
from mock_server.nortech import api as nortech
from mock_server.nortech.spool import Spool
from mock_server.serving.endpoint import application
from mock_server.settings import SessionSettings, Settings
from mock_server.state.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from connexion.middleware import ConnexionMiddleware  # type: ignore[import-untyped]

__all__ = ["Settings", "create_app"]


def create_app(settings: Settings | None = None) -> ConnexionMiddleware:
    """The mock of both vendors, with its control API; an ASGI application for any server.

    The state is opened here and let go of when the server ends the application's lifespan.

    Raises:
        WorldError: The world file cannot be used.
        StateError: The state cannot be kept where it should be.
        SettingsError: The settings that sessions should start with are none.
        LookupError: A contract has no such revision.
    """
    settings = settings or Settings()
    known = world.load(settings.world)
    session_settings = SessionSettings(settings.session)
    store = Store(settings.state, journal_size=settings.journal_size)
    spool = Spool()
    try:
        historical_data = nortech.historical_data(known, store)
        downloads = nortech.downloads(historical_data, spool)
        endpoints = [
            liverig.endpoint(known, store, settings.liverig_revision),
            nortech.endpoint(
                historical_data,
                settings.nortech_revision,
                token=settings.nortech_token,
                public_url=settings.public_url.rstrip("/") if settings.public_url else None,
            ),
        ]
        contracts = [endpoint.contract for endpoint in endpoints]
        endpoints.append(
            admin_api.endpoint(
                admin_api.Control(
                    store,
                    session_settings,
                    contracts,
                    downloads,
                    token=settings.admin_token,
                    public_url=settings.public_url,
                )
            )
        )

        @asynccontextmanager
        async def lifespan(_app: Any) -> AsyncIterator[None]:
            telling = None
            if settings.nortech_revision == "current":
                # What takes long to import is of use where somebody can ask for it.
                from mock_server.nortech.notification import Notifier

                notifier = Notifier(historical_data, store, session_settings)
                telling = asyncio.create_task(notifier.run())
            try:
                yield
            finally:
                if telling is not None:
                    telling.cancel()
                spool.close()
                store.close()

        return application(
            endpoints,
            store=store,
            settings=session_settings,
            max_body=settings.max_body,
            validate_responses=settings.validate_responses,
            larger=admin_api.LARGER_BODIES,
            cors_origins=settings.cors_origins if settings.cors else None,
            lifespan=lifespan,
        )
    except BaseException:
        store.close()
        raise
