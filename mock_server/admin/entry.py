"""An entry of the journal, as WireMock shows it and as a request pattern sees it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from mock_server import instant
from mock_server.admin.pattern import Received
from mock_server.serving.origin import origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def serve_event(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The contract's `JournalEntry`."""
    matched = "operation" in entry
    event: dict[str, Any] = {
        "id": entry["id"],
        "request": logged_request(entry),
        "responseDefinition": {"status": entry["status"], "fromConfiguredStub": matched},
        "response": {"status": entry["status"]},
        "wasMatched": matched,
        "timing": {"serveTime": entry["served_us"] // 1000},
    }
    if matched:
        event["operation"] = entry["operation"]
    return event


def logged_request(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The contract's `LoggedRequest`."""
    scope = {
        "scheme": entry["scheme"],
        # A socket of a path has no port.
        "server": (*entry["server"], None)[:2] if entry["server"] else None,
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in entry["headers"]],
    }
    address = origin(scope)
    parts = urlsplit(address)
    body = _body(entry)
    return {
        "id": entry["id"],
        "method": entry["method"],
        "url": entry["url"],
        "absoluteUrl": address + entry["url"],
        "scheme": entry["scheme"],
        "host": parts.hostname or "",
        "port": parts.port or (443 if entry["scheme"] == "https" else 80),
        "clientIp": entry["client"],
        "headers": {
            name: values[0] if len(values) == 1 else values
            for name, values in grouped(entry["headers"]).items()
        },
        "cookies": {name: values[0] for name, values in _cookies(entry).items()},
        "queryParams": {name: {"key": name, "values": values} for name, values in _query(entry).items()},
        "browserProxyRequest": False,
        "body": body.decode("utf-8", "replace"),
        "bodyAsBase64": base64.b64encode(body).decode("ascii"),
        "bodyCut": entry.get("cut", False),
        "loggedDate": entry["arrived_us"] // 1000,
        "loggedDateString": instant.text(entry["arrived_us"]),
    }


def received(entry: Mapping[str, Any]) -> Received:
    """The entry as a pattern sees it."""
    cut = entry.get("cut", False)
    body = _body(entry).decode("utf-8", "replace")
    return Received(
        method=entry["method"],
        url=entry["url"],
        headers=grouped(entry["headers"]),
        query=_query(entry),
        cookies=_cookies(entry),
        # A cut may go through a character.
        body=(body.rstrip("\ufffd") if cut else body) or None,
        cut=cut,
    )


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """All values of each name, in order."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def _query(entry: Mapping[str, Any]) -> dict[str, list[str]]:
    query = entry["url"].partition("?")[2]
    return grouped(parse_qsl(query, keep_blank_values=True, errors="replace"))


def _cookies(entry: Mapping[str, Any]) -> dict[str, list[str]]:
    pairs = (
        pair.strip().partition("=")
        for name, value in entry["headers"]
        if name == "cookie"
        for pair in value.split(";")
    )
    return grouped((name, value) for name, _, value in pairs)


def _body(entry: Mapping[str, Any]) -> bytes:
    if "base64" in entry:
        return base64.b64decode(entry["base64"])
    text: str = entry.get("body", "")
    return text.encode("utf-8")
