"""Noticing a list that promises more pages for ever."""

from collections.abc import Iterable

from chatledger.errors import SchemaDrift

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
