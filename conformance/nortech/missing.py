"""What is not there: signals, and data of signals (N11, N13)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from conformance.answer import Kind
from conformance.bench import Bench, Sent, Unusable
from conformance.call import JSON
from conformance.check import Observation, check, kept, seen, unknown
from conformance.nortech.datafile import fetch
from conformance.nortech.target import NAMES, NortechTarget

if TYPE_CHECKING:
    from conformance.call import Call

# Large enough that no service has them, small enough for 32 bits.
_NO_SUCH_IDS = (1_999_999_973, 1_999_999_943)
_MANY_IDS = tuple(range(1_999_999_901, 1_999_999_913))
# A run that repeats a request no more often than this is to be short.
_FEW = 2
# What is left of an id in 32 bits is the id itself.
_BEYOND_32_BITS = 2**32
_NO_SUCH_NAMES = ("histdata no such signal", "histdata no such signal either")


@dataclass(frozen=True)
class _Request:
    """A request for signals of which some are missing."""

    name: str
    sent: Sent
    missing: list[Any]


def _signals(body: Mapping[str, Any], signals: list[Any]) -> dict[str, Any]:
    return {**body, "signals": signals}


def _ids(bench: Bench) -> Iterator[_Request]:
    twin = bench.accepted_twin("byId")
    known = twin.call.body["signals"][0]
    first, second = _NO_SUCH_IDS
    for name, asked, missing in (
        ("an id that is not known", [first], [first]),
        ("a known id and two that are not", [first, known, second], [first, second]),
        *([("twelve ids that are not known", [*_MANY_IDS], [*_MANY_IDS])] if bench.repeats > _FEW else ()),
    ):
        call = replace(twin.call, body=_signals(twin.call.body, asked))
        sent = bench.once(name, call, difference=f"body /signals set to {asked}", twin=twin)
        yield _Request(name, sent, missing)


def _names(bench: Bench) -> Iterator[_Request]:
    twin = bench.accepted_twin("bySearch")
    known = {name: twin.call.body["signals"][0][name] for name in NAMES}
    first, second = ({**known, "signal": name} for name in _NO_SUCH_NAMES)
    for name, asked, missing in (
        ("a name that is not known", [first], [first]),
        ("a known name and two that are not", [first, known, second], [first, second]),
        *((f"a known signal in an unknown {part}", [other], [other]) for part, other in _elsewhere(known)),
    ):
        call = replace(twin.call, body=_signals(twin.call.body, asked))
        sent = bench.once(name, call, difference="body /signals has names that are not known", twin=twin)
        yield _Request(name, sent, missing)


def _elsewhere(known: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The known signal under each of the names above it that is not known."""
    for part in NAMES[:-1]:
        yield part, {**known, part: f"histdata no such {part}"}


def _requests(bench: Bench) -> Iterator[_Request]:
    yield from _ids(bench)
    try:
        yield from _names(bench)
    except Unusable:
        return  # NT-MISSING-02 says why


@check("nortech.missing.ids", requests=lambda depth: 4 if depth.repeats > _FEW else 2)
def ids(bench: Bench) -> Iterator[Observation]:
    """An id that is not known, alone, among known ones and among many, and one that a short integer cuts."""
    for request in _ids(bench):
        status = request.sent.answer.status
        # How many signals a request may ask for is not documented.
        too_many = len(request.missing) == len(_MANY_IDS) and status != 404 and 400 <= status < 500
        yield kept() if too_many else bench.expect(request.sent, status == 404, "404 (N11)")
    if bench.repeats <= _FEW:
        return
    twin = bench.accepted_twin("byId")
    far = twin.call.body["signals"][0] + _BEYOND_32_BITS
    words = f"body /signals set to [{far}], 2^32 more than a known id"
    call = replace(twin.call, body=_signals(twin.call.body, [far]))
    sent = bench.once("an id beyond 32 bits", call, difference=words, twin=twin)
    # Whether so large a number is an id at all is not documented.
    yield bench.expect(sent, sent.answer.kind is not Kind.ACCEPTED, "404 (N11), or another refusal")


@check("nortech.missing.near", requests=2 * (len(NAMES) + 1))
def near(bench: Bench) -> Iterator[Observation]:
    """Each name of a known signal cut, and its own name longer.

    Such a signal may well exist. But a column is named by the id of its signal (N9), so that it is the known
    one under another name shows in the file.
    """
    twin = bench.accepted_twin("bySearch")
    known = {name: twin.call.body["signals"][0][name] for name in NAMES}
    target = bench.target
    assert isinstance(target, NortechTarget)
    own = next(str(s["id"]) for s in target.named if target.search(s) == known)
    others = [target.search(signal) for signal in target.named]
    for words, asked in _near(known):
        if asked in others:
            continue
        call = replace(twin.call, body=_signals(twin.call.body, [asked]))
        sent = bench.once(words, call, difference=words, twin=twin)
        if sent.answer.kind is not Kind.ACCEPTED:
            yield bench.expect(sent, 400 <= sent.answer.status < 500, "404 (N11)")
            continue
        try:
            columns = fetch(bench, sent).signals
        except Unusable as reason:
            yield unknown(str(reason))
            continue
        actual = f"200, and a file with the columns {columns}"
        yield kept() if own not in columns else bench.finding(sent, "404 (N11)", actual)


def _near(known: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    for part, name in known.items():
        if name[:-1]:
            yield f"{part} cut", {**known, part: name[:-1]}
    yield "signal with a letter more", {**known, "signal": known["signal"] + "x"}


@check("nortech.missing.letter_case", requests=len(NAMES), accepted=len(NAMES))
def letter_case(bench: Bench) -> Iterator[Observation]:
    """No document says whether names are told apart by letter case."""
    twin = bench.accepted_twin("bySearch")
    known = {name: twin.call.body["signals"][0][name] for name in NAMES}
    for part, name in known.items():
        words = f"{part} in the other case"
        asked = _signals(twin.call.body, [{**known, part: name.swapcase()}])
        if name.swapcase() != name:
            sent = bench.send(words, replace(twin.call, body=asked), difference=words, twin=twin)
            yield seen(f"{words} is {sent.answer.outcome}")


@check("nortech.missing.names", requests=2 + len(NAMES[:-1]))
def names(bench: Bench) -> Iterator[Observation]:
    """A name that is not known, alone and among known ones, and each name above a signal."""
    for request in _names(bench):
        yield bench.expect(request.sent, request.sent.answer.status == 404, "404 (N11)")


def _not_found(bench: Bench) -> Iterator[tuple[_Request, Mapping[str, Any]]]:
    for request in _requests(bench):
        document = request.sent.answer.document
        if request.sent.answer.status == 404:
            yield request, document if isinstance(document, Mapping) else {}


@check("nortech.missing.status", requests=0)
def status(bench: Bench) -> Iterator[Observation]:
    """The 404 says what was not found."""
    answered = list(_not_found(bench))
    for request, document in answered:
        met = document.get("status") == "Signals not found" and request.sent.answer.media_type == JSON
        yield bench.expect(request.sent, met, f'content type {JSON}, status "Signals not found"')
    if not answered:
        yield unknown("no request for missing signals was answered with 404")


@check("nortech.missing.listed", requests=0)
def listed(bench: Bench) -> Iterator[Observation]:
    """The missing ones are listed, in any order; further members of a search object are let pass."""
    answered = list(_not_found(bench))
    for request, document in answered:
        given = _listed(bench, document)
        # Compared by what identifies a signal, so that a wrong form is put down to the form alone.
        met = given is not None and sorted(map(_identity, given)) == sorted(map(_identity, request.missing))
        yield bench.expect(request.sent, met, f"the missing signals, and no other: {request.missing}")
    if not answered:
        yield unknown("no request for missing signals was answered with 404")


@check("nortech.missing.form", requests=0)
def form(bench: Bench) -> Iterator[Observation]:
    """Ids where ids were asked for, search objects where those were."""
    answered = list(_not_found(bench))
    for request, document in answered:
        given = _listed(bench, document)
        if not given:
            continue
        if isinstance(request.missing[0], int):
            met = all(isinstance(item, int) and not isinstance(item, bool) for item in given)
            yield bench.expect(request.sent, met, "integers, as they were asked for")
        else:
            met = all(isinstance(item, Mapping) and set(NAMES) <= item.keys() for item in given)
            yield bench.expect(
                request.sent, met, f"search objects with {', '.join(NAMES)}, as they were asked for"
            )
    if not answered:
        yield unknown("no request for missing signals was answered with 404")


@check("nortech.missing.data", requests=1)
def data(bench: Bench) -> Iterator[Observation]:
    """Known signals, in the window that the profile names as empty."""
    target = bench.target
    assert isinstance(target, NortechTarget)
    if target.window_without_data is None:
        yield unknown(
            "the profile names no window without data; "
            "add nortech/window_without_data: {start: ..., end: ...}"
        )
        return
    twin = bench.accepted_twin("byId")
    call: Call = replace(twin.call, body={**twin.call.body, "timeWindow": dict(target.window_without_data)})
    sent = bench.once(
        "a window without data", call, difference="body /timeWindow has no data", twin=twin, place="body"
    )
    document = sent.answer.document
    says = isinstance(document, Mapping) and document.get("status") == "Signal Data not found"
    met = sent.answer.status == 404 and sent.answer.media_type == JSON and says
    yield bench.expect(sent, met, f'404 with content type {JSON}, status "Signal Data not found" (N11)')


def _listed(bench: Bench, document: Mapping[str, Any]) -> list[Any] | None:
    # The two revisions differ in where the list is (N13); the contract knows.
    members = bench.contract.document["components"]["schemas"]["SignalsNotFound"]["properties"]
    holder = document.get("details") if "details" in members else document
    given = holder.get("signals") if isinstance(holder, Mapping) else None
    return given if isinstance(given, list) else None


def _identity(signal: Any) -> str:
    if isinstance(signal, Mapping):
        return (
            "\n".join(str(signal.get(name)) for name in NAMES)
            if "signal" in signal
            else str(signal.get("id"))
        )
    return str(signal)
