"""The inbox and the registrations of webhooks, on both databases."""

from datetime import timedelta

from sqlmodel import select

from chatledger.ledger import webhook_inbox, webhook_registrations
from chatledger.ledger.tables import InboxItem
from chatledger.ledger.webhook_inbox import Brought
from chatledger.ledger.webhook_registrations import Checked

ORGANISATION = "main"


def event(number, **changes):
    return Brought(**{"fingerprint": f"f{number}", "event_type": "message:new", "body": "{}", "chat_id": number} | changes)


def add(ledger, *events, at=None):
    with ledger.transaction() as session:
        webhook_inbox.add(session, ORGANISATION, events, at or ledger.now())


def items(ledger):
    with ledger.reading() as session:
        return list(session.exec(select(InboxItem).order_by(InboxItem.id)))


def registration(ledger):
    with ledger.reading() as session:
        return webhook_registrations.find(session, ORGANISATION)


def test_event_is_kept_once_and_counted_however_often_it_comes(ledger):
    add(ledger, event(1), event(2), event(1))
    add(ledger, event(1))
    assert [(item.fingerprint, item.deliveries) for item in items(ledger)] == [("f1", 3), ("f2", 1)]


def test_settled_event_stays_settled_when_it_comes_again_unless_it_counts_anew(ledger):
    add(ledger, event(1), event(2, reopens=True))
    with ledger.transaction() as session:
        ids = [item.id for item in webhook_inbox.waiting(session, ORGANISATION, after=0, limit=9)]
        webhook_inbox.settle(session, ids, webhook_inbox.DONE, "stored", run_id="r", now=ledger.now())
    add(ledger, event(1), event(2, reopens=True))
    assert [item.state for item in items(ledger)] == ["done", "waiting"]


def test_malformed_event_is_parked_at_once(ledger):
    before = ledger.now()
    add(ledger, event(1, problem="the body is not JSON"))
    with ledger.reading() as session:
        assert webhook_inbox.waiting(session, ORGANISATION, after=0, limit=9) == []
        assert webhook_inbox.parked_since(session, ORGANISATION, before) == 1
        assert webhook_inbox.parked_since(session, ORGANISATION, ledger.now() + timedelta(seconds=1)) == 0


def test_items_are_taken_in_order_of_arrival_and_of_one_organisation(ledger):
    add(ledger, event(1), event(2), event(3))
    with ledger.transaction() as session:
        webhook_inbox.add(session, "other", [event(4)], ledger.now())
        first = webhook_inbox.waiting(session, ORGANISATION, after=0, limit=2)
        rest = webhook_inbox.waiting(session, ORGANISATION, after=first[-1].id, limit=2)
    assert [item.chat_id for item in (*first, *rest)] == [1, 2, 3]


def test_news_behind_an_item_name_their_chats(ledger):
    add(ledger, event(1))
    with ledger.reading() as session:
        newest = webhook_inbox.newest_id(session)
    add(ledger, event(2), event(3, chat_id=None))
    with ledger.reading() as session:
        assert list(webhook_inbox.chats_since(session, newest).values()) == [2]


def test_secret_finds_its_organisation_and_nothing_else_does(ledger):
    secret = webhook_registrations.secret_of(ledger, ORGANISATION)
    other = webhook_registrations.secret_of(ledger, "other")
    with ledger.reading() as session:
        found = [
            webhook_registrations.organisation_of(session, ledger.cipher, text)
            for text in (secret, other, secret[:-1], "", "é")
        ]
    assert found == [ORGANISATION, "other", None, None, None]
    assert webhook_registrations.secret_of(ledger, ORGANISATION) == secret != other


def test_listening_without_a_gap_keeps_its_beginning(ledger):
    webhook_registrations.secret_of(ledger, ORGANISATION)
    now = ledger.now()
    for seconds in (0, 30, 60, 150):
        with ledger.transaction() as session:
            webhook_registrations.listening(session, now + timedelta(seconds=seconds))
    assert registration(ledger).listening_since == now
    with ledger.transaction() as session:
        webhook_registrations.listening(session, now + timedelta(seconds=400))
    assert registration(ledger).listening_since == now + timedelta(seconds=400)


def test_check_says_whether_they_are_on(ledger):
    webhook_registrations.secret_of(ledger, ORGANISATION)
    for found, state in ((Checked("https://x", [{"id": 1}]), "on"), (Checked("https://x", [], problem="no room"), "off")):
        with ledger.transaction() as session:
            webhook_registrations.checked(session, ORGANISATION, found, ledger.now())
        assert (registration(ledger).state, registration(ledger).problem) == (state, found.problem)
