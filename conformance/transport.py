"""The one door to the target: everything sent to it passes here.

Our own cases and the Schemathesis engine use one :class:`requests.Session`, whose only adapter keeps the
request budget, the ceiling on accepted requests, the rate limit and ``Retry-After``, and captures every
exchange. Nothing is read from the environment, no redirect is followed and no cookie is kept, so that a
request depends on nothing but itself.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import zlib
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from conformance import curl
from conformance.budget import Budget, Limits
from conformance.door import BODY_LIMIT, CHUNK, Door, FinalResponse, Session
from conformance.exchange import Exchange, body_of, exchange_of, headers_of
from conformance.redaction import Redaction
from conformance.trouble import NoAnswer, Unreachable, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Added to the size of its window: zlib is to tell the two codings apart.
_GZIP_OR_ZLIB = 32
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


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
        self.budget = Budget(limits, clock=clock, sleep=sleep, wall_clock=wall_clock)
        self.session = Session(Door(self.budget, self.redact), verify)

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
            request_headers=headers_of(prepared),
            request_body=body_of(prepared),
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
        body = body_of(prepared)
        headers = dict(headers_of(prepared))
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
        with self.budget.permit() as permit:
            started = self.budget.clock()
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
                answer = FinalResponse(connection, method=method)
                try:
                    answer.begin()
                    content = self._read_raw(answer, started)
                except (OSError, http.client.HTTPException) as error:
                    raise NoAnswer(f"{first[:80]!r} sent as bytes: {words(error)}") from error
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
                seconds=self.budget.clock() - started,
                raw=payload,
            )
            permit(exchange)
        return exchange

    def _read_raw(self, answer: http.client.HTTPResponse, started: float) -> bytes:
        content = b""
        while part := answer.read1(CHUNK):
            content += part
            if len(content) > BODY_LIMIT or self.budget.clock() - started > self.limits.timeout * 2:
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
            raise Unreachable(f"could not connect to {host}:{port}: {words(error)}") from error
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


def _origin(url: str) -> tuple[str, str, int]:
    split = urlsplit(url)
    scheme = split.scheme.lower()
    return scheme, (split.hostname or "").lower(), split.port or (443 if scheme == "https" else 80)
