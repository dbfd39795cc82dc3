"""Worlds of any size, grown from a seed out of the sample workspace's accounts, organisation and phrases."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from random import Random
from typing import Any

from sandbox.world import invented
from sandbox.world.grown_chats import WITH_PHONE, chat, kinds, name_of
from sandbox.world.grown_records import records
from sandbox.world.growth import Growth, Talk
from sandbox.world.invented import Number
from sandbox.world.sample import SAMPLE, load_sample, read_phrases

FIRST_CHAT_ID = 40_000_001


def generate(
    seed: int,
    now: datetime,
    chats: int = 80,
    messages_per_chat: int = 6,
    *,
    known_share: float = 0.5,
    converted_share: float = 0.1,
    days: int = 10,
) -> dict[str, Any]:
    """Return a world with so many chats; the same arguments always give the same world.

    `known_share` of the people with a phone are leads, `converted_share` of the people converted ones, every third of those
    without a trace; the others are unknown to Zoho. From forty chats on every kind of chat appears; odd messages, names and
    spellings of numbers appear by share. Accounts, organisation and users are those of the sample workspace.
    """
    world = load_sample(now)
    growth = Growth(Random(seed), now, days, read_phrases(SAMPLE))
    cast = list(islice(_cast(growth.random), chats))
    talks = _talks(growth, cast, world["timelines"]["accounts"])
    world["timelines"]["chats"] = [
        chat(growth, FIRST_CHAT_ID + index, who, talk, messages_per_chat)
        for index, ((who, _), talk) in enumerate(zip(cast, talks, strict=True))
    ]
    people = list(dict.fromkeys(who for who, kind in cast if kind in WITH_PHONE))
    owners = [user["id"] for user in world["zoho"]["users"] if user["status"] == "active" and user["confirm"]]
    world["zoho"].update(records(growth, people, known_share, converted_share, owners))
    return world


def _cast(random: Random) -> Iterator[tuple[Number, str]]:
    """Deal people and kinds of chats; who has a second chat is the last person who got a first one."""
    last: Number | None = None
    for index, kind in enumerate(kinds(random)):
        who = invented.number(random.choice(invented.COUNTRIES), index)
        if kind in WITH_PHONE:
            last = who if kind != "second_account" or last is None else last
            who = last
        yield who, kind


def _talks(growth: Growth, cast: list[tuple[Number, str]], accounts: list[dict[str, Any]]) -> Iterator[Talk]:
    desks: dict[Number, int] = {}
    for who, kind in cast:
        # A second chat with one person is on another of our numbers, as in life.
        desks[who] = (desks[who] + 1 if who in desks else growth.random.randrange(len(accounts))) % len(accounts)
        yield Talk(kind, accounts[desks[who]], name_of(growth.random, kind, who), invented.language_of(who.country))
