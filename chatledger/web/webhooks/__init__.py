"""Where TimelinesAI's webhooks arrive."""

from chatledger.web.webhooks.receiving import routes

__all__ = ["routes"]
