import sqlite3
import stat
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from chatledger.errors import LedgerUnavailable, UsageError
from chatledger.ledger import backups, lease
from chatledger.ledger.tables import Change, Organisation

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def fill(ledger, *, name="main", changes=3):
    with ledger.transaction() as session:
        session.add(
            Organisation(
                id=name,
                zgid="1",
                workspace_id="w",
                connected_user_id="u",
                credentials_hash="h",
                starts_at=NOW,
                activated_at=NOW,
            )
        )
        session.add_all(Change(organisation_id=name, at=NOW, what="linked", after={"n": n}) for n in range(changes))


def changes_of(ledger):
    with ledger.reading() as session:
        return [row.after["n"] for row in session.exec(select(Change).order_by(Change.id))]


@pytest.fixture
def backup(ledger, tmp_path):
    fill(ledger)
    backups.back_up(ledger, tmp_path / "backup.db")
    return tmp_path / "backup.db"


def test_a_backup_restores_every_row_into_either_database(backup, empty_url, opened):
    target = opened(empty_url)
    assert backups.restore(target, backup) == 4
    assert changes_of(target) == [0, 1, 2]


def test_rows_added_after_a_restore_get_fresh_numbers(backup, empty_url, opened):
    target = opened(empty_url)
    backups.restore(target, backup)
    with target.transaction() as session:
        session.add(Change(organisation_id="main", at=NOW, what="linked", after={"n": 3}))
    assert changes_of(target) == [0, 1, 2, 3]


def test_every_restored_organisation_looks_for_notes_before_it_makes_any(backup, empty_url, opened):
    target = opened(empty_url)
    backups.restore(target, backup)
    with target.reading() as session:
        assert session.get_one(Organisation, "main").restored_at is not None


def test_a_restored_lease_can_be_taken_at_once(ledger, tmp_path, empty_url, opened):
    fill(ledger)
    fence = lease.acquire(ledger, "main", 3600)
    backups.back_up(ledger, tmp_path / "backup.db")
    target = opened(empty_url)
    backups.restore(target, tmp_path / "backup.db")
    assert lease.acquire(target, "main", 60) == fence + 2


def test_a_backup_is_readable_by_its_owner_alone_and_is_one_file(backup):
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert not list(backup.parent.glob("backup.db-*"))
    assert sqlite3.connect(backup).execute("SELECT count(*) FROM change").fetchone() == (3,)


def test_an_existing_file_is_never_overwritten(backup, ledger):
    before = backup.read_bytes()
    with pytest.raises(UsageError, match="exists already"):
        backups.back_up(ledger, backup)
    assert backup.read_bytes() == before


def test_a_folder_that_is_missing_is_told(ledger, tmp_path):
    with pytest.raises(UsageError, match="there is no folder"):
        backups.back_up(ledger, tmp_path / "missing" / "backup.db")


def test_a_filled_ledger_is_only_replaced_on_demand(backup, empty_url, opened):
    target = opened(empty_url)
    fill(target, name="other", changes=9)
    with pytest.raises(UsageError, match="not empty"):
        backups.restore(target, backup)
    assert len(changes_of(target)) == 9
    backups.restore(target, backup, replace=True)
    assert changes_of(target) == [0, 1, 2]


def test_a_ledger_at_work_is_not_replaced(backup, ledger):
    lease.acquire(ledger, "main", 60)
    with pytest.raises(LedgerUnavailable, match="at work"):
        backups.restore(ledger, backup, replace=True)


def test_a_backup_of_another_secret_key_is_refused(backup, empty_url, opened):
    with pytest.raises(UsageError, match="another secret key"):
        backups.restore(opened(empty_url, secret_key="some other passphrase"), backup)


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\x00" + b"x" * 500])
def test_a_file_that_is_no_backup_is_refused_with_its_name(content, empty_url, opened, tmp_path):
    (tmp_path / "wrong.db").write_bytes(content)
    with pytest.raises(UsageError, match=r"wrong\.db"):
        backups.restore(opened(empty_url), tmp_path / "wrong.db")


def test_a_missing_file_is_told(empty_url, opened, tmp_path):
    with pytest.raises(UsageError, match="is not there"):
        backups.restore(opened(empty_url), tmp_path / "nothing.db")
