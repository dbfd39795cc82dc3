"""What SQLite's query planner is told about the ledger: how many rows share a key once there are millions.

SQLite learns that only from ANALYZE, which nobody runs; without it the planner would walk through every message of an
organisation to spare itself the sorting of a few. PostgreSQL keeps such figures by itself.
https://sqlite.org/optoverview.html#manual_control_of_query_plans_using_sqlite_stat_tables
"""

from sqlalchemy import text
from sqlalchemy.engine import Connection

MILLIONS = 5_000_000
FACTS: dict[str, dict[str, tuple[int, ...]]] = {
    "message": {
        "message_uid": (MILLIONS, 1),
        "message_by_chat": (MILLIONS, 40, 1),
        # what is asked for by outcome is what is not synced, and that is little
        "message_by_outcome": (MILLIONS, 2_000, 500, 20),
        "message_by_run": (MILLIONS, 20),
        "message_by_time": (MILLIONS, 2),
        "message_by_reason": (MILLIONS, 5_000, 2),
        "message_by_number": (MILLIONS, 500_000, 50_000, 2),
    },
    "chat": {"chat_by_phone_key": (250_000, 1), "chat_by_name": (250_000, 2, 1)},
    "note": {"note_of_day": (2_000_000, 10, 1, 1), "note_by_zoho_id": (2_000_000, 1), "note_by_record": (2_000_000, 10)},
    "change": {
        "change_by_time": (4_000_000, 5), "change_by_key": (4_000_000, 20), "change_by_run": (4_000_000, 20),
        "change_by_note": (4_000_000, 3),
    },
    "intent": {
        "intent_by_state": (3_000_000, 20), "intent_by_key": (3_000_000, 20), "intent_by_day": (3_000_000, 10, 2),
        "intent_by_message": (3_000_000, 10),
    },
    "run": {"ix_run_organisation_id": (500_000,), "run_by_time": (500_000, 1, 1, 1, 1, 1, 1), "run_with_news": (50_000, 1)},
    "link": {"link_by_record": (200_000, 1), "link_by_rule": (200_000, 200, 1)},
}  # fmt: skip
"""By table and index: rows of an organisation, then rows that are equal in its first two columns, in three, and so on."""


def tell_sqlite(connection: Connection) -> None:
    """Replace what SQLite knows of these tables; other databases are left alone."""
    if connection.dialect.name != "sqlite":
        return
    existing = {row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index'")}
    named = {row[0]: row[1] for row in connection.exec_driver_sql(_UNIQUE_CONSTRAINTS)}
    connection.exec_driver_sql("ANALYZE lease")  # makes the table of figures, by reading the smallest table there is
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    rows = [
        {"tbl": table, "idx": index if index in existing else named[table], "stat": " ".join(map(str, (equal[0], *equal)))}
        for table, indices in FACTS.items()
        for index, equal in indices.items()
    ]
    connection.execute(text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)"), rows)
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # has this connection read them


# SQLite gives the index of a unique constraint a name of its own.
_UNIQUE_CONSTRAINTS = """
SELECT m.name, i.name FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table' AND i.origin = 'u'
"""
