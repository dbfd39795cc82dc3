"""A tick as the flow carries it out, with the retries and pauses of its tasks, on virtual time."""

import asyncio
import random
from contextlib import suppress

from chatledger.delivery import attaching, closing, index_reading, notes, pull, records, resolving, settling
from chatledger.errors import LeaseLost, OutsideError, waiting_cures
from chatledger.ledger import lease

ROUNDS = 4
PAUSES = (2, 8)


async def carry_out(tick):
    """Carry out the moves of a tick in the order of the flow and return end state and totals."""
    await pull.pull(tick)
    if settling.due(tick):
        await settling.settle(tick)
    batches = resolving.triage(tick)
    if batches and await _all_well(tick, [index_reading.bring_up_to_date(tick)]):
        await _resolve_and_write(tick, batches)
    if attaching.any_waiting(tick):
        await attaching.attach(tick)
        await _resolve_and_write(tick, resolving.again(tick))
    closing.postpone_rest(tick)
    closing.created_record_links(tick)
    return closing.end(tick)


async def _resolve_and_write(tick, batches):
    for _ in range(ROUNDS):
        if not batches:
            return
        for batch in batches:
            resolving.match(tick, batch)
        wanted = records.creation_batches(tick)
        if wanted and await _all_well(tick, [records.refresh_metadata(tick) for _ in wanted]):
            owners = [records.owners(tick, batch) for batch in wanted]
            await _all_well(tick, [_retried(records.create, tick, *each) for each in zip(wanted, owners, strict=True)])
        planned = notes.plan(tick, [chat for batch in batches for chat in batch])
        await _all_well(tick, [_retried(notes.write_batch, tick, number) for number in range(planned)])
        if notes.any_doubted(tick):
            await _all_well(tick, [notes.look_at_doubted_parents(tick)])
        batches = resolving.again(tick)


async def _all_well(tick, moves):
    """Wait for moves side by side; trouble outside is remembered, anything else ends the run."""
    results = await asyncio.gather(*moves, return_exceptions=True)
    errors = [result for result in results if isinstance(result, BaseException)]
    for error in errors:
        if not isinstance(error, OutsideError):
            raise error
        tick.met(error)
    return not errors


async def _retried(move, tick, *arguments):
    for pause in PAUSES:
        try:
            return await move(tick, *arguments)
        except OutsideError as error:
            if not waiting_cures(error):
                raise
        await asyncio.sleep(pause * (1 + random.random()))
    return await move(tick, *arguments)


async def keep_lease(tick, process):
    """Renew the lease at a third of its life, as the running process does; one that is paused does not."""
    loop = asyncio.get_running_loop()
    with suppress(LeaseLost):
        while True:
            await asyncio.sleep(tick.options.lease / 3)
            await asyncio.sleep(max(0.0, process.asleep_until - loop.time()))
            lease.renew(tick.ledger, tick.organisation_id, tick.fence, tick.options.lease)
