"""The HTTP client below the budget: connections that tell whether they are new, answers read to their end."""

from __future__ import annotations

import http.client
import threading
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from conformance.exchange import Exchange, body_of, exchange_of, headers_of, mark
from conformance.trouble import NoAnswer, Stale, TransportError, Unreachable, causes, damage, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.budget import Budget

BODY_LIMIT = 64 * 1024 * 1024
CHUNK = 64 * 1024
_connecting = threading.local()


class FinalResponse(http.client.HTTPResponse):
    """Reads past interim answers (RFC 9110, 15.2), of which the standard library knows only 100."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            line: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if not 100 < line[1] < 200 or line[1] == http.client.SWITCHING_PROTOCOLS:
                return line
            http.client.parse_headers(self.fp)


class _Connection(HTTPConnection):
    response_class = FinalResponse

    def connect(self) -> None:
        _connecting.fresh = True
        super().connect()


class _SecureConnection(HTTPSConnection):
    response_class = FinalResponse

    def connect(self) -> None:
        _connecting.fresh = True
        super().connect()


class _Keeping(HTTPConnectionPool):
    keeps = True
    """Whether a connection is used for more than one request."""

    def _put_conn(self, conn: Any) -> None:
        if conn is not None and not self.keeps:
            conn.close()  # it opens again when it is used
        super()._put_conn(conn)


class _Pool(_Keeping):
    ConnectionCls = _Connection


class _SecurePool(_Keeping, HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class Session(requests.Session):
    """Sends all through a door; reads nothing from the environment, follows no redirect, keeps no cookie."""

    def __init__(self, door: Door, verify: bool | str) -> None:
        super().__init__()
        self.trust_env = False
        self.verify = verify
        self.headers["User-Agent"] = "histdata-conformance"
        self.headers["Accept-Encoding"] = "identity"
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        for prefix in ("http://", "https://"):
            self.mount(prefix, door)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: a redirect is an answer to be judged, also where a caller asks for it to be followed."""
        return None


class Door(HTTPAdapter):
    """The adapter of the session: one request through the budget.

    Raises TransportError and BudgetExhausted where requests would raise its own errors.
    """

    def __init__(self, budget: Budget, redact: Callable[[str], str]) -> None:
        """Send within *budget*; what is said about trouble goes through *redact*."""
        self._budget, self._redact = budget, redact
        super().__init__(max_retries=0, pool_maxsize=32)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use connections that tell whether they are new."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Send *request*; how long to wait and how to read are the budget's business, not the caller's."""
        body = body_of(request)
        given: object = request.body
        if not isinstance(given, (bytes, str, type(None))):
            request.body = body
        stale = False
        attempt = 0
        while True:
            try:
                response = self._attempt(request, body, attempt, verify, cert)
            except Stale:
                # Who closes one idle connection may close each, some of them with a request on its way.
                pool = self.get_connection_with_tls_context(request, verify, cert=cert)
                assert isinstance(pool, _Keeping)
                pool.keeps = False
                if stale:
                    raise
                stale = True
            else:
                wait = self._budget.wait_asked(exchange_of(response))
                if wait is None:
                    return response
                self._budget.hold(wait)
            attempt += 1

    def _attempt(
        self, request: requests.PreparedRequest, body: bytes | None, attempt: int, verify: Any, cert: Any
    ) -> requests.Response:
        budget = self._budget
        with budget.permit() as permit:
            started = budget.clock()
            _connecting.fresh = False
            begun: requests.Response | None = None
            try:
                response = begun = super().send(
                    request, stream=True, timeout=budget.limits.timeout, verify=verify, cert=cert
                )
                _read(response, budget.clock, budget.limits.timeout)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                if begun is not None:
                    begun.close()
                translated = _translated(request, error, self._redact)
                if isinstance(translated, NoAnswer):
                    translated.damage = damage(error, begun=begun is not None)
                raise translated from error
            exchange = Exchange(
                method=request.method or "",
                url=request.url or "",
                request_headers=headers_of(request),
                request_body=body,
                status=response.status_code,
                headers=tuple(response.raw.headers.items()),
                body=response.content,
                seconds=budget.clock() - started,
                retries=attempt,
            )
            mark(response, exchange)
            permit(exchange)
        return response


def _read(response: requests.Response, clock: Callable[[], float], timeout: float) -> None:
    """Read the body now, so that an endless or dripping answer ends here and counts as none."""
    deadline = clock() + timeout
    parts, size = [], 0
    for part in response.raw.stream(CHUNK, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > BODY_LIMIT:
            response.raw.close()
            raise urllib3.exceptions.HTTPError(f"the answer is longer than {BODY_LIMIT} bytes")
        if clock() > deadline:
            response.raw.close()
            raise urllib3.exceptions.HTTPError(f"the answer was not complete after {timeout:g} s")
    response._content = b"".join(parts)
    response._content_consumed = True  # type: ignore[attr-defined]  # what requests sets when it reads
    response.raw.release_conn()


def _translated(
    request: requests.PreparedRequest, error: Exception, redact: Callable[[str], str]
) -> TransportError:
    chain = list(causes(error))
    place = redact(f"{request.method} {request.url}")
    said = redact(words(chain[-1]))
    never_connected = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    if isinstance(error, (requests.exceptions.SSLError, requests.exceptions.InvalidURL)) or any(
        isinstance(cause, never_connected) for cause in chain
    ):
        unreachable = Unreachable(f"{place}: could not connect: {said}")
        unreachable.refused = any(isinstance(cause, ConnectionRefusedError) for cause in chain)
        return unreachable
    dropped = any(isinstance(c, (http.client.RemoteDisconnected, ConnectionError)) for c in chain)
    if dropped and not _connecting.fresh and isinstance(error, requests.ConnectionError):
        return Stale(f"{place}: {said}")
    no_answer = NoAnswer(f"{place}: {said}")
    no_answer.closed = dropped
    no_answer.silent = isinstance(error, requests.exceptions.ReadTimeout)
    return no_answer
