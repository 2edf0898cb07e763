"""A scenario onto a lot: each sentence becomes what really happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from edge.errors import Mistake
from firmware_sim.lot.chance import passing_by, surrounded
from firmware_sim.lot.driving import Manners, way_in, way_out, way_to_turn
from firmware_sim.lot.levels import EASY, LEVELS
from firmware_sim.lot.lot import Lot
from firmware_sim.lot.motion import Drive
from firmware_sim.lot.mounting import Mount, draw_mount
from firmware_sim.lot.physics import direction, stream
from firmware_sim.lot.scenario import Line, Scenario, ScenarioWrong
from firmware_sim.lot.sentences import note_number
from firmware_sim.lot.vehicles import motorbike_parked, passing
from firmware_sim.lot.visiting import turned, visit
from firmware_sim.lot.world import (
    Doing,
    Fault,
    Flaw,
    Person,
    Sense,
    Stall,
    Thing,
    Tram,
    Visit,
    Weather,
    World,
)

SWAP_S, SWAP_LEAST_S = 60.0, 10.0
TRIES = 200
QUALITY = replace(EASY, plate_share=1.0)
PLACE_TRIES = 1000
NOTED_RAIN = {"light": 0.2, "heavy": 0.9}
SENSES: dict[str, Sense] = {"ultrasonic": "us", "magnetometer": "mag"}
FLAWS: dict[str, Flaw] = {"silent": "dropout", "stuck": "stuck", "noisy": "noisy"}


def stage(scenario: Scenario, name: str, seed: int | None = None) -> Lot:
    """`seed` stands for the scenario's. ScenarioWrong of what cannot happen, named by `name`."""
    return _Stage(scenario, scenario.seed if seed is None else seed).lot(name)


@dataclass(slots=True)
class _Stage:
    scenario: Scenario
    seed: int
    mistakes: list[Mistake] = field(default_factory=list)

    def lot(self, name: str) -> Lot:
        spaces = self.scenario.spaces
        mounts = tuple(self._mount(number) for number in range(len(spaces)))
        world = World(spaces, self.scenario.lasts_s, mounts)
        world = replace(world, visits=self._visits(world))
        if self.scenario.around is not None:
            world = surrounded(world, LEVELS[self.scenario.around], self.seed)
        for index, line in enumerate(self.scenario.events):
            act = ACTS.get(line.said.verb)
            if act is not None:
                world = act(world, line, stream(self.seed, "event", index))
        if self.mistakes:
            raise ScenarioWrong(name, self.mistakes)
        return Lot(world, self.seed)

    def _mount(self, number: int) -> Mount:
        """Drawn until it hangs where the scenario says."""
        for turn in range(PLACE_TRIES):
            mount = draw_mount(stream(self.seed, "mount", number, turn), QUALITY)
            if mount.echo.place == self.scenario.sensors:
                break
        return mount

    def _visits(self, world: World) -> tuple[Visit, ...]:
        found = self._turns(world)
        for number, space in enumerate(world.spaces):
            left_s: float | None = None
            for came, left in self._pairs(space):
                gap_s = None if left_s is None else came.said.at_s - left_s
                if gap_s is not None and gap_s < SWAP_LEAST_S:
                    least = f"{SWAP_LEAST_S:g} s"
                    self._wrong(came, f"The next car needs {least} after the last one left.")
                swap_after_s = gap_s if gap_s is not None and gap_s < SWAP_S else None
                found.append(self._visit(world, number, (came, left), swap_after_s))
                left_s = left.said.at_s if left else None
        return tuple(sorted(found, key=lambda one: one.from_s))

    def _pairs(self, space: str) -> Iterator[tuple[Line, Line | None]]:
        """Each arrival with its departure, in time order; of the last car there may be none."""
        came: Line | None = None
        for line in sorted(self.scenario.events, key=lambda line: line.said.at_s):
            if line.said.space != space or line.said.verb not in ("arrives", "leaves"):
                continue
            if (line.said.verb == "leaves") == (came is None):
                self._wrong(line, f"{space} is {'empty' if came is None else 'taken'} then.")
            elif came is None:
                came = line
            else:
                yield came, line
                came = None
        if came is not None:
            yield came, None

    def _visit(
        self,
        world: World,
        number: int,
        lines: tuple[Line, Line | None],
        swap_after_s: float | None,
    ) -> Visit:
        came, left = lines
        rng = stream(self.seed, "visit", number, came.line)
        notes = came.said.notes
        manners = Manners(
            pauses="pauses" in notes,
            creeps="creeps" in notes,
            reparks="re-parks" in notes,
            swaps=swap_after_s is not None,
            pauses_out=left is not None and "pauses" in left.said.notes,
        )
        inward = _fitting(rng, manners, swap_after_s).moved(came.said.at_s)
        # A car that never leaves does so long after the end.
        until_s = 2 * world.lasts_s if left is None else left.said.at_s
        drives = (inward, way_out(rng, manners).moved(until_s))
        mount = world.mounts[number]
        one = visit(rng, QUALITY, number, mount, manners, drives, weak="weak" in notes)
        plates = [note.split()[1] for note in notes if note.startswith("plate ")]
        if not plates:
            return one
        reads = tuple((at_s, plates[0], sure) for at_s, _, sure in one.reads)
        return replace(one, plate=plates[0], reads=reads)

    def _turns(self, world: World) -> list[Visit]:
        found: list[Visit] = []
        for line in self.scenario.events:
            if line.said.verb != "turns" or line.said.space is None:
                continue
            number = world.spaces.index(line.said.space)
            rng = stream(self.seed, "turn", line.line)
            to_m, at_s = rng.uniform(1.2, 3.5), line.said.at_s
            inward = way_to_turn(rng, to_m).moved(at_s)
            outward = way_out(rng, Manners(), to_m).moved(at_s + rng.uniform(0.5, 4.0))
            one = visit(rng, QUALITY, number, world.mounts[number], Manners(), (inward, outward))
            found.append(turned(one, to_m))
        return found

    def _wrong(self, line: Line, said: str) -> None:
        self.mistakes.append(Mistake(line.line, line.column, said))


def _fitting(rng: np.random.Generator, manners: Manners, swap_after_s: float | None) -> Drive:
    """After a car that left so long ago, one that waited until it had begun to."""
    best = way_in(rng, manners)
    for _ in range(TRIES):
        if swap_after_s is None or -best.times_s[2] <= swap_after_s:
            break
        best = max(best, way_in(rng, manners), key=lambda course: float(course.times_s[2]))
    return best


def _number(world: World, line: Line) -> int:
    return world.spaces.index(line.said.space or world.spaces[0])


def _until_s(line: Line) -> float:
    return line.said.at_s + line.said.lasts_s


def _pass(world: World, line: Line, rng: np.random.Generator) -> World:
    stops = line.said.verb == "stops"
    number = _number(world, line) if stops else None
    speed = note_number(line.said.notes, "km/h") or rng.uniform(10, 30)
    count, kind = len(world.spaces), line.said.words[0]
    one = passing_by(rng, (kind, passing(rng)), count, speed / 3.6, number, line.said.lasts_s)
    return replace(world, passes=(*world.passes, one.moved(line.said.at_s - one.at_s)))


def _person(world: World, line: Line, rng: np.random.Generator) -> World:
    walks = line.said.verb == "walks"
    until_s = line.said.at_s + (rng.uniform(0.8, 2.5) if walks else line.said.lasts_s)
    number, near_m = _number(world, line), rng.uniform(0.4, 1.5)
    doing: Doing = "walks" if walks else "stands"
    person = Person(number, line.said.at_s, until_s, near_m, doing)
    return replace(world, people=(*world.people, person))


def _trolley(world: World, line: Line, rng: np.random.Generator) -> World:
    step, near = 0.2 * direction(rng), rng.uniform(0.5, 1.4)
    at = (_number(world, line), line.said.at_s, _until_s(line))
    return replace(world, things=(*world.things, Thing(*at, "trolley", near, 0.95, step)))


def _motorbike(world: World, line: Line, rng: np.random.Generator) -> World:
    step = motorbike_parked(rng).moments[0]
    at = (_number(world, line), line.said.at_s, _until_s(line))
    return replace(world, things=(*world.things, Thing(*at, "motorbike", None, 1.0, step)))


def _plate(world: World, line: Line, rng: np.random.Generator) -> World:
    step = (note_number(line.said.notes, "uT") or 5.0) * direction(rng)
    at = (_number(world, line), line.said.at_s, _until_s(line))
    return replace(world, things=(*world.things, Thing(*at, "plate", None, 0.0, step)))


def _tram(world: World, line: Line, rng: np.random.Generator) -> World:
    step = (note_number(line.said.notes, "uT") or 1.5) * direction(rng)
    tram = Tram(line.said.at_s, _until_s(line), 1.0, step)
    return replace(world, trams=(*world.trams, tram))


def _weather(world: World, line: Line, rng: np.random.Generator) -> World:
    amount = next((NOTED_RAIN[note] for note in line.said.notes), 0.5)
    rain = Weather("rain", None, line.said.at_s, _until_s(line), amount)
    return replace(world, weather=(*world.weather, rain))


def _snow(world: World, line: Line, rng: np.random.Generator) -> World:
    snow = Weather("snow", _number(world, line), line.said.at_s, _until_s(line), 0.0)
    return replace(world, weather=(*world.weather, snow))


def _fault(world: World, line: Line, rng: np.random.Generator) -> World:
    sense, flaw = SENSES[line.said.words[0]], FLAWS[line.said.words[1]]
    fault = Fault(_number(world, line), sense, flaw, line.said.at_s, _until_s(line), times=6.0)
    return replace(world, faults=(*world.faults, fault))


def _gateway(world: World, line: Line, rng: np.random.Generator) -> World:
    return replace(world, stalls=(*world.stalls, Stall(line.said.at_s, _until_s(line))))


ACTS: dict[str, Callable[[World, Line, np.random.Generator], World]] = {
    "passes": _pass,
    "stops": _pass,
    "walks": _person,
    "stands": _person,
    "trolley": _trolley,
    "motorbike": _motorbike,
    "plate": _plate,
    "tram": _tram,
    "rain": _weather,
    "snow": _snow,
    "fault": _fault,
    "gateway": _gateway,
}
