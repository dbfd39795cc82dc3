"""Real processes at work on one ledger: stand-ins with a memory, people who write, ticks to kill, and a count at the end."""

import asyncio
import json
import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
from sqlmodel import select

from chatledger.delivery.tick import Options
from chatledger.errors import LedgerUnavailable
from chatledger.ledger import intents
from chatledger.ledger.database import open_ledger
from chatledger.ledger.tables import Message
from deployments.cli.sandbox_processes import running_sandbox
from tests.processes import FORK
from tests.stage import ORGANISATION, Stage, small_world

SECRET_KEY = "a passphrase only for tests"
OPTIONS = Options(unknown_write_wait=8.0, http_timeout=3.0, intent_age=3.0, lease=20.0, timelines_requests=100_000)
"""Waits cut short: the stand-ins hardly carry a request out later than they answer it."""
PHONES = [f"+5730055500{number:02d}" for number in range(12)]
LEDGER_GONE = 3
MOST_TICKS_AT_THE_END = 60
_MARK = re.compile(r"#(\d+)#")


class Workplace:
    """One organisation. The test process itself never opens the ledger, so that its children may be forked at any time."""

    def __init__(self, sandbox, ledger_url, home: Path, seed):
        self.environment = sandbox.environment
        self.timelines_url, self.zoho_url = sandbox.timelines_url, sandbox.zoho_url
        self.ledger_url, self.home = ledger_url, home
        self.random = random.Random(seed)
        self.written = 0
        self.ended = Counter()

    def say(self, number=1):
        """Have people write."""
        for _ in range(number):
            told = {"phone": self.random.choice(PHONES), "account": "573105550100@s.whatsapp.net"}
            self._act(self.timelines_url, "receive_message", told | {"text": f"mensaje #{self.written}#"})
            self.written += 1

    def set_faults(self, **switches):
        """Set switches of Zoho's stand-in."""
        httpx.put(f"{self.zoho_url}/_sandbox/faults", json=switches).raise_for_status()

    def activate(self):
        """Activate the organisation, in a process of its own."""
        self._in_a_process(_activate)

    def start_tick(self):
        """Begin a tick in a process of its own and return that."""
        process = FORK.Process(target=self._on_stage, args=(lambda stage: stage.tick(),))
        process.start()
        return process

    def tick(self):
        """Run a tick to its end."""
        self.join(self.start_tick())

    def join(self, process):
        """Wait for a tick and remember how it ended. A bug in it is no way to end."""
        process.join(120)
        names = {0: "ended", -signal.SIGKILL: "killed", LEDGER_GONE: "ledger_gone"}
        assert process.exitcode in names, f"a tick ended with exit code {process.exitcode}"
        self.ended[names[process.exitcode]] += 1

    def kill_after(self, process, seconds):
        """Kill a tick with SIGKILL when so much of it has passed."""
        time.sleep(seconds)
        process.kill()
        self.join(process)

    def until_quiet(self):
        """Tick until nothing waits any more."""
        for _ in range(MOST_TICKS_AT_THE_END):
            self.tick()
            if not self._in_a_process(_waiting):
                return
            time.sleep(0.5)
        raise AssertionError("the backlog does not end")

    def check(self):
        """Hold what the CRM has against what was written."""
        state = httpx.get(f"{self.zoho_url}/_sandbox/state", timeout=30).json()
        standing = Counter(number for note in state["notes"] for number in _MARK.findall(note["Note_Content"] or ""))
        lost = [number for number in range(self.written) if not standing[str(number)]]
        twice = [number for number, times in standing.items() if times > 1]
        leads = Counter(lead["Mobile"] for lead in state["records"]["Leads"] if not lead["$deleted"])
        assert lost == [], f"{len(lost)} of {self.written} messages are lost"
        assert twice == [], f"{len(twice)} messages stand in two notes"
        assert {phone: number for phone, number in leads.items() if number > 1} == {}

    def _act(self, base, name, arguments):
        httpx.post(f"{base}/_sandbox/{name}", json=arguments).raise_for_status()

    def _in_a_process(self, work):
        receiver, sender = FORK.Pipe(duplex=False)
        process = FORK.Process(target=self._on_stage, args=(work, sender))
        process.start()
        sender.close()
        process.join(120)
        assert process.exitcode == 0
        return receiver.recv()

    def _on_stage(self, work, sender=None):
        try:
            stage = Stage(None, None, (self.timelines_url, self.zoho_url))
            stage.options = OPTIONS
            stage.ledger = open_ledger(self.ledger_url, home=self.home, secret_key=SECRET_KEY)
            result = work(stage)
        except LedgerUnavailable:
            os._exit(LEDGER_GONE)
        if sender is not None:
            sender.send(result if isinstance(result, int) else None)
        os._exit(0)


def _activate(stage):
    stage.options = Options()
    stage.activate()


def _waiting(stage):
    with stage.ledger.reading() as session:
        open_writes = intents.unsettled(session, ORGANISATION)
        undone = session.exec(select(Message).where(Message.outcome.in_(["pending", "parked"]))).all()
    soon = [row for row in undone if row.next_try_at is None or row.next_try_at < stage.now() + timedelta(days=1)]
    return len(open_writes) + len(soon)


@contextmanager
def workplace(folder: Path, ledger_url: str | None = None, *, seed=0) -> Iterator[Workplace]:
    """Set up fresh stand-ins for an organisation that is not activated yet; without a URL its ledger is a SQLite file."""
    world = folder / "world.json"
    world.write_text(json.dumps(small_world()))
    given = ["--world", str(world)]
    with running_sandbox(given, given) as sandbox:
        yield Workplace(sandbox, ledger_url or f"sqlite:///{folder / 'ledger.db'}", folder, seed)


def ticking(place: Workplace, seconds):
    """Tick again and again for so many seconds, as one of several schedulers; returns how many ticks did something."""
    until, busy, done = time.monotonic() + seconds, 0, 0
    stage = Stage(None, None, (place.timelines_url, place.zoho_url))
    stage.options = OPTIONS
    stage.ledger = open_ledger(place.ledger_url, home=place.home, secret_key=SECRET_KEY)
    while time.monotonic() < until:
        summary = asyncio.run(stage._tick())
        busy, done = busy + bool(summary.get("busy")), done + 1
        time.sleep(0.02)
    return done, busy
