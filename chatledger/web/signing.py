"""Signed texts that come back from browsers: cookies and short-lived tokens.

The key is derived from the ledger's current secret key, so a new secret key makes every signature worthless.
"""

from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

from chatledger.ledger.database import Ledger


def sign(ledger: Ledger, purpose: str, value: Any) -> str:
    """Return `value` (JSON-able) as a signed, timed text that only `read_signed` with the same purpose accepts."""
    return str(_serializer(ledger, purpose).dumps(value))


def read_signed(ledger: Ledger, purpose: str, text: str, *, seconds: float) -> Any | None:
    """Return what was signed for this purpose at most `seconds` ago; None for everything else."""
    try:
        return _serializer(ledger, purpose).loads(text, max_age=int(seconds))
    except BadData:
        return None


def _serializer(ledger: Ledger, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(ledger.cipher.derived_key(f"chatledger {purpose}"), salt=purpose)
