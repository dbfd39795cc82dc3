"""Erasure and removal by age as Prefect runs them; Prefect itself never learns a number or a text."""

from datetime import timedelta

import pytest
from sqlmodel import select

from chatledger.ledger.tables import AuditEntry, Chat, Erasure
from tests.stage import ANA, ORGANISATION

pytestmark = pytest.mark.slow
TEXT = "palabra-que-se-borra"


@pytest.fixture
def synced(stage, surroundings):
    stage.activate()
    stage.receive(TEXT, name="Ana Quimbaya")
    stage.tick()
    return stage


def all_of(stage, table):
    with stage.ledger.reading() as session:
        return list(session.exec(select(table)))


def test_erasing_by_a_chat_leaves_a_receipt_and_nothing_in_prefect(synced, prefect):
    from flows.erase_person import erase_person

    [chat] = all_of(synced, Chat)
    state = erase_person(chat=chat.id, organisation=ORGANISATION, return_state=True)
    [receipt] = all_of(synced, Erasure)
    assert state.name == "Completed"
    assert receipt.phone_hash in state.message
    assert synced.notes() == []
    assert [entry.act for entry in all_of(synced, AuditEntry)] == ["erased"]
    stored = prefect.stored()
    assert [trace for trace in (ANA[1:], TEXT, "Quimbaya") if trace.encode() in stored] == []


def test_an_unknown_chat_fails_with_one_sentence(synced):
    from flows.erase_person import erase_person

    state = erase_person(chat=4711, organisation=ORGANISATION, return_state=True)
    assert state.is_failed()
    assert "Chat 4711 is not known with a phone number" in state.message


def test_removal_by_age_follows_the_settings(synced, monkeypatch):
    from flows.remove_by_age import remove_by_age

    synced.activate(start=synced.now() - timedelta(hours=1))
    old = synced.receive("viejo", phone="+573009998877")
    synced.tick()
    with synced.ledger.transaction() as session:
        from chatledger.ledger import messages

        messages.by_uid(session, ORGANISATION, old).timestamp = synced.now() - timedelta(days=20)
    kept = remove_by_age(ORGANISATION, return_state=True)
    assert kept.message.startswith("0 texts")
    monkeypatch.setenv("CHATLEDGER_KEEP_TEXTS_DAYS", "10")
    removed = remove_by_age(ORGANISATION, return_state=True)
    assert removed.message.startswith("1 texts")
    assert synced.message(old).text == ""
