"""What a request to Zoho CRM costs of the organisation's credits (API limits of v8). No I/O."""

import re
from math import ceil

DEFAULT = 1
PRICE_LIST = (
    # method, path below /crm/v8, credits
    ("GET", re.compile(r"/[^/]+/deleted"), 2),
    ("GET", re.compile(r"/[^/]+/actions/count"), 50),
    ("POST", re.compile(r"/[^/]+/[^/]+/actions/convert"), 5),
    ("POST", re.compile(r"/read"), 50),
    ("POST", re.compile(r"/write"), 500),
)
"""Calls with a price of their own; the last two are the bulk jobs, below /crm/bulk/v8."""

ROWS_PER_CREDIT = 10
"""Insert, update and upsert cost one credit per started ten rows."""

COQL_PRICES = ((200, 1), (1000, 2), (2000, 3))
"""Up to so many rows asked for by LIMIT, so many credits."""

CUSTOM_VIEW_LIST = 3
"""A list read through a custom view (`cvid`)."""

COQL_LIMIT = re.compile(r"\blimit\s+(?:\d+\s*,\s*)?(\d+)", re.IGNORECASE)


def price(method: str, path: str, *, rows: int = 0, custom_view: bool = False, select_query: str | None = None) -> int:
    """Return the credits of one request; `rows` is the number of rows written. Token calls cost none."""
    if select_query is not None:
        return _coql_price(select_query)
    if custom_view:
        return CUSTOM_VIEW_LIST
    listed = next((cost for verb, pattern, cost in PRICE_LIST if verb == method and pattern.fullmatch(path)), None)
    return listed or max(DEFAULT, ceil(rows / ROWS_PER_CREDIT))


def _coql_price(select_query: str) -> int:
    limits = COQL_LIMIT.findall(select_query)
    asked_for = int(limits[-1]) if limits else COQL_PRICES[0][0]
    return next((cost for limit, cost in COQL_PRICES if asked_for <= limit), COQL_PRICES[-1][1])
