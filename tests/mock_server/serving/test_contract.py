from __future__ import annotations

import pytest

from mock_server.serving.contract import Contract, load, load_admin


def test_paths_are_relative_to_the_folder_they_share() -> None:
    base, document = load("liverig-backlog-sync", "current").relocated()

    assert base == "/services/plugin-liverig/collectors/backlog-sync"
    assert list(document["paths"]) == ["/request"]
    assert load_admin().relocated()[0] == ""


@pytest.mark.parametrize(
    "name, revision, reason",
    [("liverig-backlog-sync", "newest", "it has current, old"), ("other", "current", "there are liverig-")],
)
def test_an_unknown_contract_is_told_with_those_there_are(name: str, revision: str, reason: str) -> None:
    with pytest.raises(LookupError, match=reason):
        load(name, revision)


def test_no_python_name_stands_in_a_contract() -> None:
    contracts = [
        load("liverig-backlog-sync", "old"),
        load("nortech-historical-data-sync", "current"),
        load_admin(),
    ]

    def strings(node: object) -> list[str]:
        if isinstance(node, dict):
            return [text for key, value in node.items() for text in [str(key), *strings(value)]]
        if isinstance(node, list):
            return [text for value in node for text in strings(value)]
        return [str(node)]

    assert not [
        text
        for contract in contracts
        for text in strings(contract.document)
        if "mock_server" in text
        or text.startswith(("x-openapi-router", "x-bearerInfoFunc", "x-basicInfoFunc"))
    ]


def test_methods_are_listed_by_path() -> None:
    contract = Contract("x", "1", {"paths": {"/a": {"get": {}, "parameters": [], "post": {}}}})

    assert contract.methods() == {"/a": ["GET", "POST"]}
