"""What a user can choose about a mock: once before it starts, and in each session while it runs."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mock_server.serving.failure import Violation

DEMO_TOKEN = "histdata-demo-token"  # A value for demonstrations, printed at start
# Settings that are kept ready to use; sessions mostly share a few.
MAX_READY = 256


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices of one mock; the defaults serve the documented examples as printed.

    Attributes:
        liverig_revision: `current` or `old`.
        nortech_revision: `documented` or `current`.
        world: A YAML file of known objects; None is the default world.
        state: What keeps the state: a SQLite file, or the URL of a database; None is a private file, removed
            at the end.
        public_url: The address that clients reach the mock at, for links to data files; None takes each
            request's own `Host`.
        max_body: The largest request body that is read, in bytes.
        nortech_token: The only bearer token that the Nortech endpoint takes.
        cors: Whether web pages of other origins may use the vendors' operations and read their files.
        cors_origins: The only origins that may; without any, all may.
        admin_token: The only bearer token that the control API takes; None where it wants none, and serves
            this machine only.
        validate_responses: Whether what the handlers answer is held to the contract; an answer that breaks it
            becomes a 500, and the log says why.
        journal_size: How many of the newest requests the journal keeps, in each session, 0 to 1000.
        session: The settings that each session starts with, where they are not the usual ones: a document of
            the schema `Settings` in the control API's contract.
    """

    liverig_revision: str = "current"
    nortech_revision: str = "documented"
    world: Path | None = None
    state: Path | str | None = None
    public_url: str | None = None
    max_body: int = 1024 * 1024
    nortech_token: str = DEMO_TOKEN
    cors: bool = True
    cors_origins: tuple[str, ...] = ()
    admin_token: str | None = None
    validate_responses: bool = False
    journal_size: int = 1000
    session: Mapping[str, Any] = field(default_factory=dict)


class SettingsError(Exception):
    """The settings that sessions should start with cannot be; the message says which, and why."""


class SessionSettings:
    """The settings of all sessions: what the contract has as defaults, then the mock's own, then each
    session's.

    Raises:
        SettingsError: The mock's own are none of the contract.
    """

    def __init__(self, own: Mapping[str, Any] | None = None) -> None:
        from mock_server.serving.contract import load_admin
        from mock_server.serving.schema import CompiledSchema

        schema = _resolved({"$ref": "#/components/schemas/Settings"}, load_admin().document)
        self._schema = schema
        self._compiled = CompiledSchema(schema)
        # What is null in the mock's own is as the contract has it.
        self._base = merged(_defaults(schema), merged({}, own or {}, schema), schema)
        self._ready: OrderedDict[str, dict[str, Any]] = OrderedDict()
        violations = _unknown(own, schema) or self.violations(self._base)
        if violations:
            raise SettingsError("; ".join(violation.text() for violation in violations))

    def effective(self, changes: str) -> dict[str, Any]:
        """All settings of a session, from its own changes as JSON text. Treat them as read-only."""
        found = self._ready.get(changes)
        if found is None:
            found = self._ready[changes] = merged(self._base, orjson.loads(changes or "{}"), self._schema)
            if len(self._ready) > MAX_READY:
                self._ready.popitem(last=False)
        return found

    def changed(self, changes: str, patch: Mapping[str, Any]) -> str:
        """A session's changes after a merge patch (RFC 7396); `null` gives a member back to the mock.

        Raises:
            ContractViolationError: The patch names what is no setting, or the settings cannot be so.
        """
        from mock_server.serving.failure import ContractViolationError

        changed = orjson.dumps(merged(orjson.loads(changes or "{}"), patch, self._schema)).decode()
        violations = _unknown(patch, self._schema) or self.violations(self.effective(changed))
        if violations:
            raise ContractViolationError(violations)
        return changed

    def violations(self, settings: Mapping[str, Any]) -> list[Violation]:
        """What is wrong with a whole document of settings."""
        return (
            _unknown(settings, self._schema)
            or self._compiled.violations(settings, "body")
            or _reversed(settings)
        )


def merged(target: Any, patch: Any, schema: Mapping[str, Any]) -> Any:
    """The target after a JSON merge patch (RFC 7396); neither is changed.

    Only what the schema has `properties` for is merged; everything else is a value, and replaced whole.
    """
    if not isinstance(patch, dict) or "properties" not in schema:
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value, schema["properties"].get(name, {}))
    return result


def _defaults(schema: Mapping[str, Any]) -> Any:
    """What a schema says of all that is left out; None where it says nothing."""
    members = {name: _defaults(sub) for name, sub in schema.get("properties", {}).items()}
    members = {name: value for name, value in members.items() if value is not None}
    return merged(members, schema["default"], schema) if "default" in schema else members or None


def _unknown(settings: Any, schema: Mapping[str, Any], at: str = "") -> list[Violation]:
    """Members that are none, each with the names that there are."""
    from mock_server.serving.failure import Violation
    from mock_server.serving.schema import pointer

    if not isinstance(settings, dict) or schema.get("additionalProperties") is not False:
        return []
    known = schema.get("properties", {})
    found: list[Violation] = []
    for name, value in settings.items():
        place = at + pointer([name])
        if name in known:
            found += _unknown(value, known[name], place)
        else:
            names = f"there are {', '.join(known)}" if known else "there are none here"
            found.append(Violation("body", place, f"is no setting; {names}"))
    return found


def _reversed(settings: Mapping[str, Any]) -> list[Violation]:
    """Delays whose bounds are the wrong way round, which no schema can say."""
    from mock_server.serving.failure import Violation

    return [
        Violation("body", f"/delays/{name}/lower", f"{delay['lower']} is above upper, {delay['upper']}")
        for name, delay in settings.get("delays", {}).items()
        if delay["type"] == "uniform" and delay["lower"] > delay["upper"]
    ]


def _resolved(schema: Any, document: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_resolved(each, document) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        found: Any = document
        for name in schema["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return _resolved(found, document)
    return {name: _resolved(value, document) for name, value in schema.items()}
