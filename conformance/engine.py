"""The one adapter to Schemathesis: its public API for building requests, and its engine.

``schemathesis.engine`` is internal to Schemathesis and changes between its releases. What is used of it is
used here and nowhere else, the version is pinned, and ``tests/conformance/test_engine.py`` fails when it
changes.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import hypothesis
import requests
import schemathesis
import urllib3
from hypothesis.internal.cache import LRUCache
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from schemathesis.core import NOT_SET, NotSet
from schemathesis.core.jsonschema import make_validator
from schemathesis.core.parameters import ParameterLocation, plain_str_values
from schemathesis.core.result import Ok
from schemathesis.engine import events
from schemathesis.engine.context import EngineContext
from schemathesis.engine.core import ExecutionPlan
from schemathesis.engine.run import Phase, PhaseName
from schemathesis.generation.meta import CoveragePhaseData, CoverageScenario
from schemathesis.transport.serialization import Binary, contains_binary

from conformance.budget import BudgetExhausted
from conformance.trouble import TransportError, Unreachable

_SCHEMATHESIS_HEADERS = ("X-Schemathesis-TestCaseId", "User-Agent", "Accept-Encoding", "Connection")
_ITEMS = 2
# Marks a case that is not to be sent, from the hook that decides it to the session that would send it.
_LEFT_OUT = "X-Histdata-Left-Out"
_METHOD_SCENARIO = CoverageScenario.UNSPECIFIED_HTTP_METHOD
# The target is gone rather than restarting: an in-between refusal must not end a run.
_REFUSALS = 3


@dataclass(frozen=True)
class Generated:
    """One request made by Schemathesis, as data. Owns all that it holds: it may be changed by a copy."""

    name: str
    """Made of the phase and a digest of the request as generated, so that one seed gives the same names."""
    phase: str
    """``coverage`` or ``fuzzing``."""
    positive: bool
    """Whether Schemathesis meant it to be valid by the schemas; cross-field rules are unknown to it."""
    broken: frozenset[str]
    """The parts that are invalid on purpose, of query, header, cookie, path, body and method."""
    scenario: str | None
    """Schemathesis's name for a coverage case: ``incorrect_type``, ``unspecified_http_method``."""
    description: str | None
    """What was done to it, in Schemathesis's words."""
    location: str | None
    """The part that the case is about, where it is one: see *broken*. Given for positive cases too."""
    parameter: str | None
    """The parameter that the case is about; None where that is the body."""
    pointer: str | None
    """JSON Pointer into the schema of that part, with the keyword that was broken at its end."""
    method: str
    path: str
    query: dict[str, Any]
    headers: dict[str, str]
    cookies: dict[str, Any]
    body: Any
    """A JSON value, or bytes that are no JSON; None also where *has_body* is false."""
    has_body: bool
    media_type: str | None


@dataclass(frozen=True)
class EngineSummary:
    """What a run of the engine did."""

    cases: Mapping[str, int]
    """Cases that were sent and judged, by phase; a phase that was asked for and ran nothing has 0."""
    dropped: Mapping[str, int]
    """Cases by phase that were not sent: not invalid by the contract itself, or left out by repair."""
    failures: Mapping[str, tuple[str, ...]]
    """What the judge said, by name of the case, in the order of the run."""
    lost: Mapping[str, str]
    """Why no answer came, by name of the case."""
    events: Mapping[str, int]
    """How often each event of the engine was seen."""
    errors: tuple[str, ...]
    """What Schemathesis could not do, in its words."""
    stopped: str | None
    """Why the run ended before its phases did, or None."""


Repair = Callable[[Generated], Generated | None]
Judge = Callable[[Generated, requests.Response], Sequence[str]]
Lost = Callable[[Generated, TransportError], None]


def load(spec: Mapping[str, Any], path: str, method: str) -> Any:
    """One operation of an OpenAPI document, to make ``Case`` objects and strategies of.

    *spec* is not changed. No configuration file of Schemathesis is looked for.

    Raises:
        LookupError: the document has no such operation.
    """
    schema = schemathesis.openapi.from_dict(copy.deepcopy(dict(spec)), config=_config())
    return schema[path][method.upper()]


def build(
    operation: Any,
    base_url: str,
    *,
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    has_body: bool = True,
    media_type: str | None = "application/json",
) -> requests.Request:
    """The request for a case of *operation*, serialised by Schemathesis.

    *body* may be bytes, which are sent as they are: JSON that no JSON writer would write.
    """
    parts: dict[str, Any] = {"body": body, "media_type": media_type} if has_body else {}
    case = operation.Case(query=dict(query or {}), headers=dict(headers or {}), **parts)
    return _request(case.as_transport_kwargs(base_url=base_url))


def generate(operation: Any, *, positive: bool, seed: int, count: int) -> Iterator[Generated]:
    """At most *count* cases drawn by the public strategy of *operation*; the same ones for the same seed.

    Nothing is sent. Fewer come where the strategy has no more different ones.
    """
    mode = schemathesis.GenerationMode.POSITIVE if positive else schemathesis.GenerationMode.NEGATIVE
    drawn: list[Generated] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def draw(case: Any) -> None:
        drawn.append(_generated(case))

    with _no_constants_of_ours():
        draw()
    yield from drawn


@contextmanager
def _no_constants_of_ours() -> Iterator[None]:
    """Keep Hypothesis from drawing the constants in the source of whatever modules happen to be loaded.

    It takes them for hints about the code under test, which is elsewhere; and one seed would give other
    requests in another process, or from a checkout instead of an installed package.
    """
    none = Constants()
    held = providers._get_local_constants, providers.CONSTANTS_CACHE
    providers._get_local_constants, providers.CONSTANTS_CACHE = lambda: none, LRUCache(1024)
    try:
        yield
    finally:
        providers._get_local_constants, providers.CONSTANTS_CACHE = held


def run_engine(
    spec: Mapping[str, Any],
    *,
    session: requests.Session,
    base_url: str,
    seed: int,
    judge: Judge,
    repair: Repair = lambda generated: generated,
    lost: Lost | None = None,
    headers: Mapping[str, str] | None = None,
    operation_id: str | None = None,
    phases: Sequence[str] = ("coverage", "fuzzing"),
    max_examples: int = 50,
    workers: int = 1,
    stop: Callable[[], bool] = lambda: False,
) -> EngineSummary:
    """Let the engine run its *phases* on *spec*, each request going through *session*.

    Generation works on a tightened copy of *spec*, so that bodies stay small. *repair* is shown every case
    before it is sent, valid or not, and gives it back with what it wants changed, or None to leave it out; of
    requests that are then the same, one is sent. *judge* is shown each answer and gives what is wrong with
    it; nothing it says ends the run or makes the engine send more. *lost* is told of requests without an
    answer. *headers* are added where a case has none of that name. *operation_id* limits the run to one
    operation. *max_examples* is for the fuzzing phase, those left out not counted. *stop* is asked before
    each request.

    With one worker, the same seed gives the same requests in the same order, provided that *repair* gives the
    same: what learns from answers is off. More workers share out operations, not the cases of one.

    Raises:
        KeyboardInterrupt: the user ended the run.
        Exception: whatever *repair*, *judge* or *lost* raised, except BudgetExhausted and TransportError,
            which end the run in good order.
    """
    run = _Run(session, dict(headers or {}), phases, repair, judge, lost, stop)
    config = _config(seed=seed, base_url=base_url, phases=phases, max_examples=max_examples, workers=workers)
    schema: schemathesis.BaseSchema = schemathesis.openapi.from_dict(_tightened(spec), config=config)
    contract = schemathesis.openapi.from_dict(copy.deepcopy(dict(spec)), config=_config(base_url=base_url))
    if operation_id is not None:
        schema = schema.include(operation_id=operation_id)
    run.contract = {
        found.ok().label: found.ok() for found in contract.get_all_operations() if isinstance(found, Ok)
    }
    # Functions, since Schemathesis sets attributes on its hooks, which a bound method does not take.
    # Repair runs behind the filter: only what is kept is repaired.
    schema.hooks.hook("filter_case")(lambda context, case: run.filter_case(case) and run.mend_case(case))
    schema.hooks.hook("after_call")(lambda context, case, response: run.after_call(case))
    context = _Context(schema=schema, stop_event=run.stop_event)
    context.run = run
    plan = ExecutionPlan([Phase(PhaseName(name)) for name in phases])
    with _no_constants_of_ours():
        for event in plan.execute(context):
            run.see(event)
    return run.summary()


@dataclass
class _Run:
    """The state of one run; worker threads share it."""

    session: requests.Session
    headers: dict[str, str]
    phases: Sequence[str]
    repair: Repair
    judge: Judge
    lost_to: Lost | None
    stop: Callable[[], bool]
    contract: dict[str, Any] = field(default_factory=dict)
    stop_event: threading.Event = field(default_factory=threading.Event)
    cases: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    failures: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    stopped: str | None = None
    crash: BaseException | None = None
    ended: bool = False
    refusals: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)
    local: threading.local = field(default_factory=threading.local)
    waiting: dict[int, Generated] = field(default_factory=dict)
    """Repaired cases by identity: a case is not hashable by what it is, but lives until it is sent."""

    def filter_case(self, case: Any) -> bool:
        """Whether an invalid case is invalid by the contract, and not only by our tightened copy of it."""
        broken = {place for place, component in case._meta.components.items() if component.mode.is_negative}
        if not broken:
            return True
        operation = self.contract[case.operation.label]
        if all(_is_valid(operation, place, case) for place in broken):
            with self.lock:
                self.dropped[case._meta.phase.name.value] += 1
            return False
        return True

    def mend_case(self, case: Any) -> bool:
        """Have a case repaired, or marked to be left out; always true."""
        try:
            # Coverage cases hold the same body objects.
            case.body = copy.deepcopy(case.body)
            generated = _generated(case)
            repaired = self.repair(generated)
        except Exception as error:  # noqa: BLE001 - given to the caller of run_engine
            self._end(error)
        if repaired is None:
            # Filtered out, it would have Hypothesis look for another one, at ten times the cost.
            case.headers[_LEFT_OUT] = "yes"
        elif repaired is not generated:
            _write_back(repaired, case)
        with self.lock:
            self.waiting[id(case)] = generated if repaired is None else repaired
        return True

    def after_call(self, case: Any) -> None:
        """Have the answer judged."""
        with self.lock:
            generated = self.waiting.pop(id(case))
            answer: requests.Response | TransportError | None = self.local.answer
            (self.dropped if answer is None else self.cases)[generated.phase] += 1
        if answer is None:
            return
        try:
            if isinstance(answer, TransportError):
                self.lost[generated.name] = str(answer)
                if self.lost_to is not None:
                    self.lost_to(generated, answer)
                return
            said = tuple(self.judge(generated, answer))
            if said:
                with self.lock:
                    self.failures[generated.name] = said
        except Exception as error:  # noqa: BLE001 - given to the caller of run_engine
            self._end(error)

    def send(self, request: requests.PreparedRequest) -> requests.Response:
        """Send a request of the engine; end the run where none may be sent."""
        if _LEFT_OUT in request.headers:
            self.local.answer = None
            return _stand_in(request)
        for name in _SCHEMATHESIS_HEADERS:
            request.headers.pop(name, None)
        for name, value in {**_defaults(self.session), **self.headers}.items():
            request.headers.setdefault(name, value)
        if self.stop():
            self._end("it was told to stop")
        try:
            answer = self.session.send(request, allow_redirects=False)
        except BudgetExhausted as error:
            self._end(error)
        except TransportError as error:
            self.refusals = self.refusals + 1 if isinstance(error, Unreachable) else 0
            if self.refusals == _REFUSALS:
                self._end(error)
            # Raised, it would have Hypothesis send the request again to shrink it, and end the fuzzing.
            self.local.answer = error
            return _stand_in(request)
        self.refusals = 0
        self.local.answer = answer
        return answer

    def _end(self, why: Exception | str) -> NoReturn:
        """End the run: the engine takes an interrupt for its user's wish, in whichever hook or thread."""
        with self.lock:
            if not self.ended:
                self.ended = True
                if isinstance(why, (str, BudgetExhausted, TransportError)):
                    self.stopped = str(why)
                else:
                    self.crash = why
        self.stop_event.set()
        raise KeyboardInterrupt

    def see(self, event: events.EngineEvent) -> None:
        """Take note of an event."""
        self.seen[type(event).__name__] += 1
        if isinstance(event, events.NonFatalError):
            self.errors.append(f"{event.label}: {event.info.message or event.info.title}")
        elif isinstance(event, events.FatalError):
            self.crash = event.exception

    def summary(self) -> EngineSummary:
        """What happened, once the engine has finished."""
        if self.crash is not None:
            raise self.crash
        if self.seen[events.Interrupted.__name__] and not self.ended:
            raise KeyboardInterrupt
        return EngineSummary(
            cases={name: self.cases[name] for name in self.phases},
            dropped={name: self.dropped[name] for name in self.phases},
            failures=self.failures,
            lost=self.lost,
            events=dict(self.seen),
            errors=tuple(self.errors),
            stopped=self.stopped,
        )


class _Context(EngineContext):
    """The engine's context, with sessions that send through ours."""

    run: _Run

    @property
    def config(self) -> Any:
        return _Unlearning(self.schema.config)

    def get_session(self, *, operation: Any = None) -> requests.Session:
        return _Way(self.run)


class _Unlearning:
    """The configuration, without the optimiser: Schemathesis gives it the rate of successes to maximise.

    That makes later requests depend on earlier answers, and takes half of the time.
    """

    def __init__(self, config: Any) -> None:
        self._config = config

    def __getattr__(self, name: str) -> Any:
        return getattr(self._config, name)

    def get_hypothesis_settings(self, **choice: Any) -> hypothesis.settings:
        settings: hypothesis.settings = self._config.get_hypothesis_settings(**choice)
        return hypothesis.settings(settings, phases=set(settings.phases) - {hypothesis.Phase.target})


class _Way(requests.Session):
    """A session for one thread of the engine, which empties its session's headers while it sends."""

    def __init__(self, run: _Run) -> None:
        super().__init__()
        self.headers.clear()
        self.trust_env = False
        self._run = run

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        return self._run.send(request)


def _config(
    *,
    seed: int | None = None,
    base_url: str | None = None,
    phases: Collection[str] = (),
    max_examples: int = 1,
    workers: int = 1,
) -> schemathesis.Config:
    still = {"extra-data-sources": {"responses": False}, "operation-ordering": "none"}
    data: dict[str, Any] = {
        # Nothing is kept from run to run, and nothing that an answer says steers what comes next.
        "cache": {"enabled": False},
        "suppress-health-check": ["all"],
        "continue-on-failure": True,
        "workers": workers,
        "generation": {
            "database": "none",
            "no-shrink": True,
            "with-security-parameters": False,
            "unique-inputs": True,
        },
        "phases": {
            "examples": {"enabled": "examples" in phases, **still},
            "coverage": {"enabled": "coverage" in phases, **still},
            "fuzzing": {
                "enabled": "fuzzing" in phases,
                "error-feedback": {"enabled": False},
                "generation": {"max-examples": max_examples},
                **still,
            },
            "stateful": {"enabled": False},
        },
    }
    if seed is not None:
        data["seed"] = seed
    if base_url is not None:
        data["base-url"] = base_url
    return schemathesis.Config.from_dict(data)


def _tightened(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of *spec* whose schemas allow few items and no unnamed members."""
    copied = copy.deepcopy(dict(spec))
    for node in _mappings(copied):
        if node.get("type") == "array":
            low = node.get("minItems", 0)
            node["maxItems"] = min(node.get("maxItems", _ITEMS), max(low, _ITEMS))
        elif node.get("type") == "object":
            if node.get("properties"):
                node.setdefault("additionalProperties", False)
            elif "additionalProperties" in node:
                low = node.get("minProperties", 0)
                node["maxProperties"] = min(node.get("maxProperties", _ITEMS), max(low, _ITEMS))
    return copied


def _mappings(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        # Examples are data: one that has a "type" is no schema.
        children: Iterable[Any] = (
            v for k, v in node.items() if k not in ("example", "examples", "enum", "default")
        )
    elif isinstance(node, list):
        children = node
    else:
        return
    for child in children:
        yield from _mappings(child)


def _is_valid(operation: Any, place: ParameterLocation, case: Any) -> bool:
    """Whether one part of *case* is valid by the contract, as far as its schemas go."""
    dialect = operation.schema.adapter.jsonschema_validator_cls
    if place is ParameterLocation.BODY:
        if isinstance(case.body, NotSet) or case.media_type is None or contains_binary(case.body):
            return False
        known = operation.get_body_for_media_type(case.media_type)
        return known is not None and bool(
            make_validator(known.validation_schema, dialect).is_valid(case.body)
        )
    if place is ParameterLocation.QUERY:
        schema = operation.query.validation_schema
        # A parameter that no document names is no fault: only Schemathesis's schema forbids it.
        query = {n: v for n, v in plain_str_values(dict(case.query)).items() if n in schema["properties"]}
        return bool(make_validator(schema, dialect).is_valid(query))
    return False


def _generated(case: Any) -> Generated:
    meta = case._meta
    data = meta.phase.data
    coverage = data if isinstance(data, CoveragePhaseData) else None
    broken = {place.value for place, component in meta.components.items() if component.mode.is_negative}
    location = data.parameter_location.value if data.parameter_location is not None else None
    if coverage is not None and coverage.scenario is _METHOD_SCENARIO:
        broken, location = {"method"}, "method"
    positive = not meta.generation.mode.is_negative
    if not positive and location is not None:
        # Leaving a whole part out is not marked on the part itself.
        broken.add(location)
    has_body = not isinstance(case.body, NotSet)
    generated = Generated(
        name="",
        phase=meta.phase.name.value,
        positive=positive,
        broken=frozenset(broken),
        scenario=coverage.scenario.value if coverage is not None else None,
        description=data.description,
        location=location,
        parameter=data.parameter if location != "body" else None,
        pointer=data.location or None,
        method=case.method.upper(),
        path=case.formatted_path,
        query=copy.deepcopy(dict(case.query)),
        headers=dict(case.headers),
        cookies=dict(case.cookies),
        body=_plain(case.body) if has_body else None,
        has_body=has_body,
        media_type=case.media_type,
    )
    return replace(generated, name=f"{generated.phase}-{_digest(generated)}")


def _plain(body: Any) -> Any:
    return body.data if isinstance(body, Binary) else copy.deepcopy(body)


def _digest(generated: Generated) -> str:
    parts = [getattr(generated, part) for part in _PARTS] + [generated.has_body, generated.description]
    return hashlib.sha256(json.dumps(parts, default=repr, sort_keys=True).encode()).hexdigest()[:10]


_PARTS = ("method", "path", "query", "headers", "cookies", "body", "media_type")


def _write_back(repaired: Generated, case: Any) -> None:
    """Put what a repair may change into *case*; bytes are no JSON and stay."""
    case.query = dict(repaired.query)
    case.headers = type(case.headers)(repaired.headers)
    case.cookies = dict(repaired.cookies)
    if not repaired.has_body:
        case.body = NOT_SET
    elif not contains_binary(case.body):
        case.body = copy.deepcopy(repaired.body)


def _request(parts: Mapping[str, Any]) -> requests.Request:
    known = {name: parts.get(name) for name in ("params", "cookies", "data", "json", "files", "auth")}
    headers = {k: v for k, v in parts["headers"].items() if k not in _SCHEMATHESIS_HEADERS}
    return requests.Request(parts["method"], parts["url"], headers=headers, **known)


def _defaults(session: requests.Session) -> dict[str, str]:
    return {name: str(value) for name, value in session.headers.items()}


def _stand_in(request: requests.PreparedRequest) -> requests.Response:
    """What the engine is given where no answer came; it goes no further than the engine."""
    response = requests.Response()
    response.status_code = 599
    response.url = request.url or ""
    response.request = request
    response.raw = urllib3.HTTPResponse(body=io.BytesIO(), status=599, preload_content=False)
    return response
