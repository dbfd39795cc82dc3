"""The index search reads: it learns of every change, and shows it only after a delay, as Zoho's does."""

import re
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sandbox.zoho.store import Change, Record, Store, Values

_NO_DIGIT = re.compile(r"\D")


class SearchIndex:
    """What search knows of each record.

    A hit is decided by the values of a while ago and shown with the present ones; a row that is gone drops out.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, dict[str, Values]] = {name: {} for name in store.modules}
        self._waiting: deque[Change] = deque()
        store.listeners.append(self._learn)

    def add(self, record: Record) -> None:
        """Index a record of the world, which was there long before."""
        self._known.setdefault(record.module, {})[record.id] = record.values

    def _learn(self, change: Change) -> None:
        if change.module != "Notes":
            self._waiting.append(change)

    def catch_up(self, now: datetime, delay_seconds: float) -> None:
        """Take in every change that is older than the delay."""
        seen_until = now - timedelta(seconds=delay_seconds)
        while self._waiting and self._waiting[0].at <= seen_until:
            change = self._waiting.popleft()
            known = self._known.setdefault(change.module, {})
            if change.values is None:
                known.pop(change.id, None)
            else:
                known[change.id] = change.values

    def hits(self, module: str, matches: Callable[[Values], bool]) -> Iterator[Record]:
        """Find the records whose indexed values match and that still exist."""
        for record_id, values in self._known.get(module, {}).items():
            if matches(values) and (record := self._store.live(module, record_id)):
                yield record


def phone_matcher(query: str, phone_fields: list[str], strategy: str, digits: int) -> Callable[[Values], bool]:
    """Compare the digits of all phone fields with those of the query: `exact_digits`, `last_digits` or `contains`."""
    wanted = _digits(query)

    def equal(held: str) -> bool:
        if strategy == "exact_digits":
            return held == wanted
        if strategy == "contains":
            return wanted in held
        # The last digits decide, whatever country code stands before them: other countries' numbers come back.
        return held.endswith(wanted[-digits:]) if len(wanted) >= digits else held.endswith(wanted)

    def matches(values: Values) -> bool:
        return any(equal(held) for name in phone_fields if (held := _digits(values.get(name) or "")))

    return matches


def _digits(text: str) -> str:
    return _NO_DIGIT.sub("", text)
