"""The records people have open: what a look-up found, kept for a few minutes, so that not every message asks Zoho again.

Whether a person may see a record is Zoho's decision for that person; it is asked for anew when the time is over.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from chatledger.models import ChatsOfRecord, RecordRef
from chatledger.web.parts import LookUp

SECONDS = 300.0
MOST = 2000


@dataclass(frozen=True, slots=True)
class _Opened:
    found: asyncio.Future[ChatsOfRecord]
    until: float


class OpenedRecords:
    """Look-ups by person and record; several pages that ask at the same time share one."""

    def __init__(self, look_up: LookUp, clock: Callable[[], float] = time.monotonic) -> None:
        self._look_up = look_up
        self._clock = clock
        self._opened: dict[tuple[str, RecordRef], _Opened] = {}

    async def of(self, person_id: str, record: RecordRef, *, anew: bool = False) -> ChatsOfRecord:
        """Return what a look-up finds, or found less than 5 minutes ago; `anew` asks in any case."""
        key = (person_id, record)
        known = self._opened.get(key)
        if known is None or anew or self._clock() > known.until or _failed(known.found):
            found = asyncio.ensure_future(self._look_up(person_id, record))
            known = self._opened[key] = _Opened(found, self._clock() + SECONDS)
            self._make_room()
        return await asyncio.shield(known.found)

    def forget(self, person_id: str, record: RecordRef) -> None:
        """Have the next question ask anew."""
        self._opened.pop((person_id, record), None)

    def _make_room(self) -> None:
        while len(self._opened) > MOST:
            del self._opened[next(iter(self._opened))]


def _failed(found: asyncio.Future[ChatsOfRecord]) -> bool:
    return found.done() and (found.cancelled() or found.exception() is not None)
