"""Crash points: a tick that does everything once is killed at each of its I/O boundaries, alone and in pairs.

The tick creates records and notes, updates a note, follows a conversion and remakes a note of a deleted record. A request
whose process dies while it is under way is carried out as late as Zoho ever does.
"""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from tests.simulation.faults import LONGEST_LATE_COMMIT
from tests.simulation.in_memory import database
from tests.simulation.processes import on_machine
from tests.simulation.simulation import SINCE_ACTIVATION, Simulation, activated, in_virtual_time
from tests.simulation.world import LINES, World

ZONE, HOUR = "America/Bogota", 4


@dataclass
class Kills:
    """Kills process n (from 0) at its boundary `at[n]` (from 1); keeps how many boundaries each process crossed."""

    at: tuple[int, ...]
    crossed: dict[str, int] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def __call__(self, process, _boundary):
        if process.name not in self.crossed:
            self.order.append(process.name)
        self.crossed[process.name] = process.crossed
        number = self.order.index(process.name)
        return number < len(self.at) and process.crossed == self.at[number]


def crash_at(*boundaries):
    """Kill the tick at the first boundary, the one after it at the second; return what each of them crossed in all.

    Raises Violation when the promise does not hold afterwards.
    """
    activated(ZONE, HOUR).backup(database())
    return in_virtual_time(_crash, boundaries)


async def _crash(boundaries):
    world = World(1, ZONE, HOUR, activated_before=SINCE_ACTIVATION)
    world.weather.calm()
    world.weather.late_after_death = lambda timeout: timeout + LONGEST_LATE_COMMIT
    # Every call waits a while for its turn, so that requests leave long after they were decided.
    world.weather.waits = 12.0
    simulation = Simulation(world)
    kills = Kills(boundaries)
    with on_machine(world.machine):
        await _before(simulation)
        for left in reversed(range(len(boundaries))):
            await simulation.tick(kills)
            simulation.checker.during()
            # The next tick to be killed has everything to settle; the last one left only what may still be carried out.
            await world.clock.sleep(200 if left else 170)
        world.weather.calm()
        await simulation.until_quiet()
        await simulation.nothing_to_do()
    return [kills.crossed[name] for name in kills.order]


async def _before(simulation):
    """Bring about that the next tick has one of everything to do."""
    people, zoho = simulation.people, simulation.world.zoho
    faults = zoho.faults
    faults.conversion_touches_modified, faults.note_on_converted_lead, faults.notes_as_html = True, "refuse", False
    for line in LINES[:3]:
        people.write(line)
    await simulation.tick()
    leads = [record.id for record in zoho.crm.store.ordered("Leads", "id")]
    people.convert_lead(leads[0])
    people.remove_record(leads[1])
    for line in LINES[:6]:
        people.write(line)
    await simulation.world.clock.sleep(61)


def boundaries():
    """Return how many boundaries the tick has when nobody kills it."""
    return crash_at(0)[0]


def broken_points(points=None):
    """Kill the tick at each of these boundaries (all of them) and return what broke, with the boundary."""
    return [found for point in points or range(1, boundaries() + 1) for found in _broken((point,))]


def broken_pairs(jobs):
    """Kill the tick at every boundary and the tick after it at each of its own; return what broke, with both."""
    with ProcessPoolExecutor(jobs) as pool:
        return [found for part in pool.map(_broken_after, range(1, boundaries() + 1)) for found in part]


def _broken_after(first):
    crossed = crash_at(first, 0)[1]
    return [found for second in range(1, crossed + 1) for found in _broken((first, second))]


def _broken(points):
    try:
        crash_at(*points)
    except Exception as error:  # noqa: BLE001  whatever breaks is what is looked for
        return [(points, f"{type(error).__name__}: {error}")]
    return []
