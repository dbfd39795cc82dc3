"""Directed scenarios: one rule of docs/delivery.md each, told step by step on virtual time, with the fault that breaks it.

They hold for the code as it is; each is there for a mutant that random seeds meet too rarely.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from chatledger.ledger import phone_index
from chatledger.models import RecordRef
from tests.simulation.checker import Violation
from tests.simulation.faults import KINDS, LONGEST_LATE_COMMIT, Draw
from tests.simulation.in_memory import database
from tests.simulation.people import digits
from tests.simulation.processes import RUNNING, on_machine
from tests.simulation.simulation import SINCE_ACTIVATION, Simulation, activated, in_virtual_time
from tests.simulation.world import LINES, World
from tests.stage import ORGANISATION

ZONE, HOUR = "America/Bogota", 4
OTHER_NUMBER = "+573209998877"
NOTE_SENT, RECORD_SENT = ("POST", "/crm/v8/Notes"), ("POST", "/crm/v8/Leads")


class Scenario(Simulation):
    """A calm world in which only what a scenario asks for goes wrong."""

    def __init__(self, world: World):
        super().__init__(world)
        world.weather.calm()
        faults = world.zoho.faults
        faults.conversion_touches_modified, faults.note_on_converted_lead, faults.notes_as_html = True, "refuse", False
        world.timelines.faults.chat_order = "spec"

    @property
    def store(self):
        """What the CRM holds."""
        return self.world.zoho.crm.store

    async def pause(self, seconds=61):
        """Let time pass."""
        await self.world.clock.sleep(seconds)

    async def once(self, fate=None):
        """Run one tick, and look at what it wrote."""
        _, ended = await self.tick(fate)
        self.checker.during()
        return ended

    def record_of(self, line):
        """Return the living lead with a line's number."""
        wanted = digits(line.phone)
        return next(one for one in self.store.ordered("Leads", "id") if digits(one.values.get("Mobile")) == wanted)

    def merge_into_another_number(self, lead):
        """Have a person merge a lead into one that carries another number."""
        master = self.world.zoho.add_record("Leads", {"Last_Name": "Gemelo", "Mobile": OTHER_NUMBER})
        self.world.zoho.merge_records("Leads", master, lead.id)
        self.lineage.inherits(master, lead.id)

    async def to_the_end(self):
        """Tick until nothing waits, then hold everything against what was written."""
        await self.until_quiet()
        await self.nothing_to_do()


def meets(weather, name):
    """Have the next write meet this fault at its worst."""
    fault = next(kind for kind in KINDS if kind.name == name)

    def draw(*, write, **_asked):
        if not write:
            return None
        del weather.draw
        return Draw(fault, 1.0)

    weather.draw = draw


def sleeps_after(weather, seconds):
    """Have the process that next gets an answer of Zoho's list of leads sleep so long behind it."""

    def pause(kind, _longest):
        request = RUNNING.get().request
        if kind != "pause_after_answer" or request != ("GET", "/crm/v8/Leads"):
            return 0.0
        del weather.pause
        return seconds

    weather.pause = pause


def dies(boundary, request, *, nth=1):
    """Return a fate: the process dies at this boundary of its nth such request, a (method, path) pair."""
    seen = 0

    def fate(process, crossed):
        nonlocal seen
        seen += crossed == boundary and process.request == request
        return crossed == boundary and process.request == request and seen == nth

    return fate


def dies_after_reading(path, commits):
    """Return a fate: the process dies right after its nth commit behind the last list of `path` it has read."""
    made = 0

    def fate(process, crossed):
        nonlocal made
        if crossed == "before_request":
            made = 0
        made += crossed == "after_commit" and process.request == ("GET", path)
        return crossed == "after_commit" and process.request == ("GET", path) and made == commits

    return fate


async def a_write_is_waited_for_as_long_as_zoho_may_take(scenario):
    """A creation is carried out as late as Zoho ever does; somebody looks just before that."""
    meets(scenario.world.weather, "late_after_timeout")
    scenario.people.say(LINES[0])
    await scenario.once()
    await scenario.pause(LONGEST_LATE_COMMIT - 10)
    await scenario.once()
    await scenario.to_the_end()


async def a_write_that_waited_too_long_is_not_sent(scenario):
    """Calls wait 40 seconds for their turn; what leaves then and is carried out late comes after it was looked up."""
    weather = scenario.world.weather
    scenario.people.say(LINES[0])
    await scenario.once()
    scenario.people.say(LINES[1])
    await scenario.pause()
    weather.late_after_death = lambda timeout: timeout + LONGEST_LATE_COMMIT
    weather.waits = 40.0
    await scenario.once(dies("request_in_flight", RECORD_SENT))
    weather.waits = 0.0
    # 15 seconds to leave and 180 to wait, counted from the decision, which was 40 seconds before the request left.
    await scenario.pause(15 + 180 - 40 + 1)
    await scenario.once()
    await scenario.to_the_end()


async def the_index_and_its_cursor_are_stored_together(scenario):
    """A person adds a record; the process that reads it dies between two commits; the number writes a while later."""
    scenario.people.say(LINES[0])
    await scenario.once()
    await scenario.pause(900)
    for commits in (1, 2):
        line = LINES[3 + commits]
        scenario.world.zoho.add_record("Leads", {"Last_Name": "De la web", "Mobile": line.phone})
        await scenario.pause(5)
        scenario.world.touch()
        scenario.people.say(LINES[0])
        await scenario.once(dies_after_reading("/crm/v8/Leads", commits))
        await scenario.pause(900)
        scenario.world.touch()
        scenario.people.say(LINES[1])
        await scenario.once()
        await scenario.pause(400)
        scenario.people.say(line)
        await scenario.once()
    await scenario.to_the_end()


async def a_record_of_the_cursors_own_second_is_seen(scenario):
    """A person adds a record in the very second up to which changes were read, a moment after; its number writes later."""
    scenario.people.say(LINES[0])
    await scenario.once()
    await scenario.pause(900)
    scenario.world.weather.meets_an_edge = lambda: True
    scenario.people.say(LINES[0])
    await scenario.once()
    scenario.world.weather.meets_an_edge = lambda: False
    await scenario.pause(900)
    scenario.people.say(LINES[7])
    await scenario.to_the_end()


async def a_note_goes_on_where_a_merge_took_it(scenario):
    """A lead is merged into one that carries another number; the rest of the day goes on in the note that is there."""
    scenario.people.say(LINES[0])
    await scenario.once()
    scenario.merge_into_another_number(scenario.record_of(LINES[0]))
    await scenario.pause()
    scenario.people.say(LINES[6])
    await scenario.once()
    scenario.people.say(LINES[0])
    await scenario.to_the_end()


async def a_note_without_an_answer_is_found_wherever_it_went(scenario):
    """The answer to a creation is lost, and its lead is merged into one with another number before the note is looked up."""
    scenario.people.say(LINES[0])
    scenario.world.zoho.add_record("Leads", {"Last_Name": "De siempre", "Mobile": LINES[0].phone})
    await scenario.pause()
    meets(scenario.world.weather, "error_after")
    await scenario.once()
    scenario.merge_into_another_number(scenario.record_of(LINES[0]))
    await scenario.to_the_end()


async def a_refused_parent_is_looked_at_in_the_same_tick(scenario):
    """A person deletes a lead; what is written for it next is refused, and delivered by that very tick all the same."""
    scenario.people.say(LINES[0])
    await scenario.once()
    scenario.people.remove_record(scenario.record_of(LINES[0]).id)
    await scenario.pause()
    scenario.people.say(LINES[6])
    _, totals = await scenario.once()
    if totals["messages"]["synced"] != totals["messages"]["seen"]:
        raise Violation(f"a message to a deleted lead waits: {totals['messages']}")
    await scenario.to_the_end()


async def a_converted_lead_is_still_seen(scenario):
    """A number whose lead was converted into a contact without its number writes again: it goes to that contact."""
    lead = scenario.world.zoho.add_record("Leads", {"Last_Name": "Convertido", "Mobile": LINES[2].phone})
    contact = scenario.world.zoho.add_record("Contacts", {"Last_Name": "De siempre", "Phone": OTHER_NUMBER})
    scenario.people.convert_lead(lead, contact)
    await scenario.pause(timedelta(minutes=20).total_seconds())
    scenario.people.say(LINES[2])
    await scenario.to_the_end()
    if any(note.parent != ("Contacts", contact) for note in scenario.store.notes.values()):
        raise Violation("a number whose lead was converted was taken for a new one")


async def rows_of_a_run_that_slept_are_not_stored(scenario):
    """A run sleeps over its lease with what it read of a lead; meanwhile the lead is deleted, and the next run finds out."""
    scenario.people.say(LINES[0])
    await scenario.once()
    lead = scenario.record_of(LINES[0])
    await scenario.pause(900)
    scenario.world.zoho.edit_record("Leads", lead.id, {"Last_Name": "Otra"})
    scenario.people.say(LINES[0])
    late = asyncio.create_task(scenario.tick())
    sleeps_after(scenario.world.weather, 400)
    await scenario.pause(30)
    scenario.people.remove_record(lead.id)
    await scenario.pause(120)
    await scenario.once()
    await late
    with scenario.world.ledger.reading() as session:
        known = phone_index.by_id(session, ORGANISATION, [RecordRef("Leads", lead.id)])
    if any(row.alive for row in known.values()):
        raise Violation("a late run brought a deleted lead back to life in the index")
    await scenario.to_the_end()


SCENARIOS: dict[str, Callable] = {
    told.__name__: told
    for told in (
        a_write_is_waited_for_as_long_as_zoho_may_take,
        a_write_that_waited_too_long_is_not_sent,
        a_record_of_the_cursors_own_second_is_seen,
        the_index_and_its_cursor_are_stored_together,
        a_note_goes_on_where_a_merge_took_it,
        a_note_without_an_answer_is_found_wherever_it_went,
        a_refused_parent_is_looked_at_in_the_same_tick,
        a_converted_lead_is_still_seen,
        rows_of_a_run_that_slept_are_not_stored,
    )
}


def run_scenario(name):
    """Run one scenario. Raises Violation when its rule does not hold."""
    activated(ZONE, HOUR).backup(database())
    in_virtual_time(_scenario, name)


async def _scenario(name):
    world = World(1, ZONE, HOUR, activated_before=SINCE_ACTIVATION)
    scenario = Scenario(world)
    try:
        with on_machine(world.machine):
            await SCENARIOS[name](scenario)
    except Exception as error:
        error.story = world.story
        raise
