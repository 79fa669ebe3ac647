"""``histdata-conformance``: judge a server, write a target profile, list the requirements."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from conformance import catalogue, contract, plan, profile, report, run
from conformance.profile import ProfileError
from conformance.report import listing, terminal
from conformance.transport import Limits, Transport
from conformance.vendors import VENDORS
from conformance.verdict import ContractResult, RunResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.vendor import Vendor

USAGE = 2
_DEPTH = "standard"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status.

    0 conformant (or done), 1 not conformant, 2 usage or configuration, 3 could not be judged.
    """
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.command(arguments))
    except (ProfileError, catalogue.CatalogueError, contract.ContractError, _UsageError) as error:
        print(f"histdata-conformance: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("histdata-conformance: interrupted; nothing was judged", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


class _UsageError(Exception):
    """The arguments do not fit together or name something that cannot be used."""


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="histdata-conformance", description="Judge a live server by the histdata contracts."
    )
    parser.add_argument("--version", action="version", version=f"histdata {version('histdata')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    command = commands.add_parser("run", help="judge a server", description=_run.__doc__)
    command.add_argument(
        "-u", "--url", required=True, type=_url, help="base URL of the server, like http://127.0.0.1:4010"
    )
    command.add_argument(
        "-t", "--target", required=True, type=Path, metavar="PROFILE", help="target profile, from `init`"
    )
    command.add_argument("--contract", choices=catalogue.contracts(), help="judge this contract only")
    command.add_argument("--seed", type=_natural, default=1, help="of everything generated (default: 1)")
    command.add_argument(
        "--max-examples",
        type=_natural,
        default=30,
        metavar="N",
        help="requests that Schemathesis makes up for fuzzing, a contract; 0 leaves its engine out "
        "(default: 30)",
    )
    command.add_argument(
        "--max-requests",
        type=_positive,
        default=1000,
        metavar="N",
        help="ceiling on requests, a contract (default: 1000)",
    )
    command.add_argument(
        "--max-accepted",
        type=_positive,
        default=200,
        metavar="N",
        help="ceiling on accepted requests, a contract; an accepted LiveRig request starts a job "
        "(default: 200)",
    )
    command.add_argument(
        "--rate-limit", type=_rate, metavar="N/s|N/m", help="requests a second or a minute, like 10/s"
    )
    command.add_argument("--max-time", type=_seconds, metavar="SECONDS", help="ceiling on time, a contract")
    command.add_argument(
        "--request-timeout",
        type=_seconds,
        default=30.0,
        metavar="SECONDS",
        help="for one request (default: 30)",
    )
    command.add_argument(
        "-H",
        "--header",
        action="append",
        default=[],
        type=_header,
        metavar="'NAME: $VARIABLE'",
        help="header for every request, say for a gateway; $VARIABLE is taken from the environment and "
        "kept out of reports",
    )
    command.add_argument(
        "--report-dir",
        type=Path,
        default=Path("histdata-report"),
        metavar="DIR",
        help="where reports go (default: histdata-report)",
    )
    command.add_argument("-v", "--verbose", action="store_true", help="print what passed, too")
    command.add_argument("--dry-run", action="store_true", help="print the plan and send nothing")
    command.set_defaults(command=_run)

    command = commands.add_parser("init", help="write a commented target profile", description=_init.__doc__)
    command.add_argument(
        "file", nargs="?", type=Path, default=Path("profile.yaml"), help="default: profile.yaml"
    )
    command.add_argument("--force", action="store_true", help="replace a file that is there")
    command.set_defaults(command=_init)

    command = commands.add_parser("list", help="print the requirements", description=_list.__doc__)
    command.add_argument("--contract", choices=catalogue.contracts(), help="of this contract only")
    command.add_argument("--json", action="store_true", help="as JSON")
    command.set_defaults(command=_list)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    """Judge a server by every contract that the profile has a section for."""
    settings = profile.load(arguments.target, VENDORS)
    plans = [
        _plan(vendor, settings.sections[vendor.key], arguments.max_examples)
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
    started, clock = datetime.now(UTC), time.monotonic()
    results: list[ContractResult] = []
    sent, latencies = 0, {}
    with terminal.Progress(sys.stderr) as progress:
        progress.start(text)
        for one in plans:
            seconds: list[float] = []
            with _transport(one, arguments, seconds) as transport:
                setting = run.Setting(arguments.seed, settings.answer_seconds, arguments.max_examples)
                schemas = catalogue.load(one.target.contract.id).schemas
                results.append(run.run(one, transport, schemas, setting, progress.advance))
                sent += transport.sent
            latencies[one.target.contract.id] = round(max(seconds, default=0.0), 3)
    result = RunResult(
        target=arguments.url,
        seed=arguments.seed,
        depth=_DEPTH,
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
    terminal.summarise(result, sys.stdout, verbose=arguments.verbose, reports=written)
    return result.outcome.exit_code


def _plan(vendor: object, section: Mapping[str, object], examples: int) -> plan.Plan:

    known: Vendor = vendor  # type: ignore[assignment]
    book = catalogue.load(known.contract)
    revision = str(section.get("revision", known.revision))
    target = known.target(contract.load(known.contract, revision, book.operation), section, os.environ)
    return plan.make(target, book.of(revision), generated=_GENERATED_COVERAGE + examples if examples else 0)


# What Schemathesis's coverage phase makes of either contract, rounded up; equal requests are sent once.
_GENERATED_COVERAGE = 140


def _plan_text(plans: Sequence[plan.Plan], arguments: argparse.Namespace) -> str:
    lines = [f"Plan for {arguments.url}, seed {arguments.seed}:"]
    lines += [
        f"  {one.target.contract.id} ({one.target.contract.revision}): "
        f"{len(one.requirements)} requirements, "
        f"at most {min(one.requests, arguments.max_requests)} requests, "
        f"at most {min(one.accepted, arguments.max_accepted)} of them accepted"
        for one in plans
    ]
    return "\n".join(lines)


def _transport(one: plan.Plan, arguments: argparse.Namespace, seconds: list[float]) -> Transport:
    """The door to the target; it adds to *seconds* how long each answer took."""
    secrets = dict(one.target.secrets)
    headers = {}
    for name, value, variable in arguments.header:
        headers[name] = value
        if variable is not None:
            secrets[variable] = value
    limits = Limits(
        max_requests=arguments.max_requests,
        max_accepted=arguments.max_accepted,
        rate=arguments.rate_limit,
        max_time=arguments.max_time,
        timeout=arguments.request_timeout,
    )
    transport = Transport(arguments.url, limits, secrets, headers=headers)
    transport.on_exchange(lambda exchange: seconds.append(exchange.seconds))
    return transport


def _init(arguments: argparse.Namespace) -> int:
    """Write a commented target profile with the identifiers that the vendors document."""
    try:
        with arguments.file.open("w" if arguments.force else "x", encoding="utf-8") as file:
            file.write(profile.template(VENDORS))
    except FileExistsError:
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
        print(listing.render_json(books))
    else:
        listing.print_text(books, sys.stdout)
    return 0


def _writable(directory: Path) -> None:
    """Find out before the first request, not after the last one, that reports cannot be written."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _UsageError(f"--report-dir {directory}: {error.strerror}") from None
    if not os.access(directory, os.W_OK):
        raise _UsageError(f"--report-dir {directory}: cannot be written to")


def _url(text: str) -> str:
    parts = urlsplit(text)
    try:
        port_ok = parts.port is None or parts.port > 0
    except ValueError:
        port_ok = False
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or not port_ok
        or parts.query
        or parts.fragment
    ):
        raise argparse.ArgumentTypeError(f"{text!r} is no base URL like http://127.0.0.1:4010")
    if parts.username is not None:
        raise argparse.ArgumentTypeError(
            "credentials go into environment variables that the profile names, not into the URL"
        )
    return text.rstrip("/")


def _natural(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")
    return int(text)


def _positive(text: str) -> int:
    number = _natural(text)
    if number == 0:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds


def _rate(text: str) -> float:
    number, _, unit = text.partition("/")
    per = {"s": 1, "m": 60, "h": 3600}.get(unit)
    if per is None or not number.isdigit() or int(number) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no rate like 10/s or 100/m")
    return int(number) / per


def _header(text: str) -> tuple[str, str, str | None]:
    name, colon, value = text.partition(":")
    name, value = name.strip(), value.strip()
    if not colon or not name or not value:
        raise argparse.ArgumentTypeError(f"{text!r} is no header like 'X-Gateway: $GATEWAY_KEY'")
    if not value.startswith("$"):
        return name, value, None
    variable = value[1:].strip("{}")
    if not os.environ.get(variable):
        raise argparse.ArgumentTypeError(
            f"header {name} names the environment variable {variable}, which is not set or empty"
        )
    return name, os.environ[variable], variable
