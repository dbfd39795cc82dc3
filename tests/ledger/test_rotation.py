import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import LargeBinary
from sqlmodel import SQLModel

from chatledger.errors import LedgerUnavailable
from chatledger.ledger import backups, consents, people, rotation, stored_connections
from chatledger.ledger.database import open_ledger
from chatledger.ledger.encryption import KeyFile, load_cipher
from chatledger.ledger.tokens import LedgerTokenStore
from chatledger.models import AccessToken
from tests.conftest import SECRET_KEY

TOKEN = AccessToken("1000.canary-access", datetime(2030, 3, 1, tzinfo=UTC), "https://www.zohoapis.eu")
NEW = "a passphrase only for tomorrow"
CREDENTIALS = {"accounts_url": "https://accounts.zoho.eu", "refresh_token": "1000.canary-refresh"}


def fill(ledger):
    stored_connections.put(ledger, "main", "zoho", CREDENTIALS, {"zgid": "1"})
    stored_connections.put(ledger, "main", "zoho", CREDENTIALS, {"zgid": "1"}, person_id="somebody")
    LedgerTokenStore(ledger, "main").save(TOKEN)


def test_after_a_rotation_the_new_key_alone_reads_everything(ledger, ledger_url, opened):
    fill(ledger)
    state = consents.start(ledger, "main", "browser", {"verifier": "v"})
    both = opened(ledger_url, secret_key=f"{NEW},{SECRET_KEY}")

    assert rotation.rotate(both, settle_seconds=0) == (4, 0)
    new = opened(ledger_url, secret_key=NEW)
    assert stored_connections.get(new, "main", "zoho").credentials == CREDENTIALS
    assert LedgerTokenStore(new, "main").load() == TOKEN
    assert consents.take(new, "main", "browser", state) == {"verifier": "v"}


def test_the_old_key_reads_nothing_any_more(ledger, ledger_url, opened):
    fill(ledger)
    rotation.rotate(opened(ledger_url, secret_key=f"{NEW},{SECRET_KEY}"), settle_seconds=0)

    with pytest.raises(LedgerUnavailable, match="CHATLEDGER_SECRET_KEY"):
        opened(ledger_url)


def test_a_second_rotation_renews_nothing(ledger, ledger_url, opened):
    fill(ledger)
    both = opened(ledger_url, secret_key=f"{NEW},{SECRET_KEY}")
    rotation.rotate(both, settle_seconds=0)

    assert rotation.rotate(both, settle_seconds=0) == (0, 0)


def test_keyed_hashes_survive_two_rotations(ledger, ledger_url, opened):
    before = ledger.cipher.keyed_hash("erased +573001112233")
    rotation.rotate(opened(ledger_url, secret_key=f"{NEW},{SECRET_KEY}"), settle_seconds=0)
    third = "the third passphrase of all"
    rotation.rotate(opened(ledger_url, secret_key=f"{third},{NEW}"), settle_seconds=0)

    assert opened(ledger_url, secret_key=third).cipher.keyed_hash("erased +573001112233") == before


def test_everybody_is_signed_out(ledger, ledger_url, opened):
    with ledger.transaction() as session:
        person = people.add(session, "main", "a@example.com", "admin", "test")
        secret = people.start_session(session, person, "invitation")
    rotation.rotate(opened(ledger_url, secret_key=f"{NEW},{SECRET_KEY}"), settle_seconds=0)

    with opened(ledger_url, secret_key=NEW).reading() as session:
        assert people.signed_in(session, "main", secret) is None


def test_what_no_key_can_read_is_counted_and_left(ledger, ledger_url, opened):
    fill(ledger)

    assert rotation.rotate(opened(ledger_url, secret_key=NEW), settle_seconds=0) == (0, 3)


def test_a_running_process_goes_on_with_a_changed_key_file(tmp_path):
    running = load_cipher(tmp_path, None)
    file = KeyFile(tmp_path / "secret.key")
    old = file.keys()
    before = running.encrypt("before")
    file.replace([NEW, *old])
    after = running.encrypt("after")
    signed = running.derived_key("pages")
    file.replace([NEW])

    assert load_cipher(tmp_path, NEW).decrypt(after) == "after"
    assert running.derived_key("pages") == signed
    with pytest.raises(LedgerUnavailable):
        running.decrypt(before)


def test_a_process_interrupted_at_any_step_leaves_everything_readable(tmp_path, migrated_file, monkeypatch):
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    shutil.copy(migrated_file, tmp_path / "ledger.db")
    ledger = open_ledger(url, home=tmp_path, secret_key=None)
    fill(ledger)
    ledger.close()
    file = KeyFile(tmp_path / "secret.key")
    file.replace([Fernet.generate_key().decode(), *file.keys()])  # killed after the first step
    first = readable(url, tmp_path)
    half = open_ledger(url, home=tmp_path, secret_key=None)
    monkeypatch.setattr("time.sleep", lambda _seconds: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):  # killed between two passes
        rotation.rotate(half)
    half.close()

    assert (first, readable(url, tmp_path)) == (True, True)


def readable(url, home):
    ledger = open_ledger(url, home=home, secret_key=None)
    try:
        return stored_connections.get(ledger, "main", "zoho").credentials == CREDENTIALS
    finally:
        ledger.close()


def test_a_backup_made_after_a_rotation_is_restored_with_the_new_key(ledger, ledger_url, opened, tmp_path):
    fill(ledger)
    rotation.rotate(opened(ledger_url, secret_key=f"{NEW},{SECRET_KEY}"), settle_seconds=0)
    backups.back_up(opened(ledger_url, secret_key=NEW), tmp_path / "backup.db")
    empty = open_ledger(f"sqlite:///{tmp_path / 'other.db'}", home=tmp_path, secret_key=NEW)
    backups.restore(empty, tmp_path / "backup.db")
    empty.close()
    again = open_ledger(f"sqlite:///{tmp_path / 'other.db'}", home=tmp_path, secret_key=NEW)

    assert stored_connections.get(again, "main", "zoho").credentials == CREDENTIALS
    again.close()


def test_every_binary_column_is_a_secret_that_rotates():
    binary = {f"{table.name}.{column.name}" for table in SQLModel.metadata.sorted_tables for column in table.columns
              if isinstance(column.type, LargeBinary)}  # fmt: skip

    assert binary == {
        "connection_token.ciphertext", "kept_secret.ciphertext", "started_consent.ciphertext", "stored_connection.ciphertext",
        "webhook_registration.secret",
    }  # fmt: skip


def test_no_credential_is_in_the_database_file(tmp_path, migrated_file):
    shutil.copy(migrated_file, tmp_path / "ledger.db")
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}", home=tmp_path, secret_key=SECRET_KEY)
    fill(ledger)
    consents.start(ledger, "main", "canary-browser", {"verifier": "canary-verifier", "client_secret": "canary-client"})
    with ledger.transaction() as session:
        person = people.add(session, "main", "a@example.com", "admin", "test")
        secrets = [people.invite(session, person), people.start_session(session, person, "invitation")]
    ledger.close()
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = b"".join(path.read_bytes() for path in Path(tmp_path).iterdir() if path.is_file())

    assert b"accounts.zoho.eu" not in stored
    assert [secret for secret in ["canary", *secrets] if secret.encode() in stored] == []
