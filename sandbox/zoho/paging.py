"""Pages: by number up to a limit, by token beyond it."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from starlette.datastructures import QueryParams

from sandbox.zoho.envelopes import Refusal

Item = TypeVar("Item")
MAX_PER_PAGE = 200
_TOKEN_FREE = ("page_token", "page")


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where a page token stands: after the row with `key`, `seen` rows from the start."""

    params: tuple[tuple[str, str], ...]
    key: Any
    seen: int
    page: int
    expires_at: datetime


class PageTokens:
    """The page tokens given out; each is bound to the parameters it was given for."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._bookmarks: dict[str, Bookmark] = {}

    def give(self, query: QueryParams, key: Any, seen: int, page: int, seconds: int) -> tuple[str, datetime]:
        """Make a token for the page after the row with `key`."""
        expires_at = self._now() + timedelta(seconds=seconds)
        token = secrets.token_hex(24)
        self._bookmarks[token] = Bookmark(_bound(query), key, seen, page, expires_at)
        return token, expires_at

    def take(self, query: QueryParams, reach: int) -> Bookmark:
        """Look up the token of a request. Raises Refusal for an expired, foreign or ended one, and for `page` beside it."""
        if "page" in query:
            both = ["page", "page_token"]
            raise Refusal(400, "AMBIGUITY_DURING_PROCESSING", "ambiguity while processing the request", ambiguity_due_to=both)
        bookmark = self._bookmarks.get(query["page_token"])
        if not bookmark or bookmark.params != _bound(query):
            raise Refusal(400, "TOKEN_BOUND_DATA_MISMATCH", "the request does not fit the page_token", param_name="page_token")
        if bookmark.expires_at <= self._now():
            raise Refusal(400, "EXPIRED_VALUE", "the page_token is expired", param_name="page_token")
        if bookmark.seen >= reach:
            raise Refusal(400, "PAGINATION_LIMIT_EXCEEDED", "only the first rows can be paged through", limit=reach)
        return bookmark


def _bound(query: QueryParams) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, value) for name, value in query.items() if name not in _TOKEN_FREE))


def per_page(query: QueryParams, page_limit: int) -> int:
    """Read how many rows a page has. Raises Refusal above 200 or below 1."""
    wanted = whole_number(query, "per_page", MAX_PER_PAGE)
    if not 1 <= wanted <= MAX_PER_PAGE:
        raise Refusal(400, "INVALID_DATA", "invalid data", param_name="per_page", maximum_value=MAX_PER_PAGE)
    return min(wanted, page_limit)


def whole_number(query: QueryParams, name: str, default: int) -> int:
    """Read a number from the query. Raises Refusal for anything else."""
    value = query.get(name, "")
    if value and not value.isdecimal():
        raise Refusal(400, "INVALID_DATA", "invalid data", param_name=name, expected_data_type="integer")
    return int(value) if value else default


def page_number(query: QueryParams) -> int:
    """Read the page number. Raises Refusal for anything that is no number."""
    return max(1, whole_number(query, "page", 1))


def cut(items: Sequence[Item], query: QueryParams, page_limit: int) -> tuple[Sequence[Item], dict[str, Any]]:
    """Take the asked page of a list and describe it as `info` does."""
    size, page = per_page(query, page_limit), page_number(query)
    start = (page - 1) * size
    rows = items[start : start + size]
    return rows, {"per_page": size, "count": len(rows), "page": page, "more_records": start + size < len(items)}
