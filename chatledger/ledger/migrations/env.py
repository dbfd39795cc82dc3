"""Alembic's entry: migrates the connection it is handed, inside the transaction that is already open."""

from alembic import context
from sqlmodel import SQLModel

from chatledger.ledger import tables  # noqa: F401  (fills the metadata)
from chatledger.ledger.migrating import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    version_table=VERSION_TABLE,
    **context.config.attributes.get("rendering", {}),
)
context.run_migrations()
