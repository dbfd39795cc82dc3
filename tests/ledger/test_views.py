"""The views that analysts read keep their columns."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import inspect, text

from chatledger.ledger import migrating, views
from chatledger.ledger.tables import Chat, Message

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

PROMISED = {
    "sync_runs": """
        organisation_id run_id flow_run_id kind state started_at ended_at seconds problem messages_seen
        messages_synced messages_skipped messages_parked messages_pending records_matched records_created
        notes_created notes_updated notes_unchanged calls_timelines calls_zoho zoho_credits
    """,
    "sync_changes": """
        organisation_id change_id at run_id actor what phone chat_id module record_id note_id rule module_before
        record_before body_hash_before body_hash_after
    """,
    "message_outcomes": """
        organisation_id message_id uid chat_id chat_name phone number owner_name owner_email sent_at local_date kind
        direction agent outcome reason detail attempts next_try_at first_seen_at decided_at first_run_id run_id module
        record_id note_id
    """,
    "sync_notes": """
        organisation_id chat_id chat_name phone number owner_name owner_email local_date part title module record_id
        note_id body_hash created_at changed_at run_id
    """,
}


@pytest.mark.parametrize("view", PROMISED)
def test_columns_of_a_view_stay_as_they_were_promised(ledger, view):
    with ledger.reading() as session:
        columns = [column["name"] for column in inspect(session.connection()).get_columns(view)]

    assert columns[: len(PROMISED[view].split())] == PROMISED[view].split()


def test_views_survive_an_upgrade(opened, ledger_url):
    ledger = opened(ledger_url)
    with ledger.transaction() as session:
        migrating._upgrade(session.connection())

    with ledger.reading() as session:
        assert set(PROMISED) <= set(inspect(session.connection()).get_view_names())


def test_no_view_shows_the_text_of_a_message():
    shown = {column.name for view in views.METADATA.tables.values() for column in view.columns}

    assert shown.isdisjoint({"text", "raw", "sender_name", "attachments"})


def a_message(uid, chat_id, **more):
    return Message(
        organisation_id="o", uid=uid, chat_id=chat_id, first_run_id="r", run_id="r", first_seen_at=NOON, decided_at=NOON,
        outcome="pending", reason="new", **more,
    )  # fmt: skip


def test_message_of_a_chat_that_is_unknown_is_shown_all_the_same(ledger):
    with ledger.transaction() as session:
        session.add(a_message("u", 7))

    with ledger.reading() as session:
        rows = session.connection().execute(text("SELECT uid, chat_name, number FROM message_outcomes")).all()

    assert rows == [("u", None, None)]


def test_rows_from_before_a_column_are_filled_by_the_upgrade(opened, ledger_url):
    ledger = opened(ledger_url)
    with ledger.transaction() as session:
        session.add(
            Chat(
                organisation_id="o", id=1, name="Ángel  Núñez", phone="", jid="", kind="direct", account_id="wid", url="",
                first_seen_at=NOON,
            )
        )  # fmt: skip
        session.add(a_message("u", 1))
        session.flush()
        migrating._upgrade(session.connection())

    with ledger.reading() as session:
        row = session.connection().execute(
            text("SELECT m.account_id, c.name_folded FROM message m JOIN chat c ON c.id = m.chat_id")
        )
        assert row.all() == [("wid", "angel nunez")]


def test_outcomes_of_a_tick_are_read_by_plain_sql(stage):
    stage.activate()
    stage.receive("hola", name="Ana Ruiz")
    stage.tick()

    with stage.ledger.reading() as session:
        connection = session.connection()
        outcome = connection.execute(
            text("SELECT outcome, reason, chat_name, phone, number, owner_email, record_id FROM message_outcomes")
        ).one()
        run = connection.execute(text("SELECT messages_seen, messages_synced, state FROM sync_runs")).one()
        changes = connection.execute(text("SELECT what, rule FROM sync_changes ORDER BY change_id")).all()
        notes = connection.execute(text("SELECT title FROM sync_notes")).all()

    (lead,) = stage.leads()
    assert outcome == (
        "synced", "note_created", "Ana Ruiz", "+573001112233", "+573105550100", "laura@example.com", lead["id"],
    )  # fmt: skip
    assert run == (1, 1, "completed")
    assert ("linked", "created") in changes
    assert len(notes) == 1
