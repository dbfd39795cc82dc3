"""TimelinesAI's Public API (OpenAPI 1.3.0)."""

from chatledger.clients.timelines.client import TimelinesClient

__all__ = ["TimelinesClient"]
