"""A drilling rig as its sensors see it: a story that is a function of the rig's name and the time alone.

A well is a fixed programme of stands: so many are drilled, the string is pulled out, it is run in again, and
so on; then comes the next well. Where in the programme an instant lies is computed, never replayed, so a
window costs what is in it. All channels are taken from one motion of the block, so that they agree: while
drilling, the bit gains what the block loses; at a connection the slips hold the string, the hook load is that
of the block alone, the pumps and the rotation stand, and the block goes up for the next stand. See `noise`
for the operations that are used.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import orjson

from mock_server.nortech import noise
from mock_server.nortech.noise import smooth

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Times: TypeAlias = NDArray[np.int64]

STAND = 28.5  # metres of pipe in a stand, and so of the block's way
LOW = 2.0  # metres above the floor, where the block stands with a stand drilled down
HIGH = LOW + STAND
BLOCK_WEIGHT = 180.0  # kN, on the hook when the slips hold the string
REAM, LIFT = 6.0, 1.5  # metres that the bit is pulled up, to clean the hole and for the slips
PIECES = 24  # of a stand, over each of which the rate of penetration changes evenly

DRILL, CIRCULATE, OUT, IN, WAIT = range(5)
# What is done, how many stands of it, how many seconds each takes, and in which section of the hole.
_PROGRAMME = (
    (DRILL, 20, 1500, 0), (CIRCULATE, 1, 3600, 0), (OUT, 20, 180, 0), (WAIT, 1, 43200, 0),
    (IN, 20, 180, 1), (DRILL, 60, 2400, 1), (CIRCULATE, 1, 3600, 1), (OUT, 80, 180, 1), (WAIT, 1, 64800, 1),
    (IN, 80, 150, 2), (DRILL, 80, 4200, 2), (CIRCULATE, 1, 5400, 2), (OUT, 160, 180, 2), (WAIT, 1, 172800, 2),
)  # fmt: skip
# By section: weight on bit in kN, rotation in 1/min, flow in L/min.
_WEIGHT = np.array([70.0, 120.0, 150.0])
_TURNS = np.array([140.0, 125.0, 110.0])
_FLOW = np.array([3600.0, 2900.0, 2200.0])
# No stand takes exactly its time; half of this part more or less at each end.
_JITTER = 0.12

ACTIVITIES = (
    "Drilling", "Reaming", "Connection", "Circulating", "Tripping out", "Tripping in", "Out of hole",
)  # fmt: skip
_DRILLING, _REAMING, _CONNECTION, _CIRCULATING, _OUT, _IN, _WAITING = range(len(ACTIVITIES))


class Programme(NamedTuple):
    """The programme of a well, stand by stand."""

    total_ms: int
    starts_ms: NDArray[np.int64]
    """From the start of the well, without jitter."""
    lengths_ms: NDArray[np.int64]
    activity: NDArray[np.int64]
    stands: NDArray[np.int64]
    """How many are in the hole at the start."""
    drilled: NDArray[np.int64]
    """How many stands deep the hole is at the start."""
    section: NDArray[np.int64]
    opening: NDArray[np.bool_]
    """Whether another activity went before."""


@cache
def programme() -> Programme:
    """The programme that every well follows."""
    rows = []
    at = stands = drilled = 0
    for activity, number, seconds, section in _PROGRAMME:
        for each in range(number):
            rows.append((at, seconds * 1000, activity, stands, drilled, section, each == 0))
            at += seconds * 1000
            stands += {DRILL: 1, IN: 1, OUT: -1}.get(activity, 0)
            drilled += activity == DRILL
    return Programme(at, *(np.array(column) for column in zip(*rows, strict=True)))


class Stands(NamedTuple):
    """Some stands in a row, of one well or of several."""

    number: NDArray[np.int64]
    """Counts through all wells."""
    place: NDArray[np.int64]
    """In the programme."""
    starts_ms: NDArray[np.int64]
    lengths_ms: NDArray[np.int64]


class Rig:
    """One rig; all that is known of it follows from its name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._programme = programme()
        self._nominal: list[int] = self._programme.starts_ms.tolist()
        # Rigs do not all spud a well on the same day.
        self._shift_ms = self.seed("spud") % self._programme.total_ms

    def seed(self, purpose: str) -> int:
        """The seed of a sequence of numbers that belongs to this rig alone."""
        return noise.key("rig", self.name, purpose)

    def stands(self, first_ms: int, last_ms: int) -> Stands:
        """All stands that are under way between these instants, and perhaps the one before and behind."""
        plan = self._programme
        number = np.arange(self._stand(first_ms) - 1, self._stand(last_ms) + 3, dtype=np.int64)
        well, place = np.divmod(number, len(plan.starts_ms))
        early = np.where(plan.opening[place], 0.0, _JITTER * noise.white(self.seed("pace"), number))
        starts_ms = (
            well * plan.total_ms
            + plan.starts_ms[place]
            + (plan.lengths_ms[place] * early).astype(np.int64)
            - self._shift_ms
        )
        return Stands(number[:-1], place[:-1], starts_ms[:-1], np.diff(starts_ms))

    def _stand(self, at_ms: int) -> int:
        """The stand that is under way then, but for the jitter."""
        well, within = divmod(at_ms + self._shift_ms, self._programme.total_ms)
        return well * len(self._nominal) + bisect_right(self._nominal, within) - 1

    def moments(self, times_ms: Times) -> Moments:
        """What the sensors see at these times."""
        return Moments(self, times_ms)

    def surveys(self, start_ms: int, end_ms: int) -> Times:
        """When the direction of the hole is measured: once at the end of each stand, on the slips."""
        drilled = self._drilled(start_ms, end_ms)
        times = drilled.starts_ms + drilled.lengths_ms - 90_000
        return times[(times >= start_ms) & (times < end_ms)]

    def alarms(self, start_ms: int, end_ms: int) -> Times:
        """When an alarm goes off: in every second stand or so."""
        drilled = self._drilled(start_ms, end_ms)
        drilled = Stands(*(column[noise.white(self.seed("alarm"), drilled.number) > 0] for column in drilled))
        into = 0.1 + 0.5 * noise.unit(self.seed("alarm time"), drilled.number)
        times = drilled.starts_ms + (drilled.lengths_ms * into).astype(np.int64)
        return times[(times >= start_ms) & (times < end_ms)]

    def _drilled(self, start_ms: int, end_ms: int) -> Stands:
        stands = self.stands(start_ms, end_ms)
        drilling = self._programme.activity[stands.place] == DRILL
        return Stands(*(column[drilling] for column in stands))


class Motion(NamedTuple):
    """What moves, at some times; all else follows from it."""

    block: Floats
    """Metres above the floor."""
    bit: Floats
    """Metres of pipe in the hole."""
    hole: Floats
    """Metres deep."""
    held: Floats
    """From 0, the slips hold the string, to 1, the hook does."""
    pumps: Floats
    """From 0, standing, to 1, at the flow of the section."""
    turning: Floats
    """From 0, standing, to 1, at the rotation of the section."""
    biting: Floats
    """From 0, the bit is off the bottom, to 1, with the weight of the section."""
    rate: Floats
    """Rate of penetration, in metres an hour."""
    speed: Floats
    """Of the pipe, upwards, in metres a second."""
    activity: NDArray[np.int8]


@dataclass
class _At:
    """Some times within stands of one activity: seconds since the stand's start, its length, and the like."""

    rig: Rig
    since: Floats
    length: Floats
    stands: NDArray[np.int64]
    drilled: NDArray[np.int64]
    opening: NDArray[np.bool_]
    number: NDArray[np.int64]

    def chance(self, purpose: str, low: float, high: float) -> Floats:
        """A number between these bounds for the stand of each time."""
        return low + (high - low) * noise.unit(self.rig.seed(purpose), self.number)

    def ramp(self, start: Floats | float, seconds: float) -> Floats:
        """From 0 to 1, within these seconds from the start on."""
        return smooth((self.since - start) / seconds)

    def open(self, seconds: float) -> Floats:
        """As :meth:`ramp`, where another activity went before; else 1."""
        return np.where(self.opening, self.ramp(0.0, seconds), 1.0)


def _drill(at: _At) -> Motion:
    ream_for, slips_for = at.chance("ream", 60, 180), at.chance("slips", 130, 230)
    # One after the other: drilling, reaming, lifting, on the slips, lowering to the bottom.
    slips_end = at.length - 40.0
    slips = slips_end - slips_for
    lift = slips - 20.0
    ream = lift - ream_for
    s = at.since
    down, rate = _penetration(at, ream)
    reaming = np.clip((s - ream) / ream_for, 0.0, 1.0)
    off = REAM * 4.0 * reaming * (1.0 - reaming) + LIFT * (at.ramp(lift, 20.0) - at.ramp(slips_end, 40.0))
    # The empty block goes up, and the next stand is below it.
    up = smooth((s - slips - 0.25 * slips_for) / (0.5 * slips_for))
    drilling = s < ream
    started = at.open(60.0)
    turning = (1.0 - at.ramp(lift, 10.0) + at.ramp(slips_end + 5.0, 20.0)) * started
    return Motion(
        block=HIGH - STAND * down + off + STAND * up,
        bit=STAND * (at.drilled + down) - off,
        hole=STAND * (at.drilled + down),
        held=(1.0 - at.ramp(slips, 4.0) + at.ramp(slips_end - 4.0, 4.0)) * at.open(6.0),
        pumps=(1.0 - at.ramp(slips - 4.0, 12.0) + at.ramp(slips_end, 30.0)) * started,
        turning=turning,
        biting=at.ramp(5.0, 30.0) * (1.0 - smooth((s - ream + 6.0) / 6.0)),
        rate=np.where(drilling, rate, 0.0),
        speed=np.where(
            drilling,
            -rate / 3600.0,
            np.where(s < lift, REAM * 4.0 * (1.0 - 2.0 * reaming) / ream_for, 0.0),
        ),
        activity=np.select(
            [drilling, s < lift, (s >= slips) & (s < slips_end)], [_DRILLING, _REAMING, _CONNECTION], _REAMING
        ).astype(np.int8),
    )


def _penetration(at: _At, seconds: Floats) -> tuple[Floats, Floats]:
    """The part of the stand that is drilled, and the rate in metres an hour, if it is drilled in these
    seconds.

    The rate changes evenly from node to node, so the way is known in closed form; it ends at exactly 1.
    """
    first = int(at.number.min()) if len(at.number) else 0
    last = int(at.number.max()) if len(at.number) else 0
    nodes = np.arange(PIECES + 1, dtype=np.int64) + np.arange(first, last + 1, dtype=np.int64)[:, None] * 32
    rates = (1000.0 + 450.0 * noise.white(at.rig.seed("formation"), nodes)).astype(np.int64)
    # The bit is lowered carefully onto the bottom.
    rates[:, 0] = 200
    # Twice the area below the rates, in whole numbers, so that no order of summing matters.
    areas = np.zeros_like(rates)
    np.cumsum(rates[:, 1:] + rates[:, :-1], axis=1, out=areas[:, 1:])
    way = np.clip(at.since / seconds, 0.0, 1.0) * PIECES
    piece = np.minimum(way.astype(np.int64), PIECES - 1)
    rest = way - piece
    row = at.number - first
    before, after, total = rates[row, piece], rates[row, piece + 1], areas[row, PIECES]
    rate = before + (after - before) * rest
    done = (areas[row, piece] + (before + rate) * rest) / total
    return done, STAND * 2.0 * rate * PIECES / total / seconds * 3600.0


def _circulate(at: _At) -> Motion:
    # Half of the time at the bottom; then the stand is set aside, and the block comes down for the next.
    half = 0.5 * at.length
    none = np.zeros_like(at.since)
    off = LIFT * (at.ramp(0.0, 20.0) - at.ramp(half - 40.0, 30.0))
    return Motion(
        block=HIGH + off - STAND * smooth((at.since - half - 120.0) / 300.0),
        bit=STAND * at.stands - off,
        hole=STAND * at.drilled.astype(np.float64),
        held=1.0 - at.ramp(half, 4.0),
        pumps=1.0 - at.ramp(half - 60.0, 30.0),
        turning=1.0 - at.ramp(half - 60.0, 20.0),
        biting=none,
        rate=none,
        speed=none,
        activity=np.where(at.since < half, _CIRCULATING, _CONNECTION).astype(np.int8),
    )


def _trip(at: _At, direction: int) -> Motion:
    """Direction 1 pulls the string out of the hole, -1 runs it in."""
    moving = 0.45 * at.length
    moved = smooth(at.since / moving)
    way = moved - smooth((at.since - 0.55 * at.length) / (0.4 * at.length))
    part = np.clip(at.since / moving, 0.0, 1.0)
    none = np.zeros_like(at.since)
    on_slips = at.since >= moving + 2.0
    return Motion(
        block=(LOW if direction > 0 else HIGH) + direction * STAND * way,
        bit=STAND * (at.stands - direction * moved),
        hole=STAND * at.drilled.astype(np.float64),
        held=at.ramp(0.0, 3.0) - at.ramp(moving, 4.0),
        pumps=none,
        turning=none,
        biting=none,
        rate=none,
        speed=direction * STAND * 6.0 * part * (1.0 - part) / moving,
        activity=np.where(on_slips, _CONNECTION, _OUT if direction > 0 else _IN).astype(np.int8),
    )


def _wait(at: _At) -> Motion:
    none = np.zeros_like(at.since)
    return Motion(
        block=LOW + STAND * smooth((at.since - at.length + 600.0) / 600.0),
        bit=none,
        hole=STAND * at.drilled.astype(np.float64),
        held=none,
        pumps=none,
        turning=none,
        biting=none,
        rate=none,
        speed=none,
        activity=np.full(len(none), _WAITING, dtype=np.int8),
    )


_MOTIONS: dict[int, Callable[[_At], Motion]] = {
    DRILL: _drill,
    CIRCULATE: _circulate,
    OUT: lambda at: _trip(at, 1),
    IN: lambda at: _trip(at, -1),
    WAIT: _wait,
}


class Moments:
    """A rig at some times, which need not be in order; what is not asked for is not computed."""

    def __init__(self, rig: Rig, times_ms: Times) -> None:
        self.rig = rig
        self.times_ms = times_ms

    @cached_property
    def _stands(self) -> tuple[Stands, NDArray[np.int64]]:
        known = self.rig.stands(int(self.times_ms.min()), int(self.times_ms.max()))
        return known, np.searchsorted(known.starts_ms, self.times_ms, side="right") - 1

    @cached_property
    def _section(self) -> NDArray[np.int64]:
        known, of = self._stands
        return programme().section[known.place][of]

    @cached_property
    def motion(self) -> Motion:
        """What moves."""
        plan = programme()
        known, of = self._stands
        activity = plan.activity[known.place][of]
        motions = []
        places = []
        for kind in sorted(set(activity.tolist())):
            where = np.flatnonzero(activity == kind)
            stand = of[where]
            place = known.place[stand]
            at = _At(
                rig=self.rig,
                since=(self.times_ms[where] - known.starts_ms[stand]) / 1000.0,
                length=known.lengths_ms[stand] / 1000.0,
                stands=plan.stands[place],
                drilled=plan.drilled[place],
                opening=plan.opening[place],
                number=known.number[stand],
            )
            motions.append(_MOTIONS[kind](at))
            places.append(where)
        if len(motions) == 1:
            return motions[0]
        order = np.argsort(np.concatenate(places), kind="stable")
        return Motion(*(np.concatenate(columns)[order] for columns in zip(*motions, strict=True)))

    def _white(self, purpose: str) -> Floats:
        return noise.white(self.rig.seed(purpose), self.times_ms)

    def _drift(self, purpose: str, seconds: int) -> Floats:
        return noise.drift(self.rig.seed(purpose), self.times_ms, seconds * 1000)

    @cached_property
    def _string_weight(self) -> Floats:
        """Of the pipe in the hole, in mud, in kN: collars first, then drill pipe."""
        bit = self.motion.bit
        weight: Floats = 0.9 * np.minimum(bit, 200.0) + 0.25 * np.maximum(bit - 200.0, 0.0)
        return weight

    @cached_property
    def weight_on_bit(self) -> Floats:
        """In kN."""
        wanted = _WEIGHT[self._section] * (1.0 + 0.12 * self._drift("weight", 90))
        # No more than hangs there to be set down.
        at_most = 0.7 * self._string_weight
        return self.motion.biting * np.minimum(wanted * (1.0 + 0.03 * self._white("weight")), at_most)

    @cached_property
    def hook_load(self) -> Floats:
        """In kN: the block, and the string with its drag where the slips do not hold it."""
        drag = 0.05 * np.clip(self.motion.speed / 0.1, -1.0, 1.0) + 0.004 * self._drift("drag", 20)
        string = self._string_weight * (1.0 + drag) - self.weight_on_bit
        return BLOCK_WEIGHT + self.motion.held * string + 1.2 * self._white("hook load")

    @cached_property
    def block_position(self) -> Floats:
        """In metres above the floor."""
        return self.motion.block + 0.004 * self._white("block")

    @cached_property
    def rate_of_penetration(self) -> Floats:
        """In metres an hour: what the bit gains, as the block is seen to move."""
        return self.motion.rate * (1.0 + 0.02 * self._white("rate"))

    @cached_property
    def rotary_speed(self) -> Floats:
        """In revolutions a minute."""
        wanted = _TURNS[self._section] * (1.0 + 0.02 * self._drift("turns", 300))
        return self.motion.turning * wanted * (1.0 + 0.008 * self._white("turns"))

    @cached_property
    def torque(self) -> Floats:
        """In kN m: the friction of the string, and what the bit takes."""
        friction = self.motion.turning * (1.5 + 0.0022 * self.motion.bit)
        grip = 1.0 + 0.15 * self._drift("grip", 15) + 0.06 * self._white("torque")
        return friction * (1.0 + 0.03 * self._drift("friction", 40)) + 0.055 * self.weight_on_bit * grip

    @cached_property
    def flow_in(self) -> Floats:
        """In litres a minute."""
        flow: Floats = self.motion.pumps * _FLOW[self._section] * (1.0 + 0.004 * self._white("flow"))
        return flow

    @cached_property
    def standpipe_pressure(self) -> Floats:
        """In kPa: grows with the square of the flow, and with the depth."""
        part = self.motion.pumps * (1.0 + 0.003 * self._drift("pressure", 30))
        loss = part * part * (9000.0 + 2.3 * self.motion.bit + 6.0 * self.weight_on_bit)
        return loss + 12.0 * part * self._white("pressure") + 6.0 * (1.0 + self._white("gauge"))

    @cached_property
    def survey(self) -> list[str]:
        """The direction of the hole, as JSON: it builds from the vertical below 600 metres."""
        inclination = np.clip((self.motion.bit - 600.0) * 0.03, 0.0, 62.0) + 0.3 * self._white("inclination")
        azimuth = 131.0 + 4.0 * self._drift("azimuth", 86400)
        rows = zip(self.motion.bit, np.abs(inclination), azimuth, strict=True)
        return [
            _json(
                measuredDepth=round(float(depth), 2),
                inclination=round(float(angle), 2),
                azimuth=round(float(heading), 2),
            )
            for depth, angle, heading in rows
        ]

    @cached_property
    def alarm(self) -> list[str]:
        """An alarm, as JSON: which channel has gone beyond which limit."""
        choice = noise.white(self.rig.seed("alarm kind"), self.times_ms) > 0
        return [
            _json(code="TORQUE_HIGH", value=round(float(torque), 2), limit=int(torque), unit="kN.m")
            if high_torque
            else _json(code="PRESSURE_HIGH", value=int(pressure), limit=int(pressure) // 50 * 50, unit="kPa")
            for high_torque, torque, pressure in zip(
                choice, self.torque, self.standpipe_pressure, strict=True
            )
        ]


def _json(**members: Any) -> str:
    return orjson.dumps(members).decode()


class Channel(NamedTuple):
    """One kind of measurement.

    Attributes:
        type: `float`, `boolean`, `string` or `json`.
        read: The values at some moments; for a string, the place in `ACTIVITIES`.
        decimals: How many of a number are known.
        times: When there is a value, where that is not at regular times.
    """

    type: str
    read: Callable[[Moments], Any]
    decimals: int = 2
    times: Callable[[Rig, int, int], Times] | None = None


CHANNELS = {
    "hook load": Channel("float", lambda at: at.hook_load),
    "block position": Channel("float", lambda at: at.block_position),
    "bit depth": Channel("float", lambda at: at.motion.bit),
    "hole depth": Channel("float", lambda at: at.motion.hole),
    "rate of penetration": Channel("float", lambda at: at.rate_of_penetration),
    "weight on bit": Channel("float", lambda at: at.weight_on_bit),
    "torque": Channel("float", lambda at: at.torque),
    "rotary speed": Channel("float", lambda at: at.rotary_speed, 1),
    "standpipe pressure": Channel("float", lambda at: at.standpipe_pressure, 1),
    "flow in": Channel("float", lambda at: at.flow_in, 1),
    "pumps on": Channel("boolean", lambda at: at.motion.pumps > 0.05),
    "in slips": Channel("boolean", lambda at: (at.motion.held < 0.5) & (at.motion.bit > 0.0)),
    "activity": Channel("string", lambda at: at.motion.activity),
    "survey": Channel("json", lambda at: at.survey, times=Rig.surveys),
    "alarm": Channel("json", lambda at: at.alarm, times=Rig.alarms),
}
