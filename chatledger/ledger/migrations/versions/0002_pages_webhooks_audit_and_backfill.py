"""Pages webhooks audit and backfill."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "audit_trail",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("person_hash", sa.String(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("audit_trail", schema=None) as batch_op:
        batch_op.create_index("audit_by_person", ["organisation_id", "person_hash"], unique=False)
        batch_op.create_index("audit_by_time", ["organisation_id", "at"], unique=False)

    op.create_table(
        "backfill",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("chat_ids", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("next_page", sa.Integer(), nullable=False),
        sa.Column("groups_left_out", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("backfill", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_backfill_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "backfill_chat",
        sa.Column("backfill_id", sa.String(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("backfill_id", "chat_id"),
    )
    with op.batch_alter_table("backfill_chat", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_backfill_chat_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "erasure",
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("phone_hash", sa.String(), nullable=False),
        sa.Column("erased_at", sa.DateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("zoho_notes", sa.String(), nullable=False),
        sa.Column("chats", sa.Integer(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("notes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "phone_hash"),
    )
    op.create_table(
        "invitation",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_person_id"), ["person_id"], unique=False)

    op.create_table(
        "kept_secret",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "person",
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("zoho_user_id", sa.String(), nullable=True),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("last_sign_in_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.UniqueConstraint("organisation_id", "email"),
    )
    op.create_table(
        "started_consent",
        sa.Column("state_hash", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("browser_hash", sa.String(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("state_hash"),
    )
    op.create_table(
        "stored_connection",
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("connected_at", sa.DateTime(), nullable=False),
        sa.Column("connected_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "system", "person_id"),
    )
    op.create_table(
        "verification",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("flow_run_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("period_from", sa.DateTime(), nullable=False),
        sa.Column("period_to", sa.DateTime(), nullable=True),
        sa.Column("standings", sa.JSON(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("chats", sa.Integer(), nullable=False),
        sa.Column("notes", sa.Integer(), nullable=False),
        sa.Column("index_rows", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("repaired", sa.Integer(), nullable=False),
        sa.Column("calls_timelines", sa.Integer(), nullable=False),
        sa.Column("calls_zoho", sa.Integer(), nullable=False),
        sa.Column("zoho_credits", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("expectations", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("verification", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verification_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "verification_finding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("verification_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("local_date", sa.Date(), nullable=True),
        sa.Column("message_uid", sa.String(), nullable=True),
        sa.Column("module", sa.String(), nullable=True),
        sa.Column("record_id", sa.String(), nullable=True),
        sa.Column("note_id", sa.String(), nullable=True),
        sa.Column("others", sa.JSON(), nullable=False),
        sa.Column("expected_hash", sa.String(), nullable=False),
        sa.Column("found_hash", sa.String(), nullable=False),
        sa.Column("repaired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("verification_finding", schema=None) as batch_op:
        batch_op.create_index("finding_of_chat", ["organisation_id", "chat_id"], unique=False)
        batch_op.create_index("finding_of_verification", ["verification_id", "kind"], unique=False)

    op.create_table(
        "verified_note",
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("note_id", sa.String(), nullable=False),
        sa.Column("body_hash", sa.String(), nullable=False),
        sa.Column("modified_at", sa.DateTime(), nullable=False),
        sa.Column("listed_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "note_id"),
    )
    op.create_table(
        "web_session",
        sa.Column("id_hash", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("signed_in_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id_hash"),
    )
    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_web_session_person_id"), ["person_id"], unique=False)

    op.create_table(
        "webhook_inbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("event_type", sa.String(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("message_uid", sa.String(), nullable=True),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("settled_at", sa.DateTime(), nullable=True),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organisation_id", "fingerprint", name="inbox_fingerprint"),
    )
    with op.batch_alter_table("webhook_inbox", schema=None) as batch_op:
        batch_op.create_index("inbox_by_chat", ["organisation_id", "chat_id"], unique=False)
        batch_op.create_index("inbox_by_state", ["organisation_id", "state", "id"], unique=False)
        batch_op.create_index("inbox_by_time", ["organisation_id", "received_at"], unique=False)

    op.create_table(
        "webhook_registration",
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("public_url", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("checked_at", sa.DateTime(), nullable=True),
        sa.Column("subscriptions", sa.JSON(), nullable=False),
        sa.Column("listening_since", sa.DateTime(), nullable=True),
        sa.Column("listening_at", sa.DateTime(), nullable=True),
        sa.Column("missed_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id"),
        sa.UniqueConstraint("secret_hash"),
    )
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.create_index("change_by_key", ["organisation_id", "phone_key"], unique=False)
        batch_op.create_index("change_by_note", ["organisation_id", "note_id"], unique=False)
        batch_op.create_index("change_by_run", ["organisation_id", "run_id"], unique=False)

    with op.batch_alter_table("chat", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name_folded", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("unverified_since", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("erased", sa.Boolean(), nullable=True))
        batch_op.create_index("chat_by_name", ["organisation_id", "name_folded", "last_message_at"], unique=False)

    with op.batch_alter_table("chat_walk", schema=None) as batch_op:
        batch_op.add_column(sa.Column("walked_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("pages", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("index_state", schema=None) as batch_op:
        batch_op.add_column(sa.Column("walked_to", sa.DateTime(), nullable=True))

    with op.batch_alter_table("intent", schema=None) as batch_op:
        batch_op.create_index("intent_by_day", ["organisation_id", "chat_id", "local_date"], unique=False)
        batch_op.create_index("intent_by_message", ["organisation_id", "message_uid"], unique=False)

    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index("link_by_record", ["organisation_id", "record_id"], unique=False)
        batch_op.create_index("link_by_rule", ["organisation_id", "rule", "changed_at"], unique=False)

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("account_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("text_removed", sa.Boolean(), nullable=True))
        batch_op.create_index("message_by_number", ["organisation_id", "account_id", "reason", "timestamp"], unique=False)
        batch_op.create_index("message_by_reason", ["organisation_id", "reason", "timestamp"], unique=False)
        batch_op.create_index("message_by_time", ["organisation_id", "timestamp"], unique=False)

    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.create_index("note_by_record", ["organisation_id", "record_id"], unique=False)
        batch_op.create_index("note_by_zoho_id", ["organisation_id", "zoho_id"], unique=False)

    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("restored_at", sa.DateTime(), nullable=True))

    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(
            "run_by_time",
            ["organisation_id", "started_at", "state", "zoho_credits", "calls_zoho", "calls_timelines", "seconds"],
            unique=False,
        )
        batch_op.create_index(
            "run_with_news",
            ["organisation_id", "started_at"],
            unique=False,
            sqlite_where=sa.text("(messages_seen > 0 OR state <> 'completed' OR problem IS NOT NULL)"),
            postgresql_where=sa.text("(messages_seen > 0 OR state <> 'completed' OR problem IS NOT NULL)"),
        )
