"""The dry run."""

from blocks.environment import Environment
from chatledger.ledger.database import Ledger


def dry_run(environment: Environment, ledger: Ledger, *, as_json: bool) -> int:
    """Plan."""
    raise NotImplementedError
