"""What a tick did, on one screen."""

from typing import Any

from chatledger.ledger.tables import Run


def tick(run: Run | None, summary: dict[str, Any]) -> None:
    """Print the outcome of a tick."""
    print(run.state if run else "busy", summary)
