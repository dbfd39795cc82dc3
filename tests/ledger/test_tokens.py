from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from chatledger.errors import LedgerUnavailable
from chatledger.ledger.tables import ConnectionToken
from chatledger.ledger.tokens import LedgerTokenStore
from chatledger.models import AccessToken, TokenStore
from tests.conftest import SECRET_KEY
from tests.processes import at_once

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOKEN = AccessToken("1000.secret", NOON, "https://www.zohoapis.com", ("ZohoCRM.modules.ALL",))


@pytest.fixture
def store(ledger) -> TokenStore:
    return LedgerTokenStore(ledger, "o")


def test_nothing_is_loaded_before_the_first_token(store):
    assert store.load() is None


def test_a_saved_token_is_shared_by_every_store_of_the_connection(ledger, store):
    store.save(TOKEN)

    assert LedgerTokenStore(ledger, "o").load() == TOKEN
    assert LedgerTokenStore(ledger, "other").load() is None
    assert LedgerTokenStore(ledger, "o", connection="widget").load() is None


def test_a_new_token_replaces_the_old_one(store):
    store.save(TOKEN)
    store.save(AccessToken("1000.newer", NOON, "https://www.zohoapis.eu"))

    assert store.load() == AccessToken("1000.newer", NOON, "https://www.zohoapis.eu")


def test_the_token_is_not_in_the_database(ledger, store):
    store.save(TOKEN)

    with ledger.reading() as session:
        assert b"secret" not in session.exec(select(ConnectionToken.ciphertext)).one()


def test_another_key_is_refused_by_name(opened, ledger_url):
    LedgerTokenStore(opened(ledger_url), "o").save(TOKEN)
    with_other_key = opened(ledger_url, secret_key=SECRET_KEY[::-1])

    with pytest.raises(LedgerUnavailable, match="CHATLEDGER_SECRET_KEY"):
        LedgerTokenStore(with_other_key, "o").load()


def test_one_store_at_a_time_may_refresh(ledger, store):
    other = LedgerTokenStore(ledger, "o")

    assert store.claim_refresh(60)
    assert not other.claim_refresh(60)
    assert not store.claim_refresh(60)


def test_a_token_or_giving_up_ends_the_reservation(ledger, store):
    other = LedgerTokenStore(ledger, "o")
    store.claim_refresh(60)
    store.save(TOKEN)
    assert other.claim_refresh(60)
    other.release_refresh()

    assert store.claim_refresh(60)


def test_nobody_gives_back_the_reservation_of_another(ledger, store):
    other = LedgerTokenStore(ledger, "o")
    store.claim_refresh(60)
    other.release_refresh()
    other.save(TOKEN)

    assert not other.claim_refresh(60)


def test_a_reservation_ends_by_the_ledgers_clock(opened, ledger_url):
    times = [NOON]
    ledger = opened(ledger_url, clock=lambda: times[-1])
    LedgerTokenStore(ledger, "o").claim_refresh(60)
    other = LedgerTokenStore(ledger, "o")
    times.append(NOON + timedelta(seconds=59))
    assert not other.claim_refresh(60)
    times.append(NOON + timedelta(seconds=60))

    assert other.claim_refresh(60)


def test_of_processes_that_claim_at_once_one_wins(opened, ledger_url):
    def claim():
        return LedgerTokenStore(opened(ledger_url), "o").claim_refresh(60)

    assert sorted(at_once(4, claim)) == [False, False, False, True]
