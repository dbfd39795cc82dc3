"""TimelinesAI and Zoho over httpx, the only place that imports it."""

from chatledger.clients.budget import (
    ZOHO_CALLS_AT_ONCE,
    CallSlots,
    RequestBudget,
    TokenBucket,
    timelines_budget,
    zoho_budget,
)
from chatledger.clients.clock import Clock, SystemClock
from chatledger.clients.sending import TOO_LARGE
from chatledger.clients.timelines import TimelinesClient
from chatledger.clients.zoho import ZohoClient

__all__ = [
    "TOO_LARGE",
    "ZOHO_CALLS_AT_ONCE",
    "CallSlots",
    "Clock",
    "RequestBudget",
    "SystemClock",
    "TimelinesClient",
    "TokenBucket",
    "ZohoClient",
    "timelines_budget",
    "zoho_budget",
]
