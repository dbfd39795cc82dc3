"""What columns that were added later hold for the rows from before."""

from sqlalchemy import bindparam, select, update
from sqlalchemy.engine import Connection
from sqlmodel import col

from chatledger.ledger.folding import folded
from chatledger.ledger.tables import Chat, Message


def fill_new_columns(connection: Connection) -> None:
    """Give every message the number of its chat and every chat its name as it is searched, where a row lacks them."""
    number = select(col(Chat.account_id)).where(
        col(Chat.organisation_id) == col(Message.organisation_id), col(Chat.id) == col(Message.chat_id)
    )
    connection.execute(update(Message).where(col(Message.account_id).is_(None)).values(account_id=number.scalar_subquery()))
    lacking = select(col(Chat.organisation_id), col(Chat.id), col(Chat.name)).where(col(Chat.name_folded).is_(None))
    rows = [{"its_organisation": row[0], "its_id": row[1], "folded": folded(row[2])} for row in connection.execute(lacking)]
    if rows:
        its_own = (col(Chat.organisation_id) == bindparam("its_organisation"), col(Chat.id) == bindparam("its_id"))
        connection.execute(update(Chat).where(*its_own).values(name_folded=bindparam("folded")), rows)
