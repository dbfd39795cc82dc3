"""Open pages hear of news in their chats, whichever process was told."""

import asyncio

from chatledger.clients.timelines.webhook_events import read_events
from chatledger.ledger import webhook_inbox
from chatledger.ledger.webhook_inbox import Brought
from chatledger.web.broadcasting import Broadcaster
from tests.stage import ORGANISATION

SECONDS = 10


def bring(stage, chat_id, number):
    body = f'{{"event_type": "message:new", "chat": {{"chat_id": {chat_id}}}, "message": {{"message_uid": "u-{number}"}}}}'
    [event] = read_events(body.encode())
    with stage.ledger.transaction() as session:
        kept = Brought(event.fingerprint, event.event_type, event.body, event.chat_id, event.message_uid)
        webhook_inbox.add(session, ORGANISATION, [kept], stage.now())


def listening(stage, scenario):
    async def run():
        broadcaster = Broadcaster()
        watch = asyncio.create_task(broadcaster.watch(stage.ledger))
        try:
            async with asyncio.timeout(SECONDS):
                return await scenario(broadcaster)
        finally:
            watch.cancel()

    return asyncio.run(run())


async def settled(broadcaster):
    """Wait until the watch knows what was there before anybody listened."""
    while broadcaster._after is None:  # noqa: ASYNC110  it has nothing to wait for
        await asyncio.sleep(0.01)


def test_message_another_process_kept_reaches_whoever_follows_its_chat(stage):
    bring(stage, 1, 0)

    async def scenario(broadcaster):
        mine, other = broadcaster.subscribe([1, 2]), broadcaster.subscribe([3])
        await settled(broadcaster)
        bring(stage, 2, 1)
        bring(stage, 3, 2)
        return await anext(mine), await anext(other), mine._news

    assert listening(stage, scenario) == (2, 3, {})


def test_two_hundred_pages_hear_of_one_message(stage):
    async def scenario(broadcaster):
        pages = [broadcaster.subscribe([1]) for _ in range(200)]
        await settled(broadcaster)
        bring(stage, 1, 1)
        return await asyncio.gather(*(anext(page) for page in pages))

    assert listening(stage, scenario) == [1] * 200


def test_news_nobody_has_taken_are_told_once_per_chat(stage):
    async def scenario(broadcaster):
        page = broadcaster.subscribe([1])
        page.follow(2)
        for chat_id in (1, 1, 2, 9, 1):
            broadcaster.publish(chat_id)
        return [await anext(page), await anext(page), page._news]

    assert listening(stage, scenario) == [1, 2, {}]


def test_page_that_is_gone_is_forgotten(stage):
    async def scenario(broadcaster):
        broadcaster.subscribe([1])
        return len(broadcaster._subscriptions)

    assert listening(stage, scenario) == 0
