"""``histdata-conformance``: judge a server, write a target profile, list the requirements."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis.configuration import set_hypothesis_home_dir

from conformance import catalogue, contract, plan, profile, report, run
from conformance.arguments import USAGE, parser
from conformance.budget import Limits
from conformance.depth import DEPTHS, Depth
from conformance.profile import ProfileError
from conformance.report import listing, terminal
from conformance.transport import Transport
from conformance.vendors import VENDORS
from conformance.verdict import ContractResult, RunResult

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from conformance.vendor import Vendor


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status.

    0 conformant (or done), 1 not conformant, 2 usage or configuration, 3 could not be judged.
    """
    commands = {"run": _run, "init": _init, "list": _list, "self-test": _self_test}
    arguments = parser(commands).parse_args(argv)
    try:
        return int(arguments.command(arguments))
    except (ProfileError, catalogue.CatalogueError, contract.ContractError, _UsageError) as error:
        print(f"histdata-conformance: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        _silence()
        return 141
    except OSError as error:
        _silence()
        print(f"histdata-conformance: cannot write its output: {error.strerror}", file=sys.stderr)
        return USAGE


def _silence() -> None:
    """Write no more: what is still buffered would fail again at exit, and change the exit status."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _UsageError(Exception):
    """The arguments do not fit together or name something that cannot be used."""


def _run(arguments: argparse.Namespace) -> int:
    """Judge a server by every contract that the profile has a section for."""
    settings = profile.load(arguments.target, VENDORS)
    depth = _depth(arguments)
    plans = [
        _plan(
            vendor,
            settings.sections[vendor.key],
            depth,
            arguments.target,
            ceiling_given=arguments.max_accepted is not None,
        )
        for vendor in VENDORS
        if vendor.key in settings.sections and arguments.contract in (None, vendor.contract)
    ]
    if not plans:
        raise _UsageError(f"{arguments.target} has no section for {arguments.contract}")
    text = _plan_text(plans, arguments)
    if arguments.dry_run:
        print(text)
        return 0
    _writable(arguments.report_dir)
    # Hypothesis would keep a folder of its own where the user happens to be.
    set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "histdata-hypothesis")
    # Each contract's run keeps the secrets of all: a target may well show one where it is not expected.
    secrets = {variable: value for _, value, variable in arguments.header if variable is not None}
    for one in plans:
        secrets |= one.target.secrets
    started, clock = datetime.now(UTC), time.monotonic()
    results: list[ContractResult] = []
    sent, latencies = 0, {}
    with terminal.Progress(sys.stderr) as progress:
        progress.start(text)
        for one in plans:
            seconds: list[float] = []
            with _transport(one, secrets, arguments, seconds) as transport:
                setting = run.Setting(
                    arguments.seed, settings.answer_seconds, depth.examples, arguments.workers
                )
                book = catalogue.load(one.target.contract.id)
                judged = run.run(one, transport, book.schemas, setting, progress.advance)
                fails_on_warn = arguments.fail_on == "warn"
                results.append(replace(judged, fails_on_warn=fails_on_warn, facts=book.facts))
                sent += transport.budget.sent
            latencies[one.target.contract.id] = round(max(seconds, default=0.0), 3)
    result = RunResult(
        target=arguments.url,
        seed=arguments.seed,
        depth=arguments.depth,
        contracts=tuple(results),
        requests=sent,
        volatile={
            "started": started.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - clock, 1),
            "slowest_answer_seconds": latencies,
            "versions": {name: version(name) for name in ("histdata", "schemathesis", "hypothesis")}
            | {"python": platform.python_version()},
        },
    )
    try:
        written = report.write(result, arguments.report_dir)
    except OSError as error:
        raise _UsageError(
            f"--report-dir {arguments.report_dir}: {error.strerror}: {error.filename}"
        ) from None
    try:
        terminal.summarise(result, sys.stdout, verbose=arguments.verbose, reports=written)
        sys.stdout.flush()
    except OSError:
        # Nobody reads on, or the disk is full: the reports are written, and the verdict stands.
        _silence()
    return result.outcome.exit_code


def _depth(arguments: argparse.Namespace) -> Depth:
    """The depth that was asked for, with what the user put in place of its numbers."""
    depth = DEPTHS[arguments.depth]
    if arguments.max_examples is not None:
        generated = depth.generated if arguments.max_examples else 0
        depth = replace(depth, examples=arguments.max_examples, generated=generated)
    return replace(
        depth,
        max_requests=arguments.max_requests or depth.max_requests,
        max_accepted=arguments.max_accepted or depth.max_accepted,
        max_seconds=arguments.max_time or depth.max_seconds,
    )


def _plan(
    vendor: Vendor, section: Mapping[str, Any], depth: Depth, file: Path, *, ceiling_given: bool
) -> plan.Plan:
    book = catalogue.load(vendor.contract)
    revision = str(section.get("revision", vendor.revision))
    judged = contract.load(vendor.contract, revision, book.operation)
    if not vendor.starts_jobs and not ceiling_given:
        depth = replace(depth, max_accepted=depth.max_requests)
    try:
        target = vendor.target(judged, section, os.environ)
    except ProfileError as error:
        raise ProfileError(f"{file}: {error}") from None
    return plan.make(target, book.of(revision), depth)


def _plan_text(plans: Sequence[plan.Plan], arguments: argparse.Namespace) -> str:
    lines = [f"Plan for {arguments.url}, depth {arguments.depth}, seed {arguments.seed}:"]
    lines += [
        f"  {one.target.contract.id} ({one.target.contract.revision}): "
        f"{len(one.requirements)} requirements, "
        f"at most {min(one.requests, one.depth.max_requests)} requests, of which a correct target accepts at "
        f"most {min(one.accepted, one.depth.max_accepted)}; the run ends at {one.depth.max_accepted}"
        for one in plans
    ]
    return "\n".join(lines)


def _transport(
    one: plan.Plan, secrets: Mapping[str, str], arguments: argparse.Namespace, seconds: list[float]
) -> Transport:
    """The door to the target; it adds to *seconds* how long each answer took."""
    limits = Limits(
        max_requests=one.depth.max_requests,
        max_accepted=one.depth.max_accepted,
        rate=arguments.rate_limit,
        max_time=one.depth.max_seconds,
        timeout=arguments.request_timeout,
    )
    headers = {name: value for name, value, _ in arguments.header}
    transport = Transport(arguments.url, limits, secrets, headers=headers)
    transport.budget.on_exchange(lambda exchange: seconds.append(exchange.seconds))
    return transport


def _init(arguments: argparse.Namespace) -> int:
    """Write a commented target profile with the identifiers that the vendors document."""
    try:
        with arguments.file.open("w" if arguments.force else "x", encoding="utf-8") as file:
            file.write(profile.template(VENDORS))
    except FileExistsError:
        if arguments.file.is_dir():
            raise _UsageError(f"{arguments.file} is a folder; name a file in it") from None
        raise _UsageError(f"{arguments.file} is there already; --force replaces it") from None
    except OSError as error:
        raise _UsageError(f"{arguments.file}: cannot be written: {error.strerror}") from None
    print(
        f"wrote {arguments.file}; put your server's identifiers in it, then: "
        f"histdata-conformance run -u URL --target {arguments.file}"
    )
    return 0


def _list(arguments: argparse.Namespace) -> int:
    """Print the requirements with their level, evidence and coverage."""
    names = [arguments.contract] if arguments.contract else catalogue.contracts()
    books = [catalogue.load(name) for name in names]
    if arguments.json:
        sys.stdout.write(listing.render_json(books))
    else:
        listing.print_text(books, sys.stdout)
    return 0


def _self_test(arguments: argparse.Namespace) -> int:
    """Set the suite against servers with one fault each, and correct ones that use their freedoms.

    Each is our mock behind a gateway with a defect, on loopback. Exit status 0: every fault was put down to
    the requirement that it breaks, and no correct server was accused.
    """
    # Here, since only this command needs the mock.
    from conformance.selftest import runner

    try:
        return runner.main(
            sys.stdout,
            number=arguments.sample,
            seed=arguments.seed,
            workers=arguments.workers,
            only=arguments.only,
            verbose=arguments.verbose,
        )
    except runner.NoVariantError as error:
        raise _UsageError(f"--only {arguments.only}: {error}") from None


def _writable(directory: Path) -> None:
    """Find out before the first request, not after the last one, that reports cannot be written."""
    try:
        report.clear(directory)
    except (FileExistsError, NotADirectoryError):
        raise _UsageError(f"--report-dir {directory}: is no folder; a file is in the way") from None
    except OSError as error:
        raise _UsageError(f"--report-dir {directory}: {error.strerror}: {error.filename}") from None
    if not os.access(directory, os.W_OK):
        raise _UsageError(f"--report-dir {directory}: cannot be written to")
