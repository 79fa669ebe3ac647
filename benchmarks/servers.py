"""The servers that are measured, each in the way that its documentation advises for speed: log and journal
off where they can be.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from benchmarks.contract import joined, mappings
from benchmarks.target import Target

_HERE = Path(__file__).parent
_MODULES = _HERE / "node_modules"


def servers() -> tuple[list[Target], list[str]]:
    """All that can be measured here, the bare application first; and what cannot, with the reason."""
    targets = [
        Target("bare ASGI", "nothing", lambda port, _: _python("benchmarks.bare", port)),
        Target(
            "histdata-mock's server alone",
            "validation",
            lambda port, _: _python("benchmarks.stateless", port),
            unique=True,
        ),
        Target(
            "histdata-mock, in private",
            "validation, journal, state (removed at the end)",
            lambda port, _: _mock(port),
            unique=True,
        ),
        Target(
            "histdata-mock, durable",
            "validation, journal, state in a file",
            lambda port, folder: _mock(port, "--state", str(folder / "state.sqlite")),
            unique=True,
        ),
        Target(
            "histdata-mock, durable, --validate-responses",
            "validation of answers, too; journal, state in a file",
            lambda port, folder: _mock(port, "--state", str(folder / "state.sqlite"), "--validate-responses"),
            unique=True,
        ),
        Target(
            "histdata-mock, durable, two workers",
            "validation, journal, state in a file",
            lambda port, folder: _mock(port, "--state", str(folder / "state.sqlite"), "--workers", "2"),
            unique=True,
        ),
    ]
    missing = []
    for target, needs in (
        (Target("Prism", "validation", _prism), "node"),
        (Target("Mockoon", "no validation", _mockoon), "node"),
        (Target("WireMock", "validation", _wiremock), "java"),
        (Target("Specmatic", "validation", _specmatic), "java"),
    ):
        if not _MODULES.is_dir():
            missing.append(f"{target.name}: run `npm ci` in {_HERE.name}/")
        elif shutil.which(needs) is None:
            missing.append(f"{target.name}: there is no {needs} on the path")
        else:
            targets.append(target)
    return targets, missing


def versions() -> dict[str, str]:
    """The versions of the other servers."""
    packages = json.loads((_HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    return {name.removeprefix("@"): version for name, version in packages.items()}


def _python(module: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", module, *map(str, arguments)]


def _mock(port: int, *options: str) -> list[str]:
    return _python("mock_server", "serve", "--port", port, *options)


def _prism(port: int, folder: Path) -> list[str]:
    command = [str(_MODULES / ".bin/prism"), "mock", _contract(folder), "--host", "127.0.0.1"]
    return [*command, "--port", str(port), "--verboseLevel", "silent"]


def _mockoon(port: int, folder: Path) -> list[str]:
    command = [str(_MODULES / ".bin/mockoon-cli"), "start", "--data", _contract(folder)]
    return [
        *command,
        *("--port", str(port), "--hostname", "127.0.0.1", "--disable-log-to-file", "--disable-admin-api"),
        *("--max-transaction-logs", "1"),
    ]


def _wiremock(port: int, folder: Path) -> list[str]:
    (folder / "mappings").mkdir()
    (folder / "mappings/all.json").write_text(json.dumps(mappings()), encoding="utf-8")
    [jar] = (_MODULES / "wiremock/build").glob("*.jar")
    return [
        *("java", "-jar", str(jar), "--root-dir", str(folder), "--bind-address", "127.0.0.1"),
        *("--port", str(port), "--no-request-journal", "--disable-request-logging", "--disable-banner"),
    ]


def _specmatic(port: int, folder: Path) -> list[str]:
    jar = _MODULES / "specmatic/specmatic.jar"
    return [
        *("java", "-jar", str(jar), "stub", _contract(folder), "--host", "127.0.0.1", "--port", str(port)),
        *("--noConsoleLog", "--hot-reload=disabled"),
    ]


def _contract(folder: Path) -> str:
    path = folder / "contract.json"
    path.write_text(json.dumps(joined()), encoding="utf-8")
    return str(path)
