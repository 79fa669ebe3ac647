"""The data files that are asked for of every target, each once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from conformance.answer import Kind
from conformance.bench import Bench, Sent, Unusable
from conformance.check import Observation, kept
from conformance.nortech.datafile import DataFile, fetch
from conformance.nortech.target import NortechTarget

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True)
class Asked:
    """A request for a data file."""

    name: str
    start: str
    """The named example that the request is, or differs from in its body."""
    changes: Mapping[str, Any]
    after: str | None = None
    """Behind which other request the example itself is sent once more, if it is."""


class NotFound(Unusable):
    """A request for a data file was answered with 404."""

    def __init__(self, sent: Sent, reason: str) -> None:
        super().__init__(reason)
        self.sent = sent


# As many signals as are asked for at once.
_MOST = 4
DEFAULT = Asked("byId", "byId", {})
RENAMED = Asked("renamed, as parquet", "renamed", {"format": "parquet"})
# A name of the client's is for one request alone.
BY_SEARCH = Asked("bySearch, after a rename", "bySearch", {}, after="one with a `rename`")
# Those, all signals that the profile knows, these in the other order, and in either text format.
NUMBER_ASKED = 7


def file_of(bench: Bench, asked: Asked) -> DataFile:
    """The file of a request, which is sent once.

    Raises:
        NotFound: what it asks for is not found.
        Unusable: the request was not accepted, or its file gave no answer.
    """
    files: dict[str, DataFile] = bench.shelf("asked files")
    if asked.name not in files:
        twin = bench.accepted_twin(asked.start)
        sent = twin
        if asked.changes or asked.after:
            call = replace(twin.call, body={**twin.call.body, **asked.changes})
            difference = f"sent after {asked.after}" if asked.after else f"body changed: {asked.name}"
            sent = bench.once(asked.name, call, difference=difference, twin=twin)
        if sent.answer.kind is not Kind.ACCEPTED:
            reason = f"{asked.name} was not accepted ({bench.text(sent.answer)})"
            raise NotFound(sent, reason) if sent.answer.kind is Kind.NOT_FOUND else Unusable(reason)
        files[asked.name] = fetch(bench, sent)
    return files[asked.name]


def every_signal(bench: Bench) -> Asked:
    """All signals that the profile knows, up to a few."""
    target = bench.target
    assert isinstance(target, NortechTarget)
    known = [signal["id"] for signal in target.signals[:_MOST]]
    ids = bench.accepted_twin(DEFAULT.start).call.body["signals"]
    return Asked("more signals at once", "byId", {"signals": known}) if len(known) > len(ids) else DEFAULT


def signals_backwards(bench: Bench) -> Asked:
    """The same signals in the other order, in which one with fewer rows may come first."""
    usual = bench.accepted_twin(DEFAULT.start).call.body["signals"]
    signals = every_signal(bench).changes.get("signals", usual)
    return Asked("the signals in the other order", "byId", {"signals": signals[::-1]})


def as_text(bench: Bench) -> tuple[Asked, ...]:
    """All signals in either text format."""
    every = every_signal(bench)
    return tuple(
        Asked(f"{every.name} as {form}", every.start, {**every.changes, "format": form})
        for form in ("json", "csv")
    )


def all_asked(bench: Bench) -> tuple[Asked, ...]:
    """What is asked for of every target, each once."""
    every = [] if (all_of_them := every_signal(bench)) is DEFAULT else [all_of_them]
    return (DEFAULT, *as_text(bench), RENAMED, BY_SEARCH, *every, signals_backwards(bench))


def default_file(bench: Bench) -> DataFile:
    """The file of the request that names no format.

    Raises:
        Unusable: the request was not accepted, or its file gave no answer.
    """
    return file_of(bench, DEFAULT)


def file_finding(bench: Bench, file: DataFile, met: bool, expected: str, actual: str) -> Observation:
    """What is to be said of a file that is as it should be, or is not."""
    # The request is what reproduces it; the file's own address may be gone by then.
    return kept() if met else bench.finding(file.sent, expected, f"in the file at its `outputFile`: {actual}")


def columns_due(bench: Bench, sent: Sent) -> list[tuple[str, str]]:
    """The columns that are due, each with the id of the signal that it holds (N9)."""
    target = bench.target
    assert isinstance(target, NortechTarget)
    by_name = {tuple(target.search(signal).items()): str(signal["id"]) for signal in target.named}
    names = []
    for signal in sent.call.body["signals"]:
        if isinstance(signal, int):
            names.append((str(signal), str(signal)))
        else:
            known = by_name[tuple((k, v) for k, v in signal.items() if k != "rename")]
            names.append((signal.get("rename") or known, known))
    return names


def first_of(instants: list[datetime]) -> str:
    """The first of some instants, for a message."""
    return instants[0].isoformat() if instants else "none"
