import os
import shutil
import stat
from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, inspect, text
from sqlmodel import SQLModel, select

from chatledger.errors import LedgerUnavailable
from chatledger.ledger import migrating
from chatledger.ledger.database import insert_if_missing
from chatledger.ledger.tables import SettingsVersion, ZohoUser
from tests.processes import at_once, die, until_killed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_user(user_id="1"):
    return ZohoUser(organisation_id="o", id=user_id, email="ana@example.org", name="Ana", active=True, confirmed=True)


def users(ledger):
    with ledger.reading() as session:
        return sorted(session.exec(select(ZohoUser.id)).all())


def scalar(ledger, statement):
    with ledger.reading() as session:
        return session.connection().execute(text(statement)).scalar_one()


def is_sqlite(ledger):
    return ledger.url_without_password.startswith("sqlite")


# opening


def test_a_new_sqlite_ledger_is_for_its_user_alone(opened, tmp_path):
    folder = tmp_path / "deep" / "state"
    ledger = opened(f"sqlite:///{folder / 'ledger.db'}")
    with ledger.transaction() as session:
        session.add(a_user())
        session.flush()
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    ledger.close()

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}


def test_what_is_committed_is_on_the_disk(ledger):
    if is_sqlite(ledger):
        settings = [
            scalar(ledger, f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]

        assert settings == ["wal", 2, 1, 10_000]
    else:
        settings = [scalar(ledger, f"SHOW {name}") for name in ("synchronous_commit", "lock_timeout", "application_name")]

        assert settings == ["on", "10s", "chatledger"]


def test_migrated_schema_is_that_of_the_tables(ledger):
    with ledger.reading() as session:
        context = MigrationContext.configure(
            session.connection(),
            opts={"version_table": migrating.VERSION_TABLE, "compare_type": True, "compare_server_default": True},
        )

        assert compare_metadata(context, SQLModel.metadata) == []


def test_versions_found_by_file_name_are_those_of_alembic():
    config = Config()
    config.set_main_option("script_location", str(migrating.MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)

    assert [script.revision for script in scripts.walk_revisions()][::-1] == migrating.known_versions()


def test_opening_a_current_ledger_does_not_migrate(opened, ledger_url, monkeypatch):
    monkeypatch.setattr(migrating, "_upgrade", lambda _connection: pytest.fail("migrated again"))

    opened(ledger_url).close()


def open_and_write(opened, url):
    ledger = opened(url)
    with ledger.transaction() as session:
        session.add(a_user(str(os.getpid())))
    ledger.close()


def test_processes_opening_a_new_ledger_at_once_do_not_collide(opened, empty_url):
    at_once(4, open_and_write, opened, empty_url)

    assert len(users(opened(empty_url))) == 4


def test_a_ledger_of_a_newer_release_is_refused(opened, empty_url):
    ledger = opened(empty_url)
    with ledger.transaction() as session:
        session.connection().execute(text(f"UPDATE {migrating.VERSION_TABLE} SET version_num = '9999'"))
    ledger.close()

    with pytest.raises(LedgerUnavailable, match="newer chatledger"):
        opened(empty_url)


def test_a_broken_migration_leaves_the_ledger_as_it_was(opened, empty_url, tmp_path, monkeypatch):
    opened(empty_url).close()
    newer = tmp_path / "migrations"
    shutil.copytree(migrating.MIGRATIONS, newer)
    head = migrating.known_versions()[-1]
    broken = "op.create_table('half', sa.Column('id', sa.Integer()))\n    raise RuntimeError('power cut')"
    (newer / "versions" / "9000_broken.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n\n"
        f"revision = '9000'\ndown_revision = {head!r}\n\n\ndef upgrade() -> None:\n    {broken}\n"
    )
    with monkeypatch.context() as patch:
        patch.setattr(migrating, "MIGRATIONS", newer)
        with pytest.raises(RuntimeError, match="power cut"):
            opened(empty_url)

    with opened(empty_url).reading() as session:
        assert "half" not in inspect(session.connection()).get_table_names()


# transactions


def test_a_transaction_is_committed_at_its_end(ledger):
    with ledger.transaction() as session:
        session.add(a_user("1"))
        written = session.merge(a_user("2"))

    assert users(ledger) == ["1", "2"]
    assert written.name == "Ana"


def test_a_failing_transaction_leaves_nothing(ledger):
    def fail():
        with ledger.transaction() as session:
            session.add(a_user())
            session.flush()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert users(ledger) == []


def write_and_die(opened, url):
    ledger = opened(url)
    with ledger.transaction() as session:
        session.add(a_user("committed"))
    with ledger.transaction() as session:
        session.add(a_user("half"))
        session.flush()
        die()


def test_a_killed_process_leaves_only_what_it_had_committed(opened, ledger):
    url = ledger._engine.url.render_as_string(hide_password=False)
    until_killed(write_and_die, opened, url)

    assert users(ledger) == ["committed"]
    with ledger.transaction() as session:
        session.add(a_user("later"))
    assert users(ledger) == ["committed", "later"]


def count_up(opened, url):
    ledger = opened(url)
    for _ in range(15):
        with ledger.transaction() as session:
            counter = session.exec(select(SettingsVersion).with_for_update()).one()
            counter.body = {"count": counter.body["count"] + 1}
            session.add(counter)
    ledger.close()


def test_processes_that_read_and_then_write_wait_for_one_another(opened, ledger):
    with ledger.transaction() as session:
        session.add(SettingsVersion(organisation_id="o", version=1, body={"count": 0}, created_at=NOON))
    at_once(3, count_up, opened, ledger._engine.url.render_as_string(hide_password=False))

    with ledger.reading() as session:
        assert session.exec(select(SettingsVersion)).one().body == {"count": 45}


def test_insert_if_missing_keeps_what_is_there(ledger):
    for name in ("first", "second"):
        with ledger.transaction() as session:
            insert_if_missing(session, a_user().model_copy(update={"name": name}))

    with ledger.reading() as session:
        assert session.exec(select(ZohoUser.name)).all() == ["first"]


def test_a_reading_session_sees_one_state(ledger):
    with ledger.reading() as session:
        before = session.exec(select(ZohoUser)).all()
        with ledger.transaction() as writing:
            writing.add(a_user())

        assert session.exec(select(ZohoUser)).all() == before == []


def test_a_reading_session_cannot_write(ledger):
    with pytest.raises(LedgerUnavailable), ledger.reading() as session:
        session.connection().execute(insert(ZohoUser).values(a_user().model_dump()))

    with ledger.transaction() as session:
        session.add(a_user())
    assert users(ledger) == ["1"]


# the clock


def test_the_clock_is_the_databases_in_utc(ledger):
    assert ledger.now().utcoffset() == timedelta(0)
    assert abs(ledger.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_virtual_clock_replaces_the_databases(opened, ledger_url):
    assert opened(ledger_url, clock=lambda: NOON).now() == NOON
