"""The command line of ``histdata-conformance``: its options, and what their values may be."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from conformance import catalogue
from conformance.depth import DEPTHS, STANDARD

USAGE = 2
_MOST_WORKERS = 32
_LARGEST = 10**18 - 1
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VARIABLE = re.compile(r"\$(?P<brace>\{)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?(brace)\})")
_OURS = frozenset({"authorization", "content-type", "content-length", "transfer-encoding", "host"})
Command = Callable[[argparse.Namespace], int]


class _Parser(argparse.ArgumentParser):
    """Says what is wrong, and not all options before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message} (all options: {self.prog} --help)\n")


def parser(commands_by_name: Mapping[str, Command]) -> argparse.ArgumentParser:
    """The whole command line; each subcommand sets `command` to its function."""
    whole = _Parser(prog="histdata-conformance", description="Judge a live server by the histdata contracts.")
    whole.add_argument("--version", action="version", version=f"histdata {version('histdata')}")
    commands = whole.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    command = commands.add_parser("run", help="judge a server", description=commands_by_name["run"].__doc__)
    command.add_argument(
        "-u", "--url", required=True, type=_url, help="base URL of the server, like http://127.0.0.1:4010"
    )
    command.add_argument(
        "-t", "--target", required=True, type=_path, metavar="PROFILE", help="target profile, from `init`"
    )
    command.add_argument("--contract", choices=catalogue.contracts(), help="judge this contract only")
    command.add_argument(
        "--depth",
        choices=DEPTHS,
        default=STANDARD.name,
        help="smoke: a few MUSTs, at most 40 requests a contract; standard: everything, at most 400; "
        "thorough: more of what Schemathesis makes up, and more repeats (default: standard)",
    )
    command.add_argument("--seed", type=_natural, default=1, help="of everything generated (default: 1)")
    command.add_argument(
        "--max-examples",
        type=_natural,
        metavar="N",
        help="requests that Schemathesis makes up for fuzzing, a contract, in place of the depth's number; "
        "0 leaves its engine out",
    )
    command.add_argument(
        "--max-requests",
        type=_positive,
        metavar="N",
        help="ceiling on requests, a contract, in place of the depth's",
    )
    command.add_argument(
        "--max-accepted",
        type=_positive,
        metavar="N",
        help="ceiling on accepted requests, a contract, in place of the depth's; an accepted LiveRig request "
        "starts a job",
    )
    command.add_argument(
        "--rate-limit", type=_rate, metavar="N/s|N/m", help="requests a second or a minute, like 10/s"
    )
    command.add_argument(
        "--workers",
        type=_workers,
        default=1,
        metavar="N",
        help="requests under way at once; verdict and report stay the same (default: 1, at most 32)",
    )
    command.add_argument(
        "--max-time",
        type=_seconds,
        metavar="SECONDS",
        help="ceiling on time, a contract, in place of the depth's",
    )
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
        type=_path,
        default=Path("histdata-report"),
        metavar="DIR",
        help="where reports go (default: histdata-report)",
    )
    command.add_argument(
        "--fail-on",
        choices=("fail", "warn"),
        default="fail",
        help="what makes a target not conformant: a broken MUST, or a broken SHOULD as well (default: fail)",
    )
    command.add_argument("-v", "--verbose", action="store_true", help="print what passed, too")
    command.add_argument("--dry-run", action="store_true", help="print the plan and send nothing")
    command.set_defaults(command=commands_by_name["run"])

    command = commands.add_parser(
        "init", help="write a commented target profile", description=commands_by_name["init"].__doc__
    )
    command.add_argument(
        "file", nargs="?", type=_path, default=Path("profile.yaml"), help="default: profile.yaml"
    )
    command.add_argument("--force", action="store_true", help="replace a file that is there")
    command.set_defaults(command=commands_by_name["init"])

    command = commands.add_parser(
        "list", help="print the requirements", description=commands_by_name["list"].__doc__
    )
    command.add_argument("--contract", choices=catalogue.contracts(), help="of this contract only")
    command.add_argument("--json", action="store_true", help="as JSON")
    command.set_defaults(command=commands_by_name["list"])
    command = commands.add_parser(
        "self-test",
        help="judge the suite: set it against servers with one fault each, and correct ones with freedoms",
        description=commands_by_name["self-test"].__doc__,
    )
    command.add_argument(
        "--sample", type=_positive, metavar="N", help="take N variants, chosen by the seed (default: all)"
    )
    command.add_argument("--only", default="", metavar="TEXT", help="variants with this text in their name")
    command.add_argument(
        "--seed", type=_natural, default=1, help="of the sample and of the runs (default: 1)"
    )
    command.add_argument(
        "--workers",
        type=_workers,
        default=min(os.cpu_count() or 1, _MOST_WORKERS),
        metavar="N",
        help="processes (default: one a core)",
    )
    command.add_argument("-v", "--verbose", action="store_true", help="print every finding")
    command.set_defaults(command=commands_by_name["self-test"])
    return whole


def _url(text: str) -> str:
    why = None
    try:
        parts = urlsplit(text)
        if parts.username is not None:
            raise argparse.ArgumentTypeError(
                "credentials go into environment variables that the profile names, not into the URL"
            )
        if parts.scheme not in ("http", "https"):
            why = "it must begin with http:// or https://"
        elif not parts.hostname:
            why = "it names no host"
        elif parts.port == 0:
            why = "port 0 is none"
    except ValueError as error:  # an address in brackets that is none, a port that is no number
        why = str(error)
    if why is None and (not text.isprintable() or set(text) & set(' ?#\\"<>')):
        why = "it holds a query, a fragment, or what no URL can"
    if why is not None:
        raise argparse.ArgumentTypeError(f"{text!r} is no base URL like http://127.0.0.1:4010: {why}")
    return text.rstrip("/")


def _path(text: str) -> Path:
    # An empty variable of a shell would otherwise mean the folder one happens to be in.
    if not text:
        raise argparse.ArgumentTypeError("the name is empty")
    return Path(text)


def _natural(text: str, least: int = 0, most: int = _LARGEST) -> int:
    if not _is_number(text) or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number from {least} to {most}")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST))


def _positive(text: str) -> int:
    return _natural(text, least=1)


def _workers(text: str) -> int:
    return _natural(text, least=1, most=_MOST_WORKERS)


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
    if per is None or not _is_number(number) or int(number) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no rate like 10/s or 100/m")
    return int(number) / per


def _header(text: str) -> tuple[str, str, str | None]:
    name, colon, value = text.partition(":")
    name, value = name.strip(), value.strip()
    if not colon or not _TOKEN.fullmatch(name) or not value:
        raise argparse.ArgumentTypeError(f"{text!r} is no header like 'X-Gateway: $GATEWAY_KEY'")
    if name.lower() in _OURS:
        # A case that leaves it out on purpose would get it back.
        raise argparse.ArgumentTypeError(f"the suite sets {name} itself; credentials go into the profile")
    variable = None
    if "$" in value:
        named = _VARIABLE.fullmatch(value)
        if named is None:
            raise argparse.ArgumentTypeError(
                f"the value of header {name} is no $VARIABLE alone; put the whole value into the variable"
            )
        variable = named["name"]
        value = os.environ.get(variable, "")
        if not value:
            raise argparse.ArgumentTypeError(
                f"header {name} names the environment variable {variable}, which is not set or empty"
            )
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise argparse.ArgumentTypeError(f"the value of header {name} holds what no header can carry")
    return name, value, variable
