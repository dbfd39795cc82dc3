"""Budgets are shared by coroutines and threads, and a closed door holds everybody."""

import asyncio
import threading
from datetime import timedelta

import pytest

from chatledger.clients import CallSlots, TokenBucket, timelines_budget, zoho_budget
from chatledger.errors import RateLimited

pytestmark = pytest.mark.anyio


async def call(budget):
    async with budget.admitted("Zoho CRM"):
        pass


async def test_a_burst_passes_at_once_and_the_rest_at_the_rate(clock):
    budget = TokenBucket(per_second=0.8, burst=3, clock=clock)

    for _ in range(5):
        await call(budget)

    assert sum(clock.slept) == pytest.approx(2 / 0.8)


async def test_coroutines_that_wait_together_are_spread_over_time(clock):
    budget = TokenBucket(per_second=1.0, burst=1, clock=clock)
    clock.moment += timedelta(hours=1)

    await asyncio.gather(*(call(budget) for _ in range(4)))

    assert sum(clock.slept) == 3.0


async def test_a_token_of_a_caller_that_went_away_is_given_back(clock):
    budget = TokenBucket(per_second=1.0, burst=1, clock=clock)
    await call(budget)
    waiting = asyncio.create_task(call(budget))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    clock.slept.clear()
    clock.moment += timedelta(seconds=1)

    await call(budget)

    assert sum(clock.slept) <= 1.0


async def test_never_more_calls_at_once_than_there_are_slots():
    budget = CallSlots(2)
    inside, most = 0, 0

    async def busy():
        nonlocal inside, most
        async with budget.admitted("Zoho CRM"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(busy() for _ in range(10)))

    assert most == 2


async def test_a_slot_survives_a_caller_that_went_away_while_waiting():
    budget = CallSlots(1)
    async with budget.admitted("Zoho CRM"):
        waiting = asyncio.create_task(call(budget))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    await asyncio.wait_for(call(budget), 5)


def test_slots_are_shared_by_threads_with_a_loop_each():
    budget = CallSlots(1)
    done: list[int] = []

    def work(number: int) -> None:
        asyncio.run(call(budget))
        done.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert sorted(done) == list(range(8))


@pytest.mark.parametrize("make", [lambda clock: TokenBucket(clock=clock), lambda clock: CallSlots(clock=clock)])
async def test_a_closed_door_holds_everybody_and_opens_again(clock, make):
    budget = make(clock)
    budget.close_for(30)
    budget.close_for(5)

    await call(budget)
    await call(budget)

    assert clock.slept == [30.0]


async def test_a_long_pause_is_reported_instead_of_waited_for(clock):
    budget = CallSlots(1, clock=clock)
    budget.close_for(600)

    with pytest.raises(RateLimited) as caught:
        await call(budget)

    assert caught.value.retry_after == 600.0
    assert caught.value.outcome_unknown is False
    assert clock.slept == []


async def test_a_machine_clock_that_was_set_back_does_not_prolong_a_pause(clock):
    budget = CallSlots(1, clock=clock)
    budget.close_for(30)
    clock.moment -= timedelta(hours=1)

    await call(budget)

    assert clock.slept == [30.0]


def test_one_process_has_one_budget_per_credential():
    assert timelines_budget("https://x/api/", "a") is timelines_budget("https://x/api", "a")
    assert timelines_budget("https://x/api", "a") is not timelines_budget("https://x/api", "b")
    assert zoho_budget("https://accounts.zoho.eu", "1000.A") is zoho_budget("https://accounts.zoho.eu", "1000.A")
