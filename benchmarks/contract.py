"""Both contracts as one document, without what some of the other servers do not know."""

from __future__ import annotations

import copy
from typing import Any

from mock_server.serving.contract import load

CONTRACTS = (("liverig-backlog-sync", "current"), ("nortech-historical-data-sync", "documented"))


def joined() -> dict[str, Any]:
    """One OpenAPI document with both operations.

    Specmatic knows neither a range of statuses nor a scheme of security in a cookie, so the one is narrowed
    and the other left out (LiveRig's may be left out of a request, too). Of the examples only the first
    answers stay, which Prism takes.
    """
    whole: dict[str, Any] = {
        "openapi": "3.0.3",
        "info": {"title": "Both contracts", "version": "1"},
        "paths": {},
        "components": {"schemas": {}, "parameters": {}, "securitySchemes": {}},
    }
    for name, revision in CONTRACTS:
        prefix = name.partition("-")[0].title()
        document = _referring(copy.deepcopy(load(name, revision).document), prefix)
        schemes = {
            scheme: definition
            for scheme, definition in document["components"]["securitySchemes"].items()
            if definition.get("scheme") == "bearer"
        }
        whole["components"]["securitySchemes"].update(schemes)
        for kind in ("schemas", "parameters"):
            for key, value in document["components"].get(kind, {}).items():
                whole["components"][kind][prefix + key] = value
        for path, item in document["paths"].items():
            operation = item["post"]
            operation["security"] = [
                each for each in document["security"] if each and schemes.keys() >= each.keys()
            ]
            del operation["requestBody"]["content"]["application/json"]["examples"]
            responses = operation["responses"]
            operation["responses"] = {
                ("400" if key == "4XX" else key): value for key, value in responses.items()
            }
            for response in responses.values():
                content = response["content"]["application/json"]
                content["examples"] = dict([next(iter(content["examples"].items()))])
            whole["paths"][path] = item
    return whole


def mappings() -> dict[str, Any]:
    """WireMock's mappings: what a request must be like, and the answer to it."""
    document = joined()
    return {"mappings": [_mapping(path, item["post"], document) for path, item in document["paths"].items()]}


def _mapping(path: str, operation: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    asked = operation["requestBody"]["content"]["application/json"]["schema"]
    [example] = operation["responses"]["200"]["content"]["application/json"]["examples"].values()
    parameters = [
        document["components"]["parameters"][each["$ref"].rpartition("/")[2]]["name"]
        for each in operation.get("parameters", [])
    ]
    request: dict[str, Any] = {
        "method": "POST",
        "urlPath": path,
        "headers": {"Content-Type": {"contains": "application/json"}},
        "bodyPatterns": [
            {
                "matchesJsonSchema": {**asked, "components": document["components"]},
                "schemaVersion": "V4",
            }
        ],
    }
    if parameters:
        request["queryParameters"] = {name: {"matches": ".{1,256}"} for name in parameters}
    if operation["security"]:
        request["headers"]["Authorization"] = {"matches": "Bearer .+"}
    return {
        "request": request,
        "response": {
            "status": 200,
            "jsonBody": example["value"],
            "headers": {"Content-Type": "application/json"},
        },
    }


def _referring(value: Any, prefix: str) -> Any:
    """The value with a prefix to every name that it refers to."""
    if isinstance(value, list):
        return [_referring(each, prefix) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: f"{each.rpartition('/')[0]}/{prefix}{each.rpartition('/')[2]}"
        if key == "$ref"
        else _referring(each, prefix)
        for key, each in value.items()
    }
