"""`histdata-mock`: the mock on the command line."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import secrets
import signal
import sys
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from mock_server import document
from mock_server.session import SEPARATOR
from mock_server.settings import DEMO_TOKEN, Settings, SettingsError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from starlette.types import ASGIApp

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 4010
MAX_WORKERS = 256
# How many new objects the garbage collector waits for. Imports and requests leave it next to nothing to do;
# by its default of 700 it would go through all modules, and all that is under way, again and again.
GARBAGE = 10_000
LIVERIG_PATH = "/services/plugin-liverig/collectors/backlog-sync/request"
NORTECH_PATH = "/api/v1/historical-data/sync"


class UsageError(Exception):
    """What the user asked for cannot be done; the message says what, and what was expected."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; its exit code: 0 when stopped by a signal, 2 when it cannot do what was asked."""
    options = _parser().parse_args(arguments)
    _log()
    try:
        _serve(options)
    except UsageError as error:
        _say(error)
        return 2
    except KeyboardInterrupt:
        # Before it serves, nothing is there that would have to be put in order.
        pass
    return 0


class _Parser(argparse.ArgumentParser):
    """Says what is wrong, and not all options before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (all options: {self.prog} --help)\n")


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version

        _print(f"histdata {version('histdata')}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="histdata-mock",
        description="A stateful mock of the LiveRig backlog sync and the Nortech historical data endpoints.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and stop")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser(
        "serve",
        help="serve both endpoints until stopped",
        description="Serve both endpoints, and the control API under /__admin, until SIGINT or SIGTERM.",
        allow_abbrev=False,
    )
    serve.add_argument("--host", default=DEFAULT_HOST, help="the address to listen on (default: %(default)s)")
    serve.add_argument(
        "--port",
        type=_port,
        default=DEFAULT_PORT,
        help="the port; 0 lets the system choose one (default: %(default)s)",
    )
    serve.add_argument(
        "--liverig-revision",
        choices=["current", "old"],
        default="current",
        help="revision of the LiveRig contract (default: %(default)s)",
    )
    serve.add_argument(
        "--nortech-revision",
        choices=["documented", "current"],
        default="documented",
        help="revision of the Nortech contract (default: %(default)s)",
    )
    serve.add_argument(
        "--nortech-token-env",
        metavar="NAME",
        default=None,
        help=f"environment variable that holds the bearer token to take (without it: {DEMO_TOKEN})",
    )
    serve.add_argument(
        "--admin-token-env",
        metavar="NAME",
        default=None,
        help="environment variable that holds the bearer token for /__admin (without it: none on a loopback "
        "address; on another one a token is made and printed)",
    )
    serve.add_argument(
        "--world", type=Path, metavar="FILE", help="YAML file of known objects, in place of the default"
    )
    serve.add_argument(
        "--state",
        metavar="FILE|URL",
        help="SQLite file, or URL (postgresql://USER@HOST/DATABASE), that keeps the state, for one mock or "
        "several; without it, the state goes at the end",
    )
    serve.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="YAML file of the settings that each session starts with (GET /__admin/settings shows all)",
    )
    serve.add_argument(
        "--set",
        type=_setting,
        action="append",
        metavar="NAME=VALUE",
        help="one of these settings, like liverig.NAME=VALUE; can be given several times",
    )
    serve.add_argument(
        "--public-url",
        type=_url,
        metavar="URL",
        help="address that clients reach the mock at, for links; without it, each request's own",
    )
    serve.add_argument(
        "--max-body",
        type=_positive,
        metavar="BYTES",
        default=Settings().max_body,
        help="largest body that is read (default: %(default)s)",
    )
    pages = serve.add_mutually_exclusive_group()
    pages.add_argument(
        "--cors-origin",
        type=_origin,
        action="append",
        metavar="ORIGIN",
        help="let web pages of this origin use the vendors' operations (again for more); without it, all may",
    )
    pages.add_argument("--no-cors", action="store_true", help="let no web page of another origin use them")
    serve.add_argument(
        "--stop-at-eof",
        action="store_true",
        help="stop when standard input ends too, as it does when the program that started the mock is gone",
    )
    serve.add_argument(
        "--validate-responses",
        action="store_true",
        help="hold the mock's own answers to the contract, too; one that breaks it becomes a 500",
    )
    serve.add_argument(
        "--workers",
        type=_workers,
        metavar="N",
        default=1,
        help="processes that serve the port and share the state; one a core is enough (default: %(default)s)",
    )
    return parser


def _serve(options: argparse.Namespace) -> None:
    _collect_seldom()
    # What takes long to import is of no use to --help and to a mistyped option.
    from mock_server.serving import server
    from mock_server.serving.origin import is_loopback

    nortech_token = _from_environment("--nortech-token-env", options.nortech_token_env) or DEMO_TOKEN
    admin_token = _from_environment("--admin-token-env", options.admin_token_env)
    session = _session_settings(options.settings, options.set or [])
    where = " and ".join([*map(str, filter(None, [options.settings])), *(["--set"] if options.set else [])])
    try:
        listener = server.bind(options.host, options.port)
    except (OSError, UnicodeError) as error:
        # A name that cannot be one fails before anybody is asked for its address.
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"cannot listen on {options.host} port {options.port}: {reason}") from None
    made_token = None
    if admin_token is None and not is_loopback(listener.getsockname()[0]):
        admin_token = made_token = secrets.token_urlsafe(24)
    settings = Settings(
        liverig_revision=options.liverig_revision,
        nortech_revision=options.nortech_revision,
        world=options.world,
        state=options.state,
        public_url=options.public_url,
        max_body=options.max_body,
        validate_responses=options.validate_responses,
        cors=not options.no_cors,
        cors_origins=tuple(options.cors_origin or ()),
        nortech_token=nortech_token,
        admin_token=admin_token,
        session=session,
    )
    with listener:
        announce = partial(_announce, server.address(listener), options, made_token)
        try:
            if options.workers == 1:
                app = _application(settings, where)
                announce()
                server.run(app, listener)
            else:
                _serve_by_workers(settings, where, listener, options.workers, announce)
        except RuntimeError as error:
            raise UsageError(str(error)) from None


def _application(settings: Settings, where: str) -> ASGIApp:
    """The mock; *where* is what its sessions' settings were read from."""
    from mock_server.app import create_app
    from mock_server.state.store import StateError
    from mock_server.world import WorldError

    try:
        app: ASGIApp = create_app(settings)
    except SettingsError as error:
        raise UsageError(f"{where}: {error}") from None
    except (WorldError, StateError) as error:
        raise UsageError(str(error)) from None
    return app


def _serve_by_workers(
    settings: Settings, where: str, listener: socket.socket, workers: int, announce: Callable[[], None]
) -> None:
    from mock_server import folder
    from mock_server.serving.workers import run

    if settings.state is not None:
        run(partial(_in_worker, settings, where), listener, workers, announce)
        return
    # What is private is private to all of them together.
    try:
        private, remove = folder.make(listener, folder.STATE)
    except OSError as error:
        raise UsageError(f"the private state: there is no place for it: {error}") from None
    try:
        own = replace(settings, state=private / "state.sqlite")
        run(partial(_in_worker, own, where, private), listener, workers, announce)
    finally:
        remove()


def _in_worker(settings: Settings, where: str, private: Path | None = None) -> ASGIApp:
    from uvicorn.config import STARTUP_FAILURE

    from mock_server import folder

    _collect_seldom()
    _log()
    if private is not None:
        # It outlives the supervisor, if that is killed.
        folder.hold(private)
    try:
        return _application(settings, where)
    except UsageError as error:
        _say(error)
        sys.exit(STARTUP_FAILURE)


def _collect_seldom() -> None:
    """Set up a process that does nothing but serve."""
    gc.set_threshold(GARBAGE)


def _log() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")


def _say(error: UsageError) -> None:
    print(f"histdata-mock: {error}", file=sys.stderr)


def _print(text: str) -> None:
    """Write to standard output; where that cannot be, the mock serves all the same."""
    try:
        print(text, flush=True)
    except OSError as error:
        # What is still buffered would fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # Whoever has read the first line may want no more.
        if not isinstance(error, BrokenPipeError):
            print(f"histdata-mock: cannot write its output: {error.strerror}", file=sys.stderr)


def _stop_at_eof() -> None:
    # Not sys.stdin: the interpreter would wait at its end for whoever is reading there.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _announce(url: str, options: argparse.Namespace, made_token: str | None) -> None:
    token = f"${options.nortech_token_env}" if options.nortech_token_env else DEMO_TOKEN
    _print(
        f"""histdata-mock listens on {url}
  LiveRig backlog sync, revision {options.liverig_revision}:
    POST {url}{LIVERIG_PATH}
  Nortech historical data, revision {options.nortech_revision}:
    POST {url}{NORTECH_PATH}
  What it was sent, and the jobs it started:
    GET {url}/__admin/requests
    GET {url}/__admin/jobs{_admin_hint(options, made_token)}
Try:
  curl -sS {url}{NORTECH_PATH} \\
    -H "Authorization: Bearer {token}" -H 'Content-Type: application/json' \\
    -d '{{"signals": [1], "timeWindow": {{"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T01:00:00Z"}}}}'
Stop it with Ctrl-C."""
    )
    if options.stop_at_eof:
        threading.Thread(target=_stop_at_eof, daemon=True).start()


def _admin_hint(options: argparse.Namespace, made_token: str | None) -> str:
    if made_token:
        return f"\n    Others can reach this address, so /__admin wants: Authorization: Bearer {made_token}"
    if options.admin_token_env:
        return f"\n    /__admin wants: Authorization: Bearer ${options.admin_token_env}"
    return ""


def _from_environment(option: str, name: str | None) -> str | None:
    if name is None:
        return None
    token = os.environ.get(name, "")
    if not token:
        raise UsageError(f"{option}: the environment variable {name} is not set, or empty")
    if not (token.isascii() and token.isprintable()) or token != token.strip():
        # What a file ends in easily ends up in the variable, and nobody could ever send it.
        raise UsageError(
            f"{option}: the token in {name} is nothing that each client can put into a header: expected "
            "printable ASCII without white space at its ends"
        )
    if SEPARATOR in token:
        raise UsageError(
            f"{option}: the token in {name} holds a {SEPARATOR}, which divides a token from a session"
        )
    return token


def _session_settings(file: Path | None, single: Sequence[tuple[list[str], Any]]) -> dict[str, Any]:
    """The settings that each session starts with; a single one wins over the file, the last one over all."""
    try:
        settings = document.read(file) if file else {}
    except document.DocumentError as error:
        raise UsageError(str(error)) from None
    if not isinstance(settings, dict):
        raise UsageError(f"{file}: expected settings by their names, like liverig: {{...}}")
    for names, value in single:
        settings = _with(settings, names, value)
    return dict(settings)


def _with(settings: Any, names: Sequence[str], value: Any) -> Any:
    """The settings with the value in the place of these names."""
    if not names:
        return value
    members = settings if isinstance(settings, dict) else {}
    return {**members, names[0]: _with(members.get(names[0]), names[1:], value)}


def _setting(text: str) -> tuple[list[str], Any]:
    name, equals, value = text.partition("=")
    parts = name.split(".")
    if not equals or not all(parts):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a setting: expected NAME=VALUE, like liverig.failures=envelope"
        )
    try:
        return parts, document.parse(value)
    except document.DocumentError as error:
        raise argparse.ArgumentTypeError(f"the value in {text!r} {error}") from None


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: expected a number from 0 to 65535")
    return int(text)


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < len(text) < 16 or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size: expected a number of bytes, 1 or more")
    return int(text)


def _workers(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= MAX_WORKERS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of workers: expected 1 to {MAX_WORKERS}")
    return int(text)


def _origin(text: str) -> str:
    parts = urlsplit(_url(text).lower())
    if parts.path or parts.username is not None or text.endswith("/"):
        raise argparse.ArgumentTypeError(f"{text!r} is not an origin: expected http://HOST[:PORT]")
    # A browser does not say the port that goes without saying.
    standard = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{parts.netloc.removesuffix(f':{standard}')}"


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address: expected http://HOST[:PORT][/PATH]")
    return text.rstrip("/")


if __name__ == "__main__":
    sys.exit(main())
