"""One seed from its beginning to its end: a stormy part, then fair weather until everything has been delivered."""

import asyncio
import random
import sqlite3
from contextlib import suppress
from datetime import timedelta
from functools import cache

from sqlmodel import select

from chatledger.delivery import closing
from chatledger.delivery import tick as ticks
from chatledger.errors import LeaseLost
from chatledger.ledger import attachments, intents
from chatledger.ledger.tables import Chat, Message
from tests.simulation.checker import Checker, Violation
from tests.simulation.in_memory import database, empty_database
from tests.simulation.moves import carry_out, keep_lease
from tests.simulation.people import Lineage, People
from tests.simulation.processes import live, on_machine, task_factory
from tests.simulation.virtual_time import VirtualLoop
from tests.simulation.world import World
from tests.stage import ORGANISATION

TICKS = 10
MESSAGES = 40
ACTS = 14
MOST_FAIR_TICKS = 80
SINCE_ACTIVATION = 60.0
ZONES = ("America/Bogota", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
HOURS = (0, 4, 9, 16)


class Simulation:
    """A world with its people and its checker."""

    def __init__(self, world: World):
        self.world = world
        self.lineage = Lineage(world.zoho)
        self.people = People(world, self.lineage)
        self.checker = Checker(world, self.lineage, self.people)
        self.ticks = 0

    async def storm(self):
        """Two schedulers run ticks while people act and everything goes wrong that can."""
        world = self.world
        length = world.random.choice([35, 60]) * TICKS
        moments = [(world.random.uniform(0, length), self.people.write) for _ in range(MESSAGES)]
        moments += [(world.random.uniform(0, length), self.people.act) for _ in range(ACTS)]
        schedulers = [asyncio.create_task(self._scheduler(length)) for _ in range(2)]
        for moment, act in sorted(moments, key=lambda each: each[0]):
            await asyncio.sleep(max(0.0, moment - world.loop.time()))
            act()
            self.checker.during()
        for scheduler in schedulers:
            await scheduler

    async def _scheduler(self, length):
        random = self.world.random
        await asyncio.sleep(random.uniform(0, 60))
        every = random.uniform(40, 130)
        while self.world.loop.time() < length or self.ticks < TICKS:
            await self.tick()
            self.checker.during()
            await asyncio.sleep(random.uniform(0.5, 1.5) * every)

    async def tick(self, fate=None):
        """Run one tick in a process of its own, to its end or death; return end state and totals, None without either."""
        self.ticks += 1
        process = self.world.machine.start(fate or self.world.weather.kills)
        ended = await live(process, self._tick(process))
        self.world.tell(process.name, "died" if process.dead else "ended", process.boundaries[-1:], ended)
        return process, ended

    async def _tick(self, process):
        world, ledger = self.world, self.world.process_ledger(process)
        timelines, zoho, count = world.clients(process, ledger)
        tick = ticks.begin(
            ledger, ORGANISATION, timelines=timelines, zoho=zoho, count=count, options=world.options, record_url=""
        )
        if tick is None:
            world.weather.fired["busy_run"] += 1
            return None
        renewal = asyncio.create_task(keep_lease(tick, process))
        try:
            state, totals = await carry_out(tick)
        except LeaseLost as error:
            world.weather.fired["lost_lease"] += 1
            closing.give_up(tick, error)
            return None
        finally:
            renewal.cancel()
        _adds_up(totals)
        return state, totals

    async def fair_weather(self):
        """Tick until nothing waits any more, then once more after a day; then a tick must not ask Zoho anything."""
        self.world.weather.calm()
        self.people.go_home()
        await self.until_quiet()
        await asyncio.sleep(timedelta(hours=25).total_seconds())
        await self.until_quiet()
        await self.nothing_to_do()

    async def nothing_to_do(self):
        """Tick once more, which must not ask Zoho anything, and hold everything against what was written."""
        await asyncio.sleep(61)
        asked = len(self.world.zoho.requests)
        await self.tick()
        if len(self.world.zoho.requests) != asked:
            raise Violation("a tick with nothing to do asked Zoho")
        self.checker.at_the_end(self._rows())

    async def until_quiet(self):
        """Tick until nothing waits any more."""
        for _ in range(MOST_FAIR_TICKS):
            _, ended = await self.tick()
            self.checker.during()
            due = self._next_due()
            if due is None and ended is not None:
                return
            await asyncio.sleep(max(61.0, (due - self.world.clock.now()).total_seconds() if due else 0.0))
        raise Violation("the backlog does not end")

    def _next_due(self):
        """The next moment at which something waits to be done, None when nothing does."""
        with self.world.ledger.reading() as session:
            moments = [row.settle_after for row in intents.unsettled(session, ORGANISATION)]
            waiting = select(Message).where(Message.outcome.in_(["pending", "parked"]))
            moments += [row.next_try_at for row in session.exec(waiting)]
            moments += [None for _ in session.exec(select(Chat).where(Chat.to_read))]
            moments += [None] if attachments.any_waiting(session, ORGANISATION) else []
        now = self.world.clock.now()
        return min((moment or now for moment in moments), default=None)

    def _rows(self):
        with self.world.ledger.reading() as session:
            return {row.uid: row for row in session.exec(select(Message))}


def _adds_up(totals):
    messages = totals["messages"]
    if messages["seen"] != sum(number for name, number in messages.items() if name != "seen"):
        raise Violation(f"the outcomes do not add up: {messages}")


def in_virtual_time(main, *arguments):
    """Run `main(*arguments)` on a loop of its own to its end, with whatever it left behind."""
    loop = VirtualLoop()
    loop.set_task_factory(task_factory)
    loop.set_exception_handler(lambda *_: None)
    state = random.getstate()
    try:
        return loop.run_until_complete(main(*arguments))
    finally:
        random.setstate(state)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        with suppress(BaseException):
            loop.run_until_complete(asyncio.sleep(0))
        loop.close()


@cache
def activated(zone, hour):
    """A database in which the organisation was activated a minute before a seed begins."""
    empty_database().backup(database())
    in_virtual_time(_activation, zone, hour)
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    database().backup(kept)
    return kept


async def _activation(zone, hour):
    world = World(0, zone, hour)
    world.weather.calm()
    await world.activate(adopts=hour == HOURS[0])


async def _seed(seed, zone, hour, kind):
    world = World(seed, zone, hour, activated_before=SINCE_ACTIVATION)
    try:
        simulation = kind(world)
        with on_machine(world.machine):
            await simulation.storm()
            await simulation.fair_weather()
    except Exception as error:
        error.story = world.story
        raise
    return world.weather.fired


def run_seed(seed, kind=Simulation):
    """Run one seed; return how often each fault fired. Raises Violation when the promise was broken."""
    zone, hour = ZONES[seed % len(ZONES)], HOURS[seed // len(ZONES) % len(HOURS)]
    activated(zone, hour).backup(database())
    return in_virtual_time(_seed, seed, zone, hour, kind)
