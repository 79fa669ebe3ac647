"""The one door to the target: everything sent to it passes here.

Our own cases and the Schemathesis engine use one :class:`requests.Session`, whose only adapter keeps the
request budget, the ceiling on accepted requests, the rate limit and ``Retry-After``, and captures every
exchange. Nothing is read from the environment, no redirect is followed and no cookie is kept, so that a
request depends on nothing but itself.
"""

from __future__ import annotations

import email.utils
import http.client
import json
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from conformance import curl
from conformance.redaction import Redaction

_BODY_LIMIT = 64 * 1024 * 1024
# Added to the size of its window: zlib is to tell the two codings apart.
_GZIP_OR_ZLIB = 32
_CHUNK = 64 * 1024
_RESENDS = 10
_BUSY = frozenset({429, 503})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Observer = Callable[["Exchange"], None]


class TransportError(Exception):
    """No usable answer came; the message is for people and names no secret."""


class Unreachable(TransportError):  # noqa: N818 - named for what happened
    """No connection could be made: nothing was sent."""

    refused = False
    """Whether the host said that nobody listens there."""


class NoAnswer(TransportError):  # noqa: N818
    """The request went out, and no complete HTTP answer to it came back."""

    closed = False
    """Whether the server closed the connection, and did not just stay silent."""
    silent = False
    """Whether the server took the request, and nothing came of it for as long as a request may take."""
    damage: str | None = None
    """What is wrong with the answer that had begun to come, or None where none had."""


class BudgetExhausted(Exception):  # noqa: N818
    """The run has used what it was allowed to; nothing more is sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """Which limit it was, in words."""


@dataclass(frozen=True)
class Limits:
    """What a run may do to its target."""

    max_requests: int
    """HTTP requests in all, those sent again included."""
    max_accepted: int
    """Requests that the target accepted, by the measure given to :meth:`Transport.count_accepted`."""
    rate: float | None = None
    """Requests per second, or None for as fast as the target answers."""
    max_time: float | None = None
    """Seconds from the first request to the start of the last one, or None."""
    timeout: float = 30.0
    """Seconds for one request: to connect, for a pause in the answer, and for the answer as a whole."""
    max_wait: float = 60.0
    """The longest ``Retry-After`` that is obeyed, in seconds; beyond it a 429 or 503 is the answer."""


@dataclass(frozen=True)
class Exchange:
    """One request as it was sent, and its answer as it came. Holds secrets: show it through the transport."""

    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...] = field(repr=False)
    request_body: bytes | None
    status: int
    headers: tuple[tuple[str, str], ...]
    """Of the answer, in the order and case they came, repeated ones included."""
    body: bytes
    """Of the answer, with any content coding undone."""
    seconds: float
    """From sending the request to the end of the answer."""
    retries: int = 0
    """How many times it had been sent before: after a busy answer, or on a connection found closed."""
    raw: bytes | None = field(default=None, repr=False)
    """The bytes that were sent, where they were given as bytes."""
    damage: str | None = None
    """Why the answer is not one that HTTP has, where it did not come whole."""

    def header(self, name: str) -> str | None:
        """The first header of the answer with this name in any case, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self) -> Any:
        """The answer's body as JSON.

        Raises:
            ValueError: it is no JSON, or not in UTF-8.
        """
        return json.loads(self.body)


class Transport:
    """Sends requests to one target within its limits. May be used by several threads at once."""

    def __init__(
        self,
        base_url: str,
        limits: Limits,
        secrets: Mapping[str, str],
        *,
        headers: Mapping[str, str] | None = None,
        verify: bool | str = True,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare to talk to *base_url*; nothing is sent yet.

        *secrets* are values by the name of the environment variable they came from. *headers* go with each
        request to the origin of *base_url*, and never to another (the data file of N8 may be anywhere).
        *verify* is as in requests: whether to check TLS certificates, or the path of a CA bundle.
        """
        self.base_url = base_url.rstrip("/")
        self.limits = limits
        self.headers = dict(headers or {})
        self.redaction = Redaction(secrets)
        self.session = _Session(Door(self), verify)
        self.sent = 0
        """HTTP requests sent so far, those sent again included, but none that a closed connection took."""
        self.accepted = 0
        """Requests accepted so far."""
        self._accepts: Callable[[Exchange], bool] | None = None
        self._doubtful = 0
        self._under_way = 0
        self._first: float | None = None
        self._slot = 0.0
        self._clock, self._sleep, self._wall_clock = clock, sleep, wall_clock
        self._state = threading.Condition()
        self._observers: list[Observer] = []

    def on_exchange(self, observer: Observer) -> None:
        """Call *observer* with every exchange from now on, in the thread that sent the request."""
        self._observers.append(observer)

    def count_accepted(self, accepts: Callable[[Exchange], bool] | None) -> None:
        """Count the exchanges that *accepts* is true for against ``max_accepted``; None counts nothing more.

        A request is sent only if the ceiling would hold even if it and all those under way were accepted.
        One whose answer got lost may have been accepted, so it uses up the ceiling without being counted as
        accepted.
        """
        with self._state:
            self._accepts = accepts

    def request(self, method: str, url: str, **parts: Any) -> Exchange:
        """Send a request made of the parts that :class:`requests.Request` takes.

        Raises:
            TransportError: no usable answer came.
            BudgetExhausted: a limit is reached; nothing was sent.
        """
        return self.send(requests.Request(method, url, **parts))

    def send(self, request: requests.Request | requests.PreparedRequest) -> Exchange:
        """Send *request* and give the exchange.

        A Request gets the configured headers, unless it has its own, or has None to go without; a prepared
        one is sent as it is.

        Raises:
            TransportError: no usable answer came.
            BudgetExhausted: a limit is reached; nothing was sent.
        """
        prepared = request if isinstance(request, requests.PreparedRequest) else self.prepare(request)
        return exchange_of(self.session.send(prepared, allow_redirects=False))

    def unanswered(self, request: requests.Request) -> Exchange:
        """The exchange of a request without an answer that can be used; its status is 0."""
        prepared = self.prepare(request)
        return Exchange(
            method=prepared.method or "",
            url=prepared.url or "",
            request_headers=_headers_of(prepared),
            request_body=_body_of(prepared),
            status=0,
            headers=(),
            body=b"",
            seconds=0.0,
        )

    def prepare(self, request: requests.Request) -> requests.PreparedRequest:
        """*request* as :meth:`send` would send it. A path without host is taken below the base URL."""
        url = request.url or ""
        if url.startswith("/"):
            url = self.base_url + url
        headers = dict(request.headers or {})
        if self._is_target(url):
            own = {str(name).lower() for name in headers}
            headers.update((k, v) for k, v in self.headers.items() if k.lower() not in own)
        copy = requests.Request(
            request.method,
            url,
            headers=headers,
            files=request.files,
            data=request.data,
            params=request.params,
            auth=request.auth,
            cookies=request.cookies,
            json=request.json,
        )
        return self.session.prepare_request(copy)

    def wire(self, request: requests.Request | requests.PreparedRequest) -> bytes:
        """*request* as bytes for :meth:`raw`, with ``Connection: close``; to be damaged before use."""
        prepared = request if isinstance(request, requests.PreparedRequest) else self.prepare(request)
        body = _body_of(prepared)
        headers = dict(_headers_of(prepared))
        headers.setdefault("Host", urlsplit(prepared.url or "").netloc.rpartition("@")[2])
        headers["Connection"] = "close"
        headers = {name: value for name, value in headers.items() if name.lower() != "accept-encoding"}
        headers["Accept-Encoding"] = "identity"
        lines = [f"{prepared.method} {prepared.path_url} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")

    def raw(
        self,
        payload: bytes,
        *,
        read_timeout: float | None = None,
        half_close: bool = False,
        before_end: Callable[[], None] | None = None,
    ) -> Exchange:
        """Write *payload* as it is on a connection of its own to the target, and read one HTTP answer.

        *read_timeout* seconds (default: the limits' timeout) may pass without a byte of the answer.
        *half_close* tells the server that nothing more will come. *before_end* is called when all but the
        last byte is written, so that several requests can end at the same moment. Never sent again: a busy
        answer is the answer.

        Raises:
            Unreachable: no connection.
            NoAnswer: the server closed it, stayed silent, or answered no HTTP.
            BudgetExhausted: a limit is reached; nothing was sent.
        """
        head, _, body = payload.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, _, rest = first.partition(" ")
        split = urlsplit(self.base_url)
        url = f"{split.scheme}://{split.netloc}{rest.partition(' ')[0]}"
        named = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
        with self._permit() as permit:
            started = self._clock()
            with self._connect(read_timeout or self.limits.timeout) as connection:
                try:
                    connection.sendall(payload[:-1])
                    if before_end is not None:
                        before_end()
                    connection.sendall(payload[-1:])
                    # TLS has no half-close that leaves the other direction usable.
                    if half_close and not isinstance(connection, ssl.SSLSocket):
                        connection.shutdown(socket.SHUT_WR)
                except OSError:
                    # A server may well answer and close before it has read everything: look for the answer.
                    pass
                answer = _FinalResponse(connection, method=method)
                try:
                    answer.begin()
                    content = self._read_raw(answer, started)
                except (OSError, http.client.HTTPException) as error:
                    raise NoAnswer(f"{first[:80]!r} sent as bytes: {_words(error)}") from error
                finally:
                    answer.close()
            exchange = Exchange(
                method=method,
                url=url,
                request_headers=named,
                request_body=body or None,
                status=answer.status,
                headers=tuple(answer.getheaders()),
                body=content,
                seconds=self._clock() - started,
                raw=payload,
            )
            permit(exchange)
        return exchange

    def _read_raw(self, answer: http.client.HTTPResponse, started: float) -> bytes:
        content = b""
        while part := answer.read1(_CHUNK):
            content += part
            if len(content) > _BODY_LIMIT or self._clock() - started > self.limits.timeout * 2:
                raise http.client.HTTPException("the answer does not end")
        if answer.length:
            raise http.client.IncompleteRead(content, answer.length)
        if (answer.getheader("Content-Encoding") or "").strip().lower() in ("gzip", "x-gzip", "deflate"):
            try:
                return zlib.decompress(content, zlib.MAX_WBITS | _GZIP_OR_ZLIB)
            except zlib.error as error:
                raise http.client.HTTPException(f"the answer cannot be unpacked: {error}") from error
        return content

    def curl(self, exchange: Exchange) -> str:
        """The shell command that sends the request of *exchange* again; secrets come from the environment."""
        if exchange.raw is not None:
            return curl.raw_command(self.redaction, exchange.url, exchange.raw)
        return curl.command(
            self.redaction, exchange.method, exchange.url, exchange.request_headers, exchange.request_body
        )

    def redact(self, text: str) -> str:
        """*text* with each secret in it shown as ``$NAME`` of its environment variable."""
        return self.redaction.text(text)

    def redacted(self, exchange: Exchange) -> Exchange:
        """*exchange* as it may be shown or stored."""
        text, data = self.redaction.text, self.redaction.data
        return replace(
            exchange,
            url=text(exchange.url),
            request_headers=tuple((name, text(value)) for name, value in exchange.request_headers),
            request_body=None if exchange.request_body is None else data(exchange.request_body),
            headers=tuple((name, text(value)) for name, value in exchange.headers),
            body=data(exchange.body),
            raw=None if exchange.raw is None else data(exchange.raw),
        )

    def close(self) -> None:
        """Close idle connections. The transport stays usable."""
        self.session.close()

    def __enter__(self) -> Transport:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _permit(self) -> Iterator[Callable[[Exchange], None]]:
        """The right to send one request now; the exchange it led to goes into what is given."""
        counted, pause = self._reserve()
        outcome: list[Exchange] = []
        # Until the answer is known, the request may have been accepted.
        accepted: bool | None = None
        try:
            if pause > 0:
                self._sleep(pause)
            yield outcome.append
            accepts = self._accepts if counted else None
            accepted = accepts is not None and accepts(outcome[0])
        except Unreachable as error:
            accepted = False
            if isinstance(error, _Stale):
                with self._state:
                    self.sent -= 1
            raise
        finally:
            self._settle(counted, accepted=accepted)
        for observer in self._observers:
            observer(outcome[0])

    def _reserve(self) -> tuple[bool, float]:
        """Take one request out of the budget: whether it counts as possibly accepted, and seconds to wait."""
        limits = self.limits
        with self._state:
            counted = self._accepts is not None
            while counted and self.accepted + self._doubtful + self._under_way >= limits.max_accepted:
                if not self._under_way:
                    raise BudgetExhausted(
                        f"the ceiling of {limits.max_accepted} accepted requests was reached (--max-accepted)"
                    )
                self._state.wait()
            if self.sent >= limits.max_requests:
                raise BudgetExhausted(
                    f"the ceiling of {limits.max_requests} requests was reached (--max-requests)"
                )
            now = self._clock()
            self._first = now if self._first is None else self._first
            slot = max(now, self._slot)
            if limits.max_time is not None and slot - self._first >= limits.max_time:
                raise BudgetExhausted(f"the time limit of {limits.max_time:g} s was reached (--max-time)")
            self._slot = slot + (1 / limits.rate if limits.rate else 0.0)
            self.sent += 1
            self._under_way += counted
        return counted, slot - now

    def _settle(self, counted: bool, *, accepted: bool | None) -> None:
        if counted:
            with self._state:
                self._under_way -= 1
                self.accepted += accepted is True
                self._doubtful += accepted is None
                self._state.notify_all()

    def _hold(self, seconds: float) -> None:
        """Let nothing be sent for *seconds*, by any thread: the target asked for it."""
        with self._state:
            self._slot = max(self._slot, self._clock() + seconds)

    def _wait_asked(self, exchange: Exchange) -> float | None:
        """Seconds that a busy answer asks to wait, or None where it is the answer."""
        value = exchange.header("Retry-After") if exchange.status in _BUSY else None
        if value is None or exchange.retries >= _RESENDS:
            return None
        if value.strip().isdecimal():
            seconds = float(value)
        else:
            try:
                seconds = email.utils.parsedate_to_datetime(value).timestamp() - self._wall_clock()
            except (TypeError, ValueError):
                return None
        return max(0.0, seconds) if seconds <= self.limits.max_wait else None

    def is_target_host(self, url: str) -> bool:
        """Whether *url* is on the host of the target, whatever the port."""
        hosts = {_origin(url)[1], _origin(self.base_url)[1]}
        return len(hosts) == 1 or hosts <= _LOOPBACK

    def _is_target(self, url: str) -> bool:
        return _origin(url) == _origin(self.base_url)

    @contextmanager
    def _connect(self, read_timeout: float) -> Iterator[socket.socket]:
        scheme, host, port = _origin(self.base_url)
        try:
            connection = socket.create_connection((host, port), self.limits.timeout)
            if scheme == "https":
                connection = self._tls().wrap_socket(connection, server_hostname=host)
        except OSError as error:
            raise Unreachable(f"could not connect to {host}:{port}: {_words(error)}") from error
        with connection:
            connection.settimeout(read_timeout)
            yield connection

    def _tls(self) -> ssl.SSLContext:
        verify = self.session.verify
        context = ssl.create_default_context(
            cafile=verify if isinstance(verify, str) else requests.utils.DEFAULT_CA_BUNDLE_PATH
        )
        if verify is False:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


class Door(HTTPAdapter):
    """The adapter of the session: one request through the limits of its transport.

    Raises TransportError and BudgetExhausted where requests would raise its own errors.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
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
        """Send *request*; how long to wait and how to read are the transport's business, not the caller's."""
        body = _body_of(request)
        given: object = request.body
        if not isinstance(given, (bytes, str, type(None))):
            request.body = body
        stale = False
        attempt = 0
        while True:
            try:
                response = self._attempt(request, body, attempt, verify, cert)
            except _Stale:
                # Who closes one idle connection may close each, some of them with a request on its way.
                pool = self.get_connection_with_tls_context(request, verify, cert=cert)
                assert isinstance(pool, _Keeping)
                pool.keeps = False
                if stale:
                    raise
                stale = True
            else:
                wait = self._transport._wait_asked(exchange_of(response))
                if wait is None:
                    return response
                self._transport._hold(wait)
            attempt += 1

    def _attempt(
        self, request: requests.PreparedRequest, body: bytes | None, attempt: int, verify: Any, cert: Any
    ) -> requests.Response:
        transport = self._transport
        with transport._permit() as permit:
            started = transport._clock()
            _connecting.fresh = False
            begun: requests.Response | None = None
            try:
                response = begun = super().send(
                    request, stream=True, timeout=transport.limits.timeout, verify=verify, cert=cert
                )
                _read(response, transport._clock, transport.limits.timeout)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                if begun is not None:
                    begun.close()
                translated = _translated(request, error, transport)
                if isinstance(translated, NoAnswer):
                    translated.damage = _damage(error, begun=begun is not None)
                raise translated from error
            exchange = Exchange(
                method=request.method or "",
                url=request.url or "",
                request_headers=_headers_of(request),
                request_body=body,
                status=response.status_code,
                headers=tuple(response.raw.headers.items()),
                body=response.content,
                seconds=transport._clock() - started,
                retries=attempt,
            )
            setattr(response, _EXCHANGE, exchange)
            permit(exchange)
        return response


def exchange_of(response: requests.Response) -> Exchange:
    """The exchange behind a response of :attr:`Transport.session`.

    Raises:
        LookupError: the response came from another session.
    """
    exchange = getattr(response, _EXCHANGE, None)
    if not isinstance(exchange, Exchange):
        raise LookupError("the response did not come through a Transport")
    return exchange


class _Session(requests.Session):
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


class _Stale(Unreachable):
    """An idle connection turned out to be closed before anything of an answer came over it."""


_EXCHANGE = "_histdata_exchange"
_connecting = threading.local()


class _FinalResponse(http.client.HTTPResponse):
    """Reads past interim answers (RFC 9110, 15.2), of which the standard library knows only 100."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            line: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if not 100 < line[1] < 200 or line[1] == http.client.SWITCHING_PROTOCOLS:
                return line
            http.client.parse_headers(self.fp)


class _Connection(HTTPConnection):
    response_class = _FinalResponse

    def connect(self) -> None:
        _connecting.fresh = True
        super().connect()


class _SecureConnection(HTTPSConnection):
    response_class = _FinalResponse

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


def _read(response: requests.Response, clock: Callable[[], float], timeout: float) -> None:
    """Read the body now, so that an endless or dripping answer ends here and counts as none."""
    deadline = clock() + timeout
    parts, size = [], 0
    for part in response.raw.stream(_CHUNK, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > _BODY_LIMIT:
            response.raw.close()
            raise urllib3.exceptions.HTTPError(f"the answer is longer than {_BODY_LIMIT} bytes")
        if clock() > deadline:
            response.raw.close()
            raise urllib3.exceptions.HTTPError(f"the answer was not complete after {timeout:g} s")
    response._content = b"".join(parts)
    response._content_consumed = True  # type: ignore[attr-defined]  # what requests sets when it reads
    response.raw.release_conn()


def _translated(request: requests.PreparedRequest, error: Exception, transport: Transport) -> TransportError:
    causes = list(_causes(error))
    place = transport.redact(f"{request.method} {request.url}")
    words = transport.redact(_words(causes[-1]))
    never_connected = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    if isinstance(error, (requests.exceptions.SSLError, requests.exceptions.InvalidURL)) or any(
        isinstance(cause, never_connected) for cause in causes
    ):
        unreachable = Unreachable(f"{place}: could not connect: {words}")
        unreachable.refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
        return unreachable
    dropped = any(isinstance(c, (http.client.RemoteDisconnected, ConnectionError)) for c in causes)
    if dropped and not _connecting.fresh and isinstance(error, requests.ConnectionError):
        return _Stale(f"{place}: {words}")
    no_answer = NoAnswer(f"{place}: {words}")
    no_answer.closed = dropped
    no_answer.silent = isinstance(error, requests.exceptions.ReadTimeout)
    return no_answer


def _damage(error: Exception, *, begun: bool) -> str | None:
    """What is wrong with an answer of which at least the head has come, in words that are always the same."""
    if isinstance(error, requests.exceptions.InvalidHeader):
        return "its Content-Length contradicts itself"
    if not begun or type(error) is urllib3.exceptions.HTTPError:  # ours: it is too long, or does not end
        return None
    if isinstance(error, urllib3.exceptions.DecodeError):
        return "it cannot be unpacked as its Content-Encoding says"
    if isinstance(error, (TimeoutError, urllib3.exceptions.TimeoutError)):
        return "it stopped before it was whole"
    return "it ended before it was whole"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """*error* and what it wraps, outermost first; requests and urllib3 keep that in different places."""
    seen: set[int] = set()
    current: object = error
    while isinstance(current, BaseException) and id(current) not in seen:
        seen.add(id(current))
        yield current
        inside = [getattr(current, "reason", None), *current.args, current.__cause__, current.__context__]
        current = next((c for c in inside if isinstance(c, BaseException) and id(c) not in seen), None)


def _words(error: BaseException) -> str:
    if isinstance(error, (TimeoutError, urllib3.exceptions.TimeoutError)):
        return "timed out"
    if isinstance(error, http.client.RemoteDisconnected):
        return "the server closed the connection without an answer"
    if isinstance(error, http.client.IncompleteRead):
        # urllib3 puts a number where the standard library has the bytes.
        partial: Any = error.partial
        length = partial if isinstance(partial, int) else len(partial)
        return f"the answer ended after {length} bytes, before its announced length"
    if isinstance(error, http.client.BadStatusLine):
        return f"not an HTTP answer: {str(error)[:80]}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        return "what listens there speaks no TLS; is the URL to begin with http:// and not https://?"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__


def _body_of(request: requests.PreparedRequest) -> bytes | None:
    body: Any = request.body
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        body = [body.read()]
    return b"".join(part if isinstance(part, bytes) else part.encode() for part in body)


def _headers_of(request: requests.PreparedRequest) -> tuple[tuple[str, str], ...]:
    def text(value: str | bytes) -> str:
        return value.decode("latin-1") if isinstance(value, bytes) else value

    return tuple((text(name), text(value)) for name, value in request.headers.items())


def _origin(url: str) -> tuple[str, str, int]:
    split = urlsplit(url)
    scheme = split.scheme.lower()
    return scheme, (split.hostname or "").lower(), split.port or (443 if scheme == "https" else 80)
