import os
import traceback
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import insert
from sqlmodel import select

from chatledger.errors import LedgerUnavailable, UsageError
from chatledger.ledger import engines
from chatledger.ledger.database import insert_if_missing
from chatledger.ledger.tables import Link, ZohoUser
from tests.postgresql import PASSWORD

PHONE = "+573001234567"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_user(user_id="1"):
    return ZohoUser(organisation_id="o", id=user_id, email="ana@example.org", name="Ana", active=True, confirmed=True)


def users(ledger):
    with ledger.reading() as session:
        return sorted(session.exec(select(ZohoUser.id)).all())


def shown(error):
    return "".join(traceback.format_exception(error))


def test_a_refused_row_is_told_without_its_values(ledger):
    row = {"organisation_id": "o", "phone_key": PHONE, "module": "Leads", "record_id": "7", "rule": "exact"}
    link = insert(Link).values(Link(**row, created_at=NOON, changed_at=NOON).model_dump())
    with ledger.transaction() as session:
        session.connection().execute(link)
    with pytest.raises(LedgerUnavailable, match="refused a row") as caught, ledger.transaction() as session:
        session.connection().execute(link)

    assert PHONE not in shown(caught.value)
    assert "link" in str(caught.value)


def test_a_file_that_is_no_database_is_named(opened, tmp_path):
    (tmp_path / "ledger.db").write_text("Dear diary, " * 100)

    with pytest.raises(LedgerUnavailable, match=rf"{tmp_path}/ledger.db is not a SQLite database"):
        opened(f"sqlite:///{tmp_path / 'ledger.db'}")


def test_a_folder_in_place_of_the_file_is_refused(opened, tmp_path):
    with pytest.raises(LedgerUnavailable, match="Is a directory"):
        opened(f"sqlite:///{tmp_path}")


def test_a_file_in_place_of_the_folder_is_refused(opened, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(LedgerUnavailable, match="cannot be created"):
        opened(f"sqlite:///{tmp_path / 'file' / 'ledger.db'}")


@contextmanager
def without_roots_rights():
    """Root may write everywhere, so a test of permissions becomes another user for a moment."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


@pytest.mark.parametrize(("folder_mode", "file_mode", "named"), [(0o500, None, ""), (0o777, 0o400, "/ledger.db")])
def test_a_place_without_write_permission_is_named(opened, folder_mode, file_mode, named):
    with TemporaryDirectory(dir="/tmp") as folder:
        path = Path(folder) / "ledger.db"
        if file_mode:
            path.touch(file_mode)
        Path(folder).chmod(folder_mode)
        with without_roots_rights(), pytest.raises(LedgerUnavailable, match=f"{folder}{named} cannot be written"):
            opened(f"sqlite:///{path}")


def test_a_full_disk_is_told(opened, tmp_path):
    ledger = opened(f"sqlite:///{tmp_path / 'ledger.db'}")

    def fill():
        with ledger.transaction() as session:
            session.connection().exec_driver_sql("PRAGMA max_page_count = 1")
            session.add(a_user("x" * 1_000_000))

    with pytest.raises(LedgerUnavailable, match=r"ledger\.db has no room left"):
        fill()
    assert users(ledger) == []


def test_a_lock_that_is_never_given_back_is_told(opened, ledger_url, monkeypatch):
    monkeypatch.setattr(engines, "SQLITE_SETTINGS", ("PRAGMA busy_timeout = 20",))
    monkeypatch.setitem(engines.POSTGRESQL_SETTINGS, "lock_timeout", "20ms")
    ledger = opened(ledger_url)
    with ledger.transaction() as blocking:
        blocking.connection().execute(insert(ZohoUser).values(a_user().model_dump()))
        with pytest.raises(LedgerUnavailable, match="locked"), ledger.transaction() as session:
            insert_if_missing(session, a_user())


@pytest.mark.parametrize("ledger_url", ["postgresql"], indirect=True)
def test_a_lost_connection_is_told_and_the_next_one_works(opened, postgresql_server, ledger_url):
    ledger = opened(ledger_url)

    def lose():
        with ledger.transaction() as session:
            pid = session.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            postgresql_server.administer(f"SELECT pg_terminate_backend({pid})")
            session.add(a_user())

    with pytest.raises(LedgerUnavailable, match="run again"):
        lose()
    assert users(ledger) == []


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (
            f"postgresql+psycopg://me:{PASSWORD}@127.0.0.1:1/ledger",
            "ledger on 127.0.0.1:1 cannot be reached .Connection refused",
        ),
        (f"postgresql+psycopg://me:{PASSWORD}@host.invalid/ledger", "host.invalid:5432 cannot be reached"),
    ],
)
def test_an_unreachable_server_is_named(opened, url, told):
    with pytest.raises(LedgerUnavailable, match=told) as caught:
        opened(url)

    assert PASSWORD not in shown(caught.value)


def test_a_wrong_password_is_told_and_not_shown(opened, postgresql_server):
    wrong = PASSWORD[::-1]
    with pytest.raises(LedgerUnavailable, match="refuses the password") as caught:
        opened(postgresql_server.url("postgres", wrong))

    assert wrong not in shown(caught.value)


def test_a_missing_database_is_told(opened, postgresql_server):
    with pytest.raises(LedgerUnavailable, match="no such database"):
        opened(postgresql_server.url("nothing"))


@pytest.mark.parametrize("url", ["", "ledger.db", "sqlite://", "sqlite:///:memory:", f"mysql://me:{PASSWORD}@db/ledger"])
def test_a_url_of_something_else_is_wrong_use(opened, url):
    with pytest.raises(UsageError, match="CHATLEDGER_LEDGER_URL") as caught:
        opened(url)

    assert PASSWORD not in shown(caught.value)


def test_the_password_is_not_in_the_ledgers_address(ledger):
    assert PASSWORD not in ledger.url_without_password
