"""The ledger: tables, migrations, queries and encryption, the only place that imports sqlmodel."""

from sqlmodel import Session

__all__ = ["Session"]
