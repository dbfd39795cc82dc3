"""Noticing a list that promises more pages for ever, and reading the lists of notes that might."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import partial

from chatledger.clients import ZohoClient
from chatledger.errors import SchemaDrift
from chatledger.models import Page, RecordRef, ZohoNote

IDLE_PAGES = 3
"""Pages in a row that may bring nothing new: one may be empty although more rows follow."""


class PagesInARow:
    """The pages of one list of Zoho, as they are read. `what` names it for a person."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._previous: frozenset[str] = frozenset()
        self._idle = 0

    def came(self, ids: Iterable[str]) -> None:
        """Take a page. Raises SchemaDrift when pages keep coming that hold nothing but the one before."""
        page = frozenset(ids)
        self._idle = self._idle + 1 if page <= self._previous else 0
        self._previous = page or self._previous
        if self._idle >= IDLE_PAGES:
            text = f"Zoho CRM gives the same page of {self._what} again and again; it is read again at the next tick."
            raise SchemaDrift(text, system="Zoho CRM")


def note_pages(zoho: ZohoClient, record: RecordRef) -> AsyncIterator[Page[ZohoNote]]:
    """Yield every page of a record's notes, oldest note first. Raises OutsideError, `NotFound` when the record is gone."""
    return _pages(f"the notes of {record.module} {record.id}", partial(zoho.notes_of, record))


def newest_note_pages(zoho: ZohoClient) -> AsyncIterator[Page[ZohoNote]]:
    """Yield every page of the organisation's notes, newest note first. Raises OutsideError, also where only admins may."""
    return _pages("the organisation's notes", zoho.newest_notes)


async def _pages(what: str, read: Callable[..., Awaitable[Page[ZohoNote]]]) -> AsyncIterator[Page[ZohoNote]]:
    pages = PagesInARow(what)
    token, number = None, 1
    while True:
        page = await read(page_token=token, page=number)
        yield page
        if not page.more:
            return
        pages.came(note.id for note in page.items)
        token, number = page.next_token, number + 1
