"""What a day of a busy workspace costs in calls to TimelinesAI while webhooks bring its messages.

`python -m tests.bench.webhook_day` runs a whole day of 5,000 messages in 600 conversations: a tick a minute, a debounced one
15 seconds after a message, sweeps, nightly readings, everything. The month's quota of 200,000 calls allows 6,666 a day.
"""

import argparse
import asyncio
import random
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from sqlmodel import select

from chatledger.ledger.database import open_ledger
from chatledger.ledger.tables import Message
from sandbox.serving import running
from sandbox.timelines.app import TimelinesStandIn
from sandbox.zoho.app import ZohoStandIn
from tests.delivery.test_costs import requests_of
from tests.stage import Stage, small_world
from tests.webhook_stage import Webhooks

MESSAGES_A_DAY = 5_000
CALLS_A_DAY = 200_000 / 30
DEBOUNCE = 15
AGENT = "Laura Gil (laura@example.com)"


def conversations(dice: random.Random, messages: int, chats: int, hours: float) -> list[tuple[float, int, str]]:
    """Plan who writes when: (second, chat, who), in conversations of 2 to 14 messages, half of them ours."""
    plan: list[tuple[float, int, str]] = []
    while len(plan) < messages:
        chat, second = dice.randrange(chats), dice.uniform(0, hours * 3_600)
        for _ in range(dice.randint(2, 14)):
            who = dice.choices(["contact", "agent", "phone"], [50, 40, 10])[0]
            plan.append((second, chat, who))
            second += dice.uniform(5, 240)
    return sorted(each for each in plan[:messages] if each[0] < hours * 3_600)


def run(stage: Stage, *, messages: int, chats: int, hours: float, seed: int = 1) -> tuple[int, Counter]:
    """Live through some hours and return how many messages were written and the calls by kind."""
    asyncio.run(stage._activate(None))
    webhooks = Webhooks(stage)
    webhooks.switch_on()
    dice = random.Random(seed)
    plan = conversations(dice, messages, chats, hours)
    asked: Counter = Counter()
    now, next_tick, beat = 0.0, 60.0, 0.0
    while now < hours * 3_600:
        until = min(next_tick, beat, *(moment for moment, _, _ in plan[:1]))
        stage.advance(max(0.0, until - now))
        now = max(now, until)
        if beat <= now:
            webhooks.listen()
            beat = now + 60
        while plan and plan[0][0] <= now:
            _, chat, who = plan.pop(0)
            more = {"from_me": True, "agent": AGENT if who == "agent" else None} if who != "contact" else {}
            webhooks.receive(f"mensaje {len(plan)}", phone=f"+57300{chat:07}", **more)
            next_tick = min(next_tick, now + DEBOUNCE)
        if next_tick <= now:
            stage.forget_calls()
            stage.tick()
            asked.update(requests_of(stage.timelines))
            next_tick = now + 60
    return len(stage.timelines.workspace.messages), asked


def synced(stage: Stage) -> int:
    """Return how many messages the ledger holds as synced."""
    with stage.ledger.reading() as session:
        return len(session.exec(select(Message.uid).where(Message.outcome == "synced")).all())


def main() -> None:
    """Run the day and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--messages", type=int, default=MESSAGES_A_DAY)
    parser.add_argument("--chats", type=int, default=600)
    chosen = parser.parse_args()
    world = small_world()
    timelines, zoho = TimelinesStandIn(world["timelines"]), ZohoStandIn(world["zoho"])
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = stack.enter_context(running(timelines.app)), stack.enter_context(running(zoho.app))
        timelines.service.deliveries._loop = None  # what it sends is taken from its queue
        stage = Stage(timelines, zoho, urls)
        url = f"sqlite:///{folder / 'ledger.db'}"
        stage.ledger = open_ledger(url, home=folder, secret_key="only for the bench", clock=stage.now)
        stack.callback(stage.ledger.close)
        written, asked = run(stage, messages=chosen.messages, chats=chosen.chats, hours=chosen.hours)
        print(f"{written} messages in {chosen.hours:g} hours, {synced(stage)} of them synced")
        for kind, number in asked.most_common():
            print(f"  {number:>6}  {kind}")
        print(f"  {asked.total():>6}  calls to TimelinesAI; a day of the month's quota has {CALLS_A_DAY:.0f}")


if __name__ == "__main__":
    main()
