"""What a vendor's room brings, and the application that serves it all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson
from connexion.apps.asynchronous import AsyncASGIApp  # type: ignore[import-untyped]
from connexion.jsonifier import Jsonifier  # type: ignore[import-untyped]
from connexion.middleware import ConnexionMiddleware  # type: ignore[import-untyped]
from connexion.middleware.context import ContextMiddleware  # type: ignore[import-untyped]
from connexion.middleware.exceptions import ExceptionMiddleware  # type: ignore[import-untyped]
from connexion.middleware.lifespan import LifespanMiddleware  # type: ignore[import-untyped]
from connexion.middleware.routing import RoutingMiddleware  # type: ignore[import-untyped]
from connexion.middleware.security import SecurityMiddleware  # type: ignore[import-untyped]
from connexion.resolver import Resolver  # type: ignore[import-untyped]

from mock_server.serving.answer import AnswerMiddleware
from mock_server.serving.cors import CrossOrigin
from mock_server.serving.guard import Guard
from mock_server.serving.journal import Journaling
from mock_server.serving.preference import PreferenceMiddleware
from mock_server.serving.refusal import Refusals
from mock_server.serving.shortcut import ShortApp, ShortExceptions, ShortRouting, trusted
from mock_server.serving.validation import ValidationMiddleware

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from mock_server.serving.contract import Contract
    from mock_server.serving.failure import Envelope
    from mock_server.serving.preference import Finish
    from mock_server.settings import SessionSettings
    from mock_server.state.store import Store

Handler: TypeAlias = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Endpoint:
    """One contract, and everything that behaves by it.

    Attributes:
        contract: The contract.
        handlers: An `async def` for each operationId.
        envelope: Puts the vendor's envelope around a failure.
        security: Connexion's security handlers, by kind of scheme.
        challenge: What `WWW-Authenticate` says with a 401.
        finish: Makes an example that a client has asked for (`Prefer: code=...`) true; None where clients may
            not ask.
    """

    contract: Contract
    handlers: Mapping[str, Handler]
    envelope: Envelope
    security: Mapping[str, Any] = field(default_factory=dict)
    challenge: str | None = None
    finish: Finish | None = None


class OrjsonJsonifier(Jsonifier):  # type: ignore[misc]
    """JSON out by orjson."""

    def dumps(self, data: Any, **_: Any) -> bytes:
        """The data as JSON."""
        return orjson.dumps(data)


def application(
    endpoints: list[Endpoint],
    *,
    store: Store,
    settings: SessionSettings,
    max_body: int,
    larger: Mapping[str, int],
    cors_origins: Collection[str] | None,
    lifespan: Callable[[Any], AbstractAsyncContextManager[None]],
    validate_responses: bool = False,
    shortcuts: bool = True,
) -> ConnexionMiddleware:
    """One ASGI application that serves all the endpoints.

    Only the middlewares in use: each costs every request. Lifespan stays, or `lifespan` would silently be
    ignored. Without shortcuts everything goes Connexion's own way: the same answers, more slowly.
    """
    refusals = Refusals(endpoints)
    by_operation = {
        operation_id: endpoint
        for endpoint in endpoints
        if endpoint.finish
        for operation_id in endpoint.handlers
    }
    app = ConnexionMiddleware(
        ShortApp() if shortcuts else AsyncASGIApp(),
        import_name=__name__,
        lifespan=lifespan,
        jsonifier=OrjsonJsonifier(),
        middlewares=[
            *([] if cors_origins is None else [partial(CrossOrigin, origins=cors_origins)]),
            partial(Journaling, store=store, settings=settings, refuse=refusals.reply),
            ShortExceptions if shortcuts else ExceptionMiddleware,
            partial(Guard, max_body=max_body, larger=larger),
            ShortRouting if shortcuts else RoutingMiddleware,
            SecurityMiddleware,
            ValidationMiddleware,
            *([AnswerMiddleware] if validate_responses else []),
            partial(PreferenceMiddleware, endpoints=by_operation),
            LifespanMiddleware,
            ContextMiddleware,
        ],
    )
    for exception, handler in refusals.handlers():
        app.add_error_handler(exception, handler)
    with trusted() if shortcuts else nullcontext():
        for endpoint in endpoints:
            base_path, document = endpoint.contract.relocated()
            app.add_api(
                document,
                base_path=base_path,
                # No Python name in a contract: an operationId is looked up, never imported.
                resolver=Resolver(endpoint.handlers.__getitem__),
                security_map=dict(endpoint.security),
            )
    return app
