"""The gateway on real sockets: what passes it, and what a behaviour makes of it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pyarrow.parquet as pq
import pytest
import requests

from conformance.selftest import datafile, example
from conformance.selftest.defect import on_ask, on_reply
from conformance.selftest.gateway import Ask, Make, Reply, Serve, VariantError, reply, running

ASKED = example.request("nortech-historical-data-sync", "asJson")
TOKEN = {"Authorization": "Bearer histdata-demo-token"}
PATH = "/api/v1/historical-data/sync"


def _nothing(_: float) -> None:
    return None


def _behaving(behave: Any) -> Make:
    return lambda: behave


async def _untouched(ask: Ask, serve: Serve) -> Reply:
    return await serve(ask)


def _ask(url: str, **changes: Any) -> requests.Response:
    return requests.post(url + PATH, json=ASKED | changes, headers=TOKEN, timeout=10)


def _rows(form: str, content: bytes) -> list[Any]:
    if form == "parquet":
        return list(pq.read_table(io.BytesIO(content)).to_pylist())
    if form == "json":
        return list(json.loads(content))
    return [(row["timestamp"], float(row["1"])) for row in csv.DictReader(io.StringIO(content.decode()))]


def test_an_untouched_request_gets_the_mocks_own_answer() -> None:
    with running(_behaving(_untouched), {}, _nothing) as url:
        accepted, refused = _ask(url), _ask(url, format="xml")

    assert accepted.json()["status"] == "Finished"
    assert (refused.status_code, refused.json()["status"]) == (400, "Validation Error")


def test_a_vendors_revision_can_be_chosen() -> None:
    with running(_behaving(_untouched), {"nortech": "current"}, _nothing) as url:
        assert "details" in _ask(url, format="xml").json()


def test_a_behaviour_sees_a_request_whole_and_may_answer_it() -> None:
    seen: list[Ask] = []

    async def behave(ask: Ask, _: Serve) -> Reply:
        seen.append(ask)
        return reply(418, {"tea": True}, X_Pot="short")

    with running(_behaving(behave), {}, _nothing) as url:
        answer = requests.put(
            f"{url}{PATH}?a=1&a=2", data=b'{"b": NaN}', headers={"X-Own": "yes"}, timeout=10
        )

    assert (answer.status_code, answer.json(), answer.headers["X-Pot"]) == (418, {"tea": True}, "short")
    assert (seen[0].method, seen[0].path, seen[0].query) == ("PUT", PATH, (("a", "1"), ("a", "2")))
    assert (seen[0].header("x-own"), seen[0].body) == ("yes", b'{"b": NaN}')


def test_a_changed_request_is_what_the_mock_sees() -> None:
    make = on_ask(lambda ask: ask.with_document(ASKED | {"format": "csv"}))

    with running(make, {}, _nothing) as url:
        assert urlsplit(_ask(url, format="xml").json()["outputFile"]).path.endswith(".csv")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_changed_answer_is_framed_anew(chunked: bool) -> None:
    make = on_reply(lambda _, answer: replace(answer, body=b"0123456789", chunked=chunked))

    with running(make, {}, _nothing) as url:
        answer = _ask(url)

    assert answer.content == b"0123456789"
    assert ("Content-Length" in answer.headers) is not chunked


def test_a_slow_answer_lets_time_pass_on_the_clients_clock_only() -> None:
    waited: list[float] = []

    async def behave(ask: Ask, serve: Serve) -> Reply:
        ask.wait(3600)
        return await serve(ask)

    with running(_behaving(behave), {}, waited.append) as url:
        _ask(url)

    assert waited == [3600]


def test_a_behaviour_that_fails_is_no_variant_of_anything() -> None:
    async def behave(_: Ask, __: Serve) -> Reply:
        raise KeyError("oops")

    with pytest.raises(VariantError, match="oops"), running(_behaving(behave), {}, _nothing) as url:
        assert _ask(url).status_code == 500


@pytest.mark.parametrize("form", ["parquet", "json", "csv"])
def test_a_fault_in_a_table_shows_in_a_file_of_any_form(form: str) -> None:
    make = datafile.on_table(lambda table, _: table.slice(0, 2))

    with running(make, {}, _nothing) as url:
        content = requests.get(_ask(url, format=form).json()["outputFile"], timeout=10).content

    assert len(_rows(form, content)) == 2


@pytest.mark.parametrize("form", ["parquet", "json", "csv"])
def test_a_table_that_is_left_as_it_is_gives_the_rows_that_the_mock_gives(form: str) -> None:
    files = []
    for make in (_behaving(_untouched), datafile.on_table(lambda table, _: table)):
        with running(make, {}, _nothing) as url:
            files.append(requests.get(_ask(url, format=form).json()["outputFile"], timeout=10).content)

    assert _rows(form, files[0]) == _rows(form, files[1])


def test_a_file_can_be_had_under_another_path() -> None:
    with running(datafile.renamed(lambda path: path.replace(".json", ".txt")), {}, _nothing) as url:
        address = _ask(url).json()["outputFile"]
        content = requests.get(address, timeout=10).content

    assert urlsplit(address).path.endswith(".txt")
    assert content.startswith(b"[")
