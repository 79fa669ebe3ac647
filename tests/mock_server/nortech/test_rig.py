"""A rig's sensors: they agree with each other, and each is a function of the rig and the time alone."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.nortech.rig import ACTIVITIES, BLOCK_WEIGHT, CHANNELS, HIGH, LIFT, LOW, Moments, Rig
from mock_server.nortech.table import Table
from mock_server.nortech.world import OCCASIONAL, Data, Measured, Signal

DAY = 86_400_000
START, END = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1000 for year in (2021, 2027))

rigs = st.sampled_from(["RIG01", "RIG02", "RIG03", "Deepwater / 7"])
instants = st.integers(START, END - DAY)


def hour(name: str, start_ms: int) -> Moments:
    return Rig(name).moments(np.arange(start_ms, start_ms + 3_600_000, 1000, dtype=np.int64))


def activity(at: Moments) -> np.ndarray:
    return np.array(ACTIVITIES)[at.motion.activity]


def sensor(number: int, channel: str, **data: float) -> tuple[str, Signal]:
    every_ms = None if channel in OCCASIONAL else int(data.pop("every_ms", 1000))
    shape = Measured("RIG02", channel)
    return channel, Signal(number, ("w", "a", "d", "u", channel), Data(START, END, every_ms, shape, **data))


def read(columns: list[tuple[str, Signal]], start_ms: int, end_ms: int) -> pa.Table:
    made = Table(columns, start_ms * 1000, end_ms * 1000)
    batches = [
        pa.RecordBatch.from_arrays(
            [pa.array(batch.times_ms.astype("datetime64[ms]")), *batch.columns], schema=made.schema
        )
        for batch in made.batches()
    ]
    return pa.Table.from_batches(batches, schema=made.schema)


@given(name=rigs, start=instants)
@settings(max_examples=30)
def test_nothing_jumps(name: str, start: int) -> None:
    motion = hour(name, start).motion

    # Metres in a second: a block that runs free, and a string that is pulled.
    assert np.abs(np.diff(motion.block)).max() < 1.5
    assert np.abs(np.diff(motion.bit)).max() < 1.0
    assert motion.block.min() >= LOW
    assert motion.block.max() <= HIGH + LIFT
    # Deeper and deeper, until the next well begins at the surface.
    deeper = np.diff(motion.hole)
    assert ((deeper >= 0) | (motion.hole[1:] < 1.0)).all()
    assert (motion.bit <= motion.hole + 1e-9).all()


@given(name=rigs, start=instants)
@settings(max_examples=30)
def test_the_bit_goes_where_the_block_takes_it(name: str, start: int) -> None:
    motion = hour(name, start).motion

    held = (motion.held[1:] == 1.0) & (motion.held[:-1] == 1.0)
    assert np.allclose(np.diff(motion.bit)[held], -np.diff(motion.block)[held], atol=1e-9)
    slips = (motion.held[1:] == 0.0) & (motion.held[:-1] == 0.0)
    assert np.allclose(np.diff(motion.bit)[slips], 0.0, atol=1e-9)


@given(name=rigs, start=instants)
@settings(max_examples=30)
def test_the_rate_of_penetration_is_what_the_hole_gains(name: str, start: int) -> None:
    at = hour(name, start)
    if at.motion.hole[-1] < at.motion.hole[0]:
        return  # the next well
    drilled = at.rate_of_penetration[1:].sum() / 3600.0

    assert drilled == pytest.approx(at.motion.hole[-1] - at.motion.hole[0], rel=0.01, abs=0.1)


@given(name=rigs, start=instants)
@settings(max_examples=30)
def test_a_connection_is_seen_by_every_sensor(name: str, start: int) -> None:
    at = hour(name, start)
    doing = activity(at)

    # Some seconds after the slips were set; before that, the pumps and the rotation run down.
    still = np.convolve(doing != "Connection", np.ones(41), mode="full")[: len(doing)] == 0
    still[:40] = False
    for channel in (at.rotary_speed, at.flow_in, at.weight_on_bit, at.rate_of_penetration):
        # Up to its end, when the pumps are started again.
        assert (channel[still] <= channel.max() * 0.01 + 1e-9).all()
    assert (np.abs(at.hook_load[still & (at.motion.held == 0)] - BLOCK_WEIGHT) < 5.0).all()
    assert (at.standpipe_pressure[still & (at.motion.pumps == 0)] < 100).all()
    drilled = doing == "Drilling"
    settled = drilled & (at.motion.biting == 1.0) & (at.motion.pumps == 1.0) & (at.motion.hole > 400)
    assert (at.weight_on_bit[settled] > 40).all()
    assert (at.standpipe_pressure[settled] > 5000).all()
    assert (at.torque[settled] > 1).all()
    assert (at.hook_load[settled] > BLOCK_WEIGHT + 50).all()


@given(
    start=instants,
    chosen=st.lists(st.sampled_from(sorted(CHANNELS)), min_size=1, unique=True),
    data=st.data(),
)
@settings(max_examples=20)
def test_a_channel_depends_on_no_other_and_on_no_window(
    start: int, chosen: list[str], data: st.DataObject
) -> None:
    columns = [sensor(i, name, gaps_per_day=20, stuck_per_day=20) for i, name in enumerate(CHANNELS, 1)]
    end = start + 7_200_000
    first = data.draw(st.integers(start, end - 1))
    last = data.draw(st.integers(first, end))
    whole = {row["timestamp"]: row for row in read(columns, start, end).to_pylist()}

    part = read([column for column in columns if column[0] in chosen], first, last).to_pylist()

    for row in part:
        assert row.items() <= whole[row["timestamp"]].items()
    due = [
        at
        for at, row in whole.items()
        if first <= at.replace(tzinfo=UTC).timestamp() * 1000 < last
        and any(row[name] is not None for name in chosen)
    ]
    assert [row["timestamp"] for row in part] == due


def test_the_values_are_the_same_on_every_machine() -> None:
    """Bytes that were made once: whatever computes them otherwise, on any processor, is found here."""
    columns = [sensor(i, name, gaps_per_day=4, stuck_per_day=4) for i, name in enumerate(CHANNELS, 1)]
    digest = hashlib.sha256()
    for day in range(0, 2190, 73):
        for column in read(columns, START + day * DAY, START + day * DAY + 600_000).to_pydict().values():
            digest.update(repr(column).encode())

    assert digest.hexdigest() == "e34db731bd5d7d1a1428f552169b68709cd09a1a292df06f0bcb8e5d5ecd9c53"


def test_a_gap_is_one_of_the_whole_rig_and_a_sensor_sticks_alone() -> None:
    columns = [
        sensor(i, name, gaps_per_day=6, stuck_per_day=6) for i, name in enumerate(("torque", "hook load"), 1)
    ]

    table = read(columns, START, START + DAY)

    seconds = np.diff(table["timestamp"].to_numpy()) // np.timedelta64(1, "s")
    assert 5 <= (seconds > 1).sum() <= 6
    assert table["torque"].null_count == table["hook load"].null_count == 0
    # A hook load is never the same for long by itself.
    loads = table["hook load"].to_numpy()
    stuck = np.flatnonzero(loads[60:] == loads[:-60])
    still = [at for at in stuck if (loads[at : at + 60] == loads[at]).all()]
    assert still
    torques = table["torque"].to_numpy()
    assert not all((torques[at : at + 60] == torques[at]).all() for at in still)


def test_a_window_costs_what_is_in_it() -> None:
    for start in (0, START, END, 253_402_300_000_000):
        assert len(Rig("RIG02").stands(start, start + 3_600_000).number) < 60
        assert len(hour("RIG02", start).motion.block) == 3600


def test_occasions_come_about_once_a_stand() -> None:
    columns = [sensor(1, "survey"), sensor(2, "alarm"), sensor(3, "activity", every_ms=10_000)]

    rows = read(columns, START, START + 10 * DAY).to_pylist()

    surveys = [row for row in rows if row["survey"] is not None]
    alarms = [row for row in rows if row["alarm"] is not None]
    assert 100 < len(surveys) < 220
    assert 40 < len(alarms) < 120
    assert {row["activity"] for row in rows} - {None} == set(ACTIVITIES)


def test_faster_sensors_have_more_of_the_same() -> None:
    slow, fast = sensor(1, "block position"), sensor(2, "block position", every_ms=20)

    values = read([slow], START, START + 60_000)["block position"].to_pylist()
    often = read([fast], START, START + 60_000)["block position"].to_pylist()

    assert len(often) == 50 * len(values)
    assert often[::50] == values
