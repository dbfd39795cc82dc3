"""Generated chats of every kind WhatsApp and TimelinesAI know."""

from collections.abc import Iterator
from random import Random
from typing import Any

from sandbox.world import invented
from sandbox.world.grown_messages import conversation
from sandbox.world.growth import Growth, Talk
from sandbox.world.invented import Number
from sandbox.world.moments import DAY_SECONDS

# One deck is dealt after the other, each shuffled: forty chats hold every kind at least once.
DECK = (
    *("direct",) * 27,
    *("second_account",) * 2,
    *("outgoing_only",) * 2,
    *("empty",) * 2,
    *("group",) * 2,
    "lid",
    "no_number",
    "broadcast",
    "newsletter",
    "odd_name",
)
WITH_PHONE = {"direct", "second_account", "outgoing_only", "empty", "odd_name"}
ODD_NAMES = ("🌵☕ La Finca 🇨🇴", "   ", "María " * 34, "<i>Bold</i> & Söhne", "\u202eoiram", "O'Neil; DROP TABLE")


def kinds(random: Random) -> Iterator[str]:
    """Deal kinds of chats for ever."""
    while True:
        yield from random.sample(DECK, len(DECK))


def chat(growth: Growth, chat_id: int, who: Number, talk: Talk, per_chat: int) -> dict[str, Any]:
    """Return one chat with its messages, oldest first."""
    messages = conversation(growth, talk, per_chat)
    return {
        "id": chat_id,
        "name": talk.contact,
        **_address(talk.kind, who, chat_id),
        "whatsapp_account_id": talk.account["id"],
        "created_timestamp": messages[0]["timestamp"] if messages else growth.at(growth.days * DAY_SECONDS),
        "responsible_email": growth.random.choice((None, talk.account["owner_email"])),
        "labels": [],
        "messages": messages,
    }


def name_of(random: Random, kind: str, who: Number) -> str:
    """Return the name of a chat."""
    if kind == "odd_name":
        return random.choice(ODD_NAMES)
    return invented.full_name(random, who.country) + (" y equipo" if kind == "group" else "")


def _address(kind: str, who: Number, chat_id: int) -> dict[str, Any]:
    match kind:
        case "group":
            member = {"name": "Invitado", "phone": who.e164, "role": "Member", "chat_id": None}
            return {"phone": None, "jid": f"12036{chat_id:013}@g.us", "is_group": True, "group_members": [member]}
        case "lid":
            return {"phone": f"+2369{chat_id:011}", "jid": f"2369{chat_id:011}@lid", "is_group": False}
        case "no_number":
            return {"phone": "+0", "jid": "0@s.whatsapp.net", "is_group": False}
        case "broadcast" | "newsletter":
            return {"phone": None, "jid": f"12036{chat_id:013}@{kind}", "is_group": False}
        case _:
            return {"phone": who.whatsapp, "jid": f"{who.whatsapp[1:]}@s.whatsapp.net", "is_group": False}
