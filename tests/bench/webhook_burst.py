"""Webhooks in bursts, a third of them repeated or malformed: how fast they are answered, and what became of each.

`python -m tests.bench.webhook_burst` sends 10,000 to the web pages of a process of its own, as TimelinesAI does: up to three
times, until one is answered with 2xx. Then it ticks until the inbox is empty and counts.
"""

import argparse
import asyncio
import json
import multiprocessing
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
from sqlmodel import select

from chatledger.ledger import webhook_registrations
from chatledger.ledger.database import open_ledger
from chatledger.ledger.tables import InboxItem, Message
from chatledger.web.app import create_app
from chatledger.web.parts import WebParts
from sandbox.serving import running
from sandbox.timelines.app import TimelinesStandIn
from sandbox.timelines.delivery import spoilt
from sandbox.zoho.app import ZohoStandIn
from tests.stage import ORGANISATION, Stage, small_world
from tests.webhook_stage import Webhooks

ATTEMPTS = 3
AT_ONCE = 50
CHATS = 50
SECRET_KEY = "only for the bench"


@dataclass(frozen=True)
class Burst:
    """What is sent: bodies in the order of sending, the uids that must arrive, and how many bodies are malformed."""

    bodies: list[bytes]
    uids: set[str]
    malformed: int


def prepare(stage: Stage, webhooks: Webhooks, count: int, seed: int = 1) -> Burst:
    """Have people write two thirds as many messages, and add a sixth of repeats and a sixth of malformed bodies."""
    dice = random.Random(seed)
    good = count * 2 // 3
    uids = {stage.receive(f"mensaje {number}", phone=f"+57300{number % CHATS:07}") for number in range(good)}
    sent = webhooks.sent()
    repeats = [dice.choice(sent) for _ in range((count - good) // 2)]
    broken = [
        spoilt(json.loads(body), body, number) if number % 5 != 1 else b'{"nothing": %d}' % number
        for number, body in enumerate(dice.choices(sent, k=count - good - len(repeats)))
    ]
    bodies = [*sent, *repeats, *broken]
    dice.shuffle(bodies)
    return Burst(bodies, uids, len(set(broken)))


async def send(url: str, bodies: list[bytes], at_once: int = AT_ONCE) -> list[float]:
    """Send everything, so many at once, each up to three times; return how long each answered attempt took, in seconds."""
    took: list[float] = []
    gate = asyncio.Semaphore(at_once)
    async with httpx.AsyncClient(headers={"Content-Type": "application/json"}, timeout=10) as client:

        async def deliver(body: bytes) -> None:
            async with gate:
                for _ in range(ATTEMPTS):
                    started = time.monotonic()
                    answer = await client.post(url, content=body)
                    took.append(time.monotonic() - started)
                    if answer.is_success:
                        return
                raise AssertionError(f"not taken: {answer.status_code}")

        await asyncio.gather(*(deliver(body) for body in bodies))
    return took


@contextmanager
def receiving(ledger_url: str, home: Path) -> Iterator[str]:
    """Serve the web pages over a ledger in a process of their own, as `serve` does; give their address."""
    spawned = multiprocessing.get_context("spawn")
    ours, theirs = spawned.Pipe()
    process = spawned.Process(target=_receive, args=(ledger_url, home, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("stop")
        process.join()


def _receive(ledger_url: str, home: Path, pipe: Connection) -> None:
    ledger = open_ledger(ledger_url, home=home, secret_key=SECRET_KEY)
    with running(create_app(WebParts(ledger, ORGANISATION, "http://127.0.0.1", public=True))) as base:
        pipe.send(base)
        pipe.recv()
    ledger.close()


def settle(stage: Stage) -> tuple[list[Message], list[InboxItem]]:
    """Tick until nothing waits in the inbox; return what the ledger holds then."""
    while True:
        stage.tick()
        with stage.ledger.reading() as session:
            messages, items = list(session.exec(select(Message))), list(session.exec(select(InboxItem)))
        if not any(item.state == "waiting" for item in items):
            return messages, items


def check(burst: Burst, stage: Stage) -> None:
    """Raise AssertionError unless nothing was lost or doubled and what was malformed is kept with a reason."""
    messages, items = settle(stage)
    assert {message.uid for message in messages} == burst.uids
    assert len(messages) == len(burst.uids)
    assert {message.outcome for message in messages} == {"synced"}
    parked = [item for item in items if item.state == "parked"]
    assert len(parked) == burst.malformed
    assert all(item.reason and item.body is not None for item in parked)
    assert sum(item.deliveries for item in items) >= len(burst.bodies)
    written = "\n".join(note["Note_Content"] for note in stage.notes())
    assert all(written.count(f"mensaje {number}\n") <= 1 for number in range(len(burst.uids)))


def main() -> None:
    """Send the burst and print how it went."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="how many are under way at the same time")
    asked = parser.parse_args()
    world = small_world()
    timelines, zoho = TimelinesStandIn(world["timelines"]), ZohoStandIn(world["zoho"])
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = stack.enter_context(running(timelines.app)), stack.enter_context(running(zoho.app))
        timelines.service.deliveries._loop = None  # what it sends is taken from its queue
        stage = Stage(timelines, zoho, urls)
        url = f"sqlite:///{folder / 'ledger.db'}"
        stage.ledger = open_ledger(url, home=folder, secret_key=SECRET_KEY, clock=stage.now)
        stack.callback(stage.ledger.close)
        stage.activate()
        base = stack.enter_context(receiving(url, folder))
        webhooks = Webhooks(stage)
        webhooks.subscribe(base)
        burst = prepare(stage, webhooks, asked.count)
        secret = webhook_registrations.secret_of(stage.ledger, ORGANISATION)
        started = time.monotonic()
        took = asyncio.run(send(f"{base}/webhooks/timelines/{secret}", burst.bodies, asked.at_once))
        seconds = time.monotonic() - started
        check(burst, stage)
    rate, middle, late = len(took) / seconds, statistics.median(took), statistics.quantiles(took, n=20)[-1]
    print(f"{len(burst.bodies)} webhooks in {seconds:.1f} s ({rate:.0f} a second), {len(took) - len(burst.bodies)} sent again")
    print(f"answered in {1_000 * middle:.0f} ms (median), {1_000 * late:.0f} ms (95th percentile), {asked.at_once} at once")
    print(f"{len(burst.uids)} messages, none lost, none doubled; {burst.malformed} malformed bodies kept with a reason")


if __name__ == "__main__":
    main()
