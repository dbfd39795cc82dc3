"""Numbers that several records hold, side by side, and the choices that people made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from chatledger.ledger import chats
from chatledger.ledger import held as waiting
from chatledger.ledger.held import HeldNumber
from chatledger.ledger.tables import Chat, Link
from chatledger.web.parts import WebParts
from chatledger.web.rendering import render
from chatledger.web.roles import require
from chatledger.web.sync_log import asking
from chatledger.web.sync_log.links import links

NUMBERS_SHOWN = 10
PINS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class _Choice:
    """A held number with what is known of it: candidates and rule are in `phone`."""

    number: HeldNumber
    phone: Any


@dataclass(frozen=True, slots=True)
class _Held:
    choices: list[_Choice]
    total: int
    pins: Sequence[Link]
    chats: dict[str, Chat]
    zone: str


async def held_numbers(request: Request) -> Response:
    """Show what waits for a choice, and what was chosen."""
    require(request, "viewer")
    parts = asking.parts_of(request)
    found = await run_in_threadpool(_read, parts)
    return render(
        request,
        "sync_log/held.html",
        choices=found.choices,
        total=found.total,
        pins=found.pins,
        chats=found.chats,
        zone=found.zone,
        links=await links(request),
        can_pin=parts.acts.pin is not None and parts.acts.explain is not None,
        done=request.query_params.get("done"),
    )


def _read(parts: WebParts) -> _Held:
    organisation = parts.organisation_id
    with parts.ledger.reading() as session:
        held = waiting.numbers(session, organisation)
        pins = waiting.pins(session, organisation, limit=PINS_SHOWN)
        named = {chat.phone_key or "": chat for chat in chats.of_keys(session, organisation, [pin.phone_key for pin in pins])}
        zone = asking.zone_of(session, organisation)
    explain = parts.acts.explain
    choices = [_Choice(number, explain(number.phone_key) if explain else None) for number in held[:NUMBERS_SHOWN]]
    return _Held(choices, len(held), pins, named, zone)
