"""Crash points: a tick that does everything once is killed at each of its I/O boundaries, alone and in pairs.

The tick creates records and notes, updates a note, follows a conversion and remakes a note of a deleted record. A request
whose process dies while it is under way is carried out as late as Zoho ever does.

For pairs the whole simulation is forked at every boundary: in the copy the process dies there, the original goes on.
"""

import asyncio
import gc
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.faults import LONGEST_LATE_COMMIT
from tests.simulation.in_memory import database
from tests.simulation.processes import on_machine
from tests.simulation.simulation import SINCE_ACTIVATION, Simulation, activated, in_virtual_time
from tests.simulation.world import LINES, World

ZONE, HOUR = "America/Bogota", 4


@dataclass
class Kill:
    """Kills one process at its boundary `at`, counted from 1 (0: never); keeps how many it crossed."""

    at: int
    crossed: int = 0

    def __call__(self, process, _boundary):
        self.crossed = process.crossed
        return process.crossed == self.at


@dataclass
class Forks:
    """Forks at each of these boundaries (all of them): the copy, whose `at` says where, dies there, the original lives on."""

    points: range | None = None
    at: int = 0

    def __call__(self, process, _boundary):
        if self.at or (self.points is not None and process.crossed not in self.points):
            return False
        loop = asyncio.get_running_loop()
        copy = os.fork()
        if copy:
            os.waitpid(copy, 0)
            return False
        asyncio._set_running_loop(loop)  # it is remembered with the process it runs in
        self.at = process.crossed
        return True


def crash_at(boundary):
    """Kill the tick at a boundary and return how many it has crossed. Raises Violation when the promise does not hold."""
    activated(ZONE, HOUR).backup(database())
    return in_virtual_time(_crash, boundary)


async def _crash(boundary):
    simulation = _simulation()
    with on_machine(simulation.world.machine):
        await _before(simulation)
        kill = Kill(boundary)
        await simulation.tick(kill)
        await _afterwards(simulation)
    return kill.crossed


def _simulation():
    world = World(1, ZONE, HOUR, activated_before=SINCE_ACTIVATION)
    world.weather.calm()
    world.weather.late_after_death = lambda timeout: timeout + LONGEST_LATE_COMMIT
    # Every call waits a while for its turn, so that requests leave long after they were decided.
    world.weather.waits = 12.0
    return Simulation(world)


async def _afterwards(simulation):
    """Let later ticks bring everything to its end, while the last write may still be carried out."""
    simulation.checker.during()
    await simulation.world.clock.sleep(170)
    simulation.world.weather.calm()
    await simulation.until_quiet()
    await simulation.nothing_to_do()


async def _before(simulation):
    """Bring about that the next tick has one of everything to do."""
    people, zoho = simulation.people, simulation.world.zoho
    faults = zoho.faults
    faults.conversion_touches_modified, faults.note_on_converted_lead, faults.notes_as_html = True, "refuse", False
    for line in LINES[:3]:
        people.say(line)
    await simulation.tick()
    leads = [record.id for record in zoho.crm.store.ordered("Leads", "id")]
    people.convert_lead(leads[0])
    people.remove_record(leads[1])
    for line in LINES[:6]:
        people.say(line)
    await simulation.world.clock.sleep(61)


def boundaries():
    """Return how many boundaries the tick has when nobody kills it."""
    return crash_at(0)


def broken_points(points=None):
    """Kill the tick at each of these boundaries (all of them) and return what broke, with the boundary."""
    return [found for point in points or range(1, boundaries() + 1) for found in _broken(point)]


def _broken(point):
    try:
        crash_at(point)
    except Exception as error:  # noqa: BLE001  whatever breaks is what is looked for
        return [(point, f"{type(error).__name__}: {error}")]
    return []


def tried_pairs(points, jobs=1):
    """Kill the tick at each of these boundaries and the next one at each of its own; yield both and what broke, if any."""
    with ProcessPoolExecutor(jobs) as pool:
        for part in pool.map(_tried_after, [range(point, point + 1) for point in points]):
            yield from part


def _tried_after(points):
    with tempfile.NamedTemporaryFile("a+", buffering=1) as report:
        activated(ZONE, HOUR).backup(database())
        gc.freeze()  # what is never looked at again is never copied for a fork
        ours = os.getpid()
        try:
            in_virtual_time(_crash_twice, points, Path(report.name))
        finally:
            if os.getpid() != ours:
                os._exit(1)
        report.seek(0)
        return [line.rstrip("\n").split(" ", 2) for line in report]


async def _crash_twice(points, report):
    simulation, first, second = _simulation(), Forks(points), Forks()
    with on_machine(simulation.world.machine):
        await _before(simulation)
        await simulation.tick(first)
        if not first.at:
            return
        # The next tick finds everything to settle.
        await simulation.world.clock.sleep(200)
        await simulation.tick(second)
        if second.at:
            _tell(report, f"{first.at} {second.at} {await _problem(simulation)}")
        os._exit(0)


async def _problem(simulation):
    try:
        await _afterwards(simulation)
    except Exception as error:  # noqa: BLE001  whatever breaks is what is looked for
        return f"{type(error).__name__}: {error}".replace("\n", " ")
    return ""


def _tell(report, line):
    with report.open("a") as told:
        told.write(f"{line}\n")
