"""Worlds: the default one is whole, and a wrong one is told with the place of what is wrong."""

from __future__ import annotations

import re
import time
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mock_server.liverig.world import catalogue as liverig
from mock_server.nortech.world import catalogue as nortech
from mock_server.world import WorldError, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def catalogues(file: Path) -> None:
    world = load(file)
    liverig(world["liverig"])
    nortech(world["nortech"])


def change(world: dict[str, Any], path: list[str | int], value: Any) -> None:
    inner: Any = world
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value


SIGNALS: list[str | int] = ["nortech", "workspaces", 0, "assets", 0, "divisions", 0, "units", 0, "signals"]
SENSOR: list[str | int] = ["nortech", "workspaces", 1, *SIGNALS[3:], 0, "data"]
RIG: list[str | int] = ["liverig", "sources", 0, "rigs", 0]
LOG = [*RIG, "wells", 0, "wellbores", 0, "logs", 0]


def test_the_default_world_has_data_where_its_readers_expect_it() -> None:
    world = load()

    signals = nortech(world["nortech"]).by_id
    assert set(signals) >= set(range(1, 10))
    assert signals[9].data is None
    rigs = liverig(world["liverig"]).sources["Example WITSML server"].rigs
    assert rigs["RIG02"] is rigs[2]
    # A front-end asks for the last hour, in years to come, too.
    late_ms = (time.time() + 20 * 365 * 86400) * 1000
    assert all(signal.data.end_ms > late_ms for signal in signals.values() if signal.data)
    wellbores = [bore for rig in rigs.values() for well in rig.wells.values() for bore in well.values()]
    logs = [log for bore in wellbores for log in bore.values() if log.index_type == "date time"]
    assert logs
    assert all(int(log.end) > late_ms for log in logs)


@pytest.mark.parametrize(
    "path, value, place",
    [
        (["liverig"], None, "liverig: null"),
        (["extra"], 1, "the world: there is no extra; there are liverig, nortech"),
        ([*SIGNALS, 0, "id"], 0, "signals[0].id: 0"),
        ([*SIGNALS, 0, "data", "start"], "yesterday", "signals[0].data.start: "),
        ([*SIGNALS, 0, "data", "everyMs"], 0, "signals[0].data.everyMs: "),
        ([*SENSOR, "kind"], "moon", "signals[0].data.kind: 'moon' is none of: swing, rig"),
        ([*SENSOR, "channel"], "mud weight", "signals[0].data.channel: 'mud weight' is none of: hook load, "),
        ([*SENSOR, "rig"], "", "signals[0].data.rig: "),
        ([*SENSOR, "low"], 0, "signals[0].data: "),
        ([*SENSOR, "gapsPerDay"], -1, "signals[0].data.gapsPerDay: "),
        # A survey comes at times of its own.
        ([*SENSOR, "channel"], "survey", "signals[0].data: "),
        (
            [*LOG, "indexType"],
            "moon phase",
            "logs[0].indexType: 'moon phase' is none of: date time, measured",
        ),
        ([*LOG, "start"], 1, "logs[0].start: "),
        ([*LOG, "indexType"], "measured depth", "logs[0].start: "),
        ([*LOG, "uuid"], "x", "logs[0]: there is no uuid; there are uid, indexType, start, end"),
        ([*RIG, "number"], "two", "rigs[0].number: "),
        # What a schema cannot say.
        ([*SIGNALS, 1, "id"], 1, "signals[1].id: 1 is there twice"),
        ([*SIGNALS, 1, "name"], "Signal 1", "signals[1]: "),
        ([*SIGNALS, 0, "data", "end"], "2020-01-01T00:00:00Z", "signals[0].data: ends before it starts"),
        ([*SIGNALS, 0, "data", "low"], 1000, "signals[0].data: low is greater than high"),
        ([*LOG, "end"], "2020-01-01T00:00:00Z", "logs[0]: ends before it starts"),
        ([*LOG, "uid"], "Energistics-w1-wb1-log-0003", "logs[2]: "),
        (["liverig", "sources", 1, "name"], "Example WITSML server", "sources[1].name: "),
        (["liverig", "sources", 0, "rigs", 1, "number"], 2, "rigs[1].number: 2 is there twice"),
    ],
)
def test_a_wrong_member_is_named_with_its_place(
    tmp_path: Path, path: list[str | int], value: Any, place: str
) -> None:
    world = load()
    change(world, path, value)
    file = tmp_path / "world.yaml"
    file.write_text(yaml.safe_dump(world), encoding="utf-8")

    with pytest.raises(WorldError, match=re.escape(place)):
        catalogues(file)


@pytest.mark.parametrize(
    "write",
    [
        lambda file: file.write_bytes(b"\xff\xfe\x00"),
        lambda file: file.write_text("a: [", encoding="utf-8"),
        lambda file: file.write_text("a: 1\na: 2\n", encoding="utf-8"),
        lambda file: file.write_text("!!python/object:os.system x", encoding="utf-8"),
        lambda file: file.write_text("? [1]\n: 2\n", encoding="utf-8"),
        lambda file: file.write_text("? {a: 1}\n: 2\n", encoding="utf-8"),
        lambda file: file.write_text("1: 2\n", encoding="utf-8"),
        lambda file: file.write_text("a: !!set {b}\n", encoding="utf-8"),
        lambda file: file.write_text("a: &a [*a]\n", encoding="utf-8"),
        lambda file: file.write_text("", encoding="utf-8"),
        lambda file: file.mkdir(),
    ],
)
def test_a_file_that_is_no_world_is_told_by_its_name(tmp_path: Path, write: Callable[[Path], None]) -> None:
    file = tmp_path / "world.yaml"
    write(file)

    with pytest.raises(WorldError, match=str(file)):
        load(file)


def test_each_member_of_the_default_world_is_explained() -> None:
    """A user learns the format from this file; a member that the schema knows must be met there."""
    folder = files("mock_server.worlds")
    text = folder.joinpath("default.yaml").read_text(encoding="utf-8")
    schema = yaml.safe_load(folder.joinpath("schema.yaml").read_text(encoding="utf-8"))

    def names(node: Any) -> set[str]:
        if isinstance(node, list):
            return set().union(*(names(each) for each in node))
        if isinstance(node, dict):
            own = set(node["properties"]) if isinstance(node.get("properties"), dict) else set()
            return own.union(*(names(each) for each in node.values()))
        return set()

    assert {name for name in names(schema) if name not in text} == set()
