from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chatledger.delivery.wording import load_wording
from chatledger.models import Direction, Message
from chatledger.transcript import Wording, day_parts

CHAT_URL = "https://app.timelines.ai/chat/27616435/messages/"
NINE = datetime(2026, 3, 12, 14, 0, tzinfo=UTC)  # 09:00 in Bogota


@pytest.fixture(scope="session")
def es() -> Wording:
    return load_wording("es")


@pytest.fixture(scope="session")
def written() -> Callable[..., Message]:
    """A message `minute` minutes after nine in Bogota."""

    def build(text: str = "", *, minute: int = 0, outgoing: bool = False, **details: object) -> Message:
        direction = Direction.OUTGOING if outgoing else Direction.INCOMING
        stated = {"uid": f"uid-{minute}", "timestamp": NINE + timedelta(minutes=minute), **details}
        return Message(chat_id=27616435, kind="whatsapp", direction=direction, text=text, **stated)

    return build


@pytest.fixture(scope="session")
def parts(es: Wording) -> Callable[..., list[str]]:
    """`day_parts` in Spanish for a chat with Ana Pérez on Laura's number."""

    def build(messages: list[Message], **details: object) -> list[str]:
        stated = {"chat_url": CHAT_URL, "contact": "Ana Pérez", "owner": "Laura", "zone": "America/Bogota", **details}
        return day_parts(es, messages, **stated)

    return build


@pytest.fixture(scope="session")
def lines(parts: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """The lines of a note of one part, without its header."""

    def build(*messages: Message, **details: object) -> list[str]:
        (body,) = parts(list(messages), **details)
        return body.split("\n")[2:]

    return build
