"""Where checks work: it sends their requests, keeps accepted twins, and writes findings.

A negative case proves something only beside an accepted twin that differs in one thing. The bench holds the
twins: the contract's named examples with the target's own identifiers, each sent once.
"""

from __future__ import annotations

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import TYPE_CHECKING, Any

from conformance import engine
from conformance.answer import Answer, Kind, is_busy
from conformance.call import Absent
from conformance.catalogue import Expectation
from conformance.check import Observation, kept, unknown
from conformance.trouble import NoAnswer
from conformance.vendor import Gap, Target
from conformance.verdict import Finding, Sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import requests

    from conformance.call import Call
    from conformance.exchange import Exchange
    from conformance.transport import Transport

# What a server answers to these starts nothing (RFC 9110).
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_CONFLICT = 409
# How often a request is sent again whose connection was closed, and how big its body may be.
_RESENDS = 2
_BIG = 100_000
# So many damaged answers in one run are no hiccup of a network, though asking again gave whole ones.
_TOO_OFTEN = 3
# Longer than it takes to connect; a rate limit may hold some requests back for longer still.
_AT_ONCE_SECONDS = 2.0


@dataclass(frozen=True)
class Sent:
    """One request, its answer, and what it is about."""

    name: str
    call: Call
    answer: Answer
    difference: str | None = None
    place: str | None = None
    """The one part that is wrong on purpose: ``query``, ``header`` or ``body``; None for a proper request."""
    twin: Sent | None = None
    expect: Expectation | None = None
    """What the case expects, where it expects anything."""


class Unusable(Exception):  # noqa: N818
    """A case cannot be run or proves nothing; the message is the reason."""


class Bench:
    """The working place of one run on one contract."""

    def __init__(
        self,
        target: Target,
        transport: Transport,
        *,
        watcher: Callable[[Sent], None],
        seed: int,
        in_time: float,
        repeats: int,
    ) -> None:
        """*watcher* is shown everything sent. *in_time* is the bound for one answer, in seconds.

        *repeats* is how often a check should send one request again.
        """
        self.target = target
        self.contract = target.contract
        self.transport = transport
        self.seed = seed
        self.in_time = in_time
        self.repeats = repeats
        self.sent: list[Sent] = []
        self.locked_out: str | None = None
        """Why the target lets nobody in any more; None while it does."""
        self._watcher = watcher
        self._starts = target.starts()
        self._twins: dict[str, Sent] = {}
        self._shared: dict[str, Sent] = {}
        self._ahead: dict[int, Future[Exchange]] = {}
        self._shelves: dict[str, dict[str, Any]] = {}
        self._damaged = 0
        self._damages = False
        self._waited = False
        self._operation = engine.load(target.contract.document, self.contract.path, self.contract.method)

    @property
    def accepted(self) -> list[Sent]:
        """Everything the target accepted so far, in order."""
        return [s for s in self.sent if s.answer.kind is Kind.ACCEPTED and s.call.method not in SAFE_METHODS]

    def send(
        self,
        name: str,
        call: Call,
        *,
        difference: str | None = None,
        place: str | None = None,
        twin: Sent | None = None,
        expect: Expectation | None = None,
    ) -> Sent:
        """Send one request and show its answer to the watches.

        Raises:
            Unusable: the connection gave no answer, or the target is too busy to give one.
            conformance.transport.Unreachable: the target is not there.
            conformance.transport.BudgetExhausted: the run may send no more.
        """
        ahead = self._ahead.pop(id(call), None)
        first = partial(self._exchange, call) if ahead is None else ahead.result

        def damaged(damage: str) -> None:
            unanswered = Answer(self.transport.unanswered(self._request(call)), Kind.ODD, None)
            self.damaged(Sent(name, call, unanswered, difference, place, twin), damage)

        try:
            exchange = self.whole(first, partial(self._exchange, call), damaged)
        except NoAnswer as error:
            try:
                exchange = self._again(call, error)
            except NoAnswer as still:
                waited = self.transport.limits.timeout
                if still.silent and self._keeps_waiting(call):
                    late = replace(self.transport.unanswered(self._request(call)), seconds=waited)
                    self._watcher(Sent(name, call, Answer(late, Kind.ODD, None), difference, place, twin))
                raise Unusable(f"{name}: no answer: {still}") from None
        if is_busy(exchange):
            raise Unusable(f"{name}: the target is too busy to answer ({exchange.status})")
        sent = Sent(name, call, self.target.classify(exchange), difference, place, twin, expect)
        return self.record(sent)

    def send_ahead(self, calls: Iterable[Call], pool: Executor) -> None:
        """Begin to send *calls* by *pool*; :meth:`send` of the very same call waits for its answer.

        So requests overlap, while evidence keeps the order in which cases ask for it.
        """
        for call in calls:
            self._ahead[id(call)] = pool.submit(self._exchange, call)

    def whole(
        self, first: Callable[[], Exchange], again: Callable[[], Exchange], damaged: Callable[[str], None]
    ) -> Exchange:
        """The exchange that *first* gives, or *again* where its answer came damaged, as may happen once.

        *damaged* is told what is wrong where that comes of it again and again, or too often in one run. Once
        a request was never answered whole, no other is sent again.

        Raises:
            NoAnswer: no answer came, or none that was whole.
        """
        try:
            return first()
        except NoAnswer as error:
            if error.damage is None or self._damages:
                raise
            damage, counts = error.damage, not error.closed
        self._damaged += counts
        for left in reversed(range(_RESENDS)):
            try:
                exchange = again()
            except NoAnswer as still:
                if still.damage is not None and not left:
                    self._damages = True
                    damaged(still.damage)
                if still.damage is None or not left:
                    raise
            else:
                if counts and self._damaged >= _TOO_OFTEN:
                    damaged(damage)
                return exchange
        raise AssertionError("the last try gives or raises")

    def damaged(self, sent: Sent, damage: str) -> None:
        """Show the watches what is wrong with the answer to a request, or with its file."""
        exchange = replace(sent.answer.exchange, damage=damage)
        self._watcher(replace(sent, answer=replace(sent.answer, exchange=exchange)))

    def _again(self, call: Call, error: NoAnswer) -> Exchange:
        """Send a request again to which the server closed the connection, as one does that falls over.

        That is the answer where it happens again and again, of a server that has accepted others. A big body
        may be refused so, and another method by whatever stands before the server.

        Raises:
            NoAnswer: that proves nothing.
        """
        content = call.content or b""
        if error.silent and not self._waited and self.accepted and len(content) < _BIG:
            return self._exchange(call)
        proves = self.accepted and call.method == self.contract.method and len(content) < _BIG
        if not (proves and error.closed) or error.damage is not None:
            raise error
        for _ in range(_RESENDS):
            try:
                return self._exchange(call)
            except NoAnswer as still:
                if not still.closed:
                    raise
        return self.transport.unanswered(self._request(call))

    def _keeps_waiting(self, call: Call) -> bool:
        """Whether the target leaves this request without an answer, and answers another one meanwhile.

        A big body may be left lying, and a network that has gone answers nobody.
        """
        if not self.accepted or len(call.content or b"") >= _BIG:
            return False
        try:
            self._exchange(replace(self.accepted[0].call, method="GET", body=Absent.BODY))
        except NoAnswer:
            return False
        self._waited = True
        # What is later than that is late in any case, and there may be many more of them.
        limits = self.transport.limits
        self.transport.limits = replace(limits, timeout=min(limits.timeout, self.in_time + 1))
        return True

    def _exchange(self, call: Call) -> Exchange:
        return self.transport.send(self._request(call))

    def _request(self, call: Call) -> requests.Request:
        return call.prepare(self._operation, self.transport.base_url)

    def burst(self, name: str, calls: Sequence[Call], *, twin: Sent) -> list[Sent]:
        """Send requests, each on a connection of its own, so that all end at the same moment.

        What has no answer, or a busy one, is left out; evidence is in the order of the requests.

        Raises:
            conformance.transport.Unreachable: the target is not there.
            conformance.transport.BudgetExhausted: the run may send no more.
        """
        barrier = Barrier(len(calls))

        def together() -> None:
            with suppress(BrokenBarrierError):
                barrier.wait(_AT_ONCE_SECONDS)

        def one(call: Call) -> Exchange | None:
            try:
                return replace(self.transport.raw(self.wire(call), before_end=together), raw=None)
            except NoAnswer:
                return None

        with ThreadPoolExecutor(max_workers=max(len(calls), 1)) as pool:
            exchanges = list(pool.map(one, calls))
        return [
            self.record(Sent(f"{name} ({position})", call, self.target.classify(exchange), twin=twin))
            for position, (call, exchange) in enumerate(zip(calls, exchanges, strict=True), start=1)
            if exchange is not None and not is_busy(exchange)
        ]

    def wire(self, call: Call) -> bytes:
        """The bytes that :meth:`send` would put on the wire, to be damaged."""
        return self.transport.wire(self._request(call))

    def send_written(self, name: str, call: Call, payload: bytes, *, difference: str, twin: Sent) -> Sent:
        """Send *call* as *payload*: what :meth:`wire` wrote, with a change that a client would undo.

        Raises:
            Unusable: no answer came, or the target is too busy to give one.
            conformance.transport.Unreachable: the target is not there.
            conformance.transport.BudgetExhausted: the run may send no more.
        """
        exchange = self._raw(name, payload)
        if is_busy(exchange):
            raise Unusable(f"{name}: the target is too busy to answer ({exchange.status})")
        # Other clients leave it as it is, so that the command need not be one of bytes.
        answer = self.target.classify(replace(exchange, raw=None))
        return self.record(Sent(name, call, answer, difference, twin=twin))

    def send_raw(self, name: str, twin: Sent, payload: bytes, *, difference: str) -> Sent:
        """Send bytes as they are on a connection of their own, then close our side of it.

        Raises:
            Unusable: no answer came.
            conformance.transport.Unreachable: the target is not there.
            conformance.transport.BudgetExhausted: the run may send no more.
        """
        exchange = self._raw(name, payload, half_close=True)
        # Not recorded: what answers before a request is whole is often not the application.
        return Sent(name, twin.call, self.target.classify(exchange), difference, twin=twin)

    def _raw(self, name: str, payload: bytes, *, half_close: bool = False) -> Exchange:
        try:
            return self.transport.raw(payload, half_close=half_close)
        except NoAnswer as error:
            raise Unusable(f"{name}: no answer: {error}") from None

    def once(self, name: str, call: Call, *, difference: str, twin: Sent, place: str | None = None) -> Sent:
        """As :meth:`send`, but a request of this name is sent only once in a run, and shared by the checks.

        Raises:
            Unusable: as for :meth:`send`.
        """
        if name not in self._shared:
            self._shared[name] = self.send(name, call, difference=difference, place=place, twin=twin)
        return self._shared[name]

    def lets_in(self, twin: Sent) -> bool:
        """Whether *twin* is still accepted. The answer is no evidence: credentials run out, or are locked.

        Raises:
            Unusable: no answer came.
            conformance.transport.Unreachable: the target is not there.
            conformance.transport.BudgetExhausted: the run may send no more.
        """
        try:
            return self.target.classify(self._exchange(twin.call)).kind is Kind.ACCEPTED
        except NoAnswer as error:
            raise Unusable(f"{twin.name} once more: no answer: {error}") from None

    def record(self, sent: Sent) -> Sent:
        """Keep an exchange, whoever made it, and show it to the watches."""
        self.sent.append(sent)
        self._watcher(sent)
        return sent

    def shelf(self, name: str) -> dict[str, Any]:
        """A place, by name, for what a vendor's checks share in a run."""
        return self._shelves.setdefault(name, {})

    def start(self, name: str) -> Call:
        """The named example, made for this target.

        Raises:
            Unusable: the profile does not say enough for it.
        """
        start = self._starts.get(name)
        if start is None:
            raise Unusable(f"the contract has no example {name}")
        if isinstance(start, Gap):
            raise Unusable(start.line)
        return start

    def twin(self, name: str) -> Sent:
        """The named example as it was answered; sent on the first call only.

        Raises:
            Unusable: as for :meth:`start` and :meth:`send`.
        """
        if name not in self._twins:
            self._twins[name] = self.send(name, self.start(name))
        return self._twins[name]

    def accepted_twin(self, name: str) -> Sent:
        """The named example, which the target has accepted.

        Raises:
            Unusable: the target did not accept it, so that nothing can be shown beside it.
        """
        twin = self.twin(name)
        if twin.answer.kind is not Kind.ACCEPTED:
            raise Unusable(
                f"the example {name} was not accepted ({self.text(twin.answer)}), so nothing can be shown "
                "beside it; are the identifiers and credentials of the profile right?"
            )
        return twin

    def finding(self, sent: Sent, expected: str, actual: str | None = None) -> Observation:
        """A broken requirement, with the request that shows it and its twin."""
        twin = sent.twin
        return Observation(
            Sign.BROKEN,
            finding=Finding(
                case=sent.name,
                expected=expected,
                actual=self.text(sent.answer) if actual is None else self.transport.redact(actual),
                curl=self.transport.curl(sent.answer.exchange),
                difference=sent.difference,
                twin_curl=self.transport.curl(twin.answer.exchange) if twin else None,
            ),
        )

    def text(self, answer: Answer) -> str:
        """An answer in one line, with secrets taken out."""
        # Before it is cut to length: part of a secret is not known as one.
        return replace(answer, exchange=self.transport.redacted(answer.exchange)).text

    def attempt(self, cases: Iterator[Observation]) -> Iterator[Observation]:
        """Pass observations on; where a case turns out unusable, say so in its place."""
        try:
            yield from cases
        except Unusable as reason:
            yield unknown(str(reason))

    def acceptance(self, sent: Sent) -> Observation:
        """Kept if the request was accepted; a conflict, as with a job that runs already, proves nothing."""
        if sent.answer.status == _CONFLICT:
            return unknown(f"{sent.name}: refused with 409, as in conflict with an earlier request")
        met = self.target.meets(Expectation.ACCEPTED, sent.answer)
        return self.expect(sent, met, self.target.wording(Expectation.ACCEPTED))

    def expect(self, sent: Sent, met: bool, expected: str) -> Observation:
        """Kept if *met*, else a finding."""
        return kept() if met else self.finding(sent, expected)
