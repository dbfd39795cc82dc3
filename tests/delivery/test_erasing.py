"""After an erasure nothing of the person is left but a keyed hash, and nothing brings the person back."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from chatledger.delivery import erasing, explaining, pinning
from chatledger.errors import LedgerUnavailable, NotPermitted, UsageError
from chatledger.ledger import backups, erasures, lease
from chatledger.models import RecordRef
from tests.stage import ANA, ORGANISATION
from tests.webhook_stage import Webhooks

NAME = "Ana Sofía Quimbaya"
TEXT = "palabra-secreta-de-ana"
BETO = "+573009998877"
PDF = {"filename": "cedula-de-ana.pdf", "size": 2048, "mimetype": "application/pdf"}


@pytest.fixture
def synced(stage):
    stage.activate()
    stage.receive(TEXT, name=NAME, attachment=PDF)
    stage.receive("hola de beto", phone=BETO, name="Beto")
    stage.tick()
    stage.tick()
    return stage


def erase(stage, phone=ANA, *, keep=False, wait=0.0):
    async def done():
        timelines, zoho, _ = stage.clients()
        try:
            key = erasing.key_of(stage.ledger, ORGANISATION, phone)
            return await erasing.erase(stage.ledger, ORGANISATION, key, zoho=None if keep else zoho, actor="test", wait=wait)
        finally:
            await timelines.aclose()
            await zoho.aclose()

    return asyncio.run(done())


def path_of(stage) -> Path:
    return Path(stage.ledger.url_without_password.removeprefix("sqlite:///"))


def bytes_of(stage) -> bytes:
    path = path_of(stage)
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def test_no_byte_of_the_person_is_left_in_the_ledgers_files(synced):
    assert all(trace in bytes_of(synced) for trace in (ANA.encode(), TEXT.encode(), NAME.encode(), b"cedula-de-ana"))
    erase(synced)
    left = bytes_of(synced)
    assert [trace for trace in (ANA, ANA[1:], TEXT, NAME, "cedula-de-ana") if trace.encode() in left] == []


def test_the_receipt_is_a_keyed_hash_with_counts(synced):
    done = erase(synced)
    assert len(done.receipt.phone_hash) == 64
    assert (done.receipt.chats, done.receipt.messages, done.receipt.notes) == (1, 1, 1)
    assert len(done.records) == 1


def test_the_notes_are_deleted_in_zoho_and_those_of_others_stay(synced):
    erase(synced)
    [note] = synced.notes()
    assert "hola de beto" in note["Note_Content"]


def test_notes_are_kept_on_demand(synced):
    erase(synced, keep=True)
    assert len(synced.notes()) == 2


def test_the_next_sync_does_not_bring_the_person_back(synced):
    erase(synced)
    synced.advance(26 * 3600)
    synced.tick()
    assert [trace for trace in (ANA, TEXT, NAME) if trace.encode() in bytes_of(synced)] == []
    assert not any(TEXT in note["Note_Content"] for note in synced.notes())


def test_new_messages_of_the_person_are_counted_and_skipped(synced):
    erase(synced)
    uid = synced.receive("otra vez yo", name=NAME)
    summary = synced.tick()
    assert summary["messages"]["skipped"] == 1
    row = synced.message(uid)
    assert (row.outcome, row.reason, row.text, row.sender_name) == ("skipped", "erased", "", "")
    assert b"otra vez yo" not in bytes_of(synced)


def test_what_is_explained_about_the_number_is_that_it_was_erased(synced):
    erase(synced)
    found = explaining.explain(synced.ledger, ORGANISATION, ANA, None)
    assert (found.now.what, found.now.code) == ("skipped", "erased")


def test_another_number_of_whatsapp_does_not_bring_the_person_back(synced):
    erase(synced)
    synced.receive(TEXT, name=NAME, account="573105550900@s.whatsapp.net")
    synced.tick()
    assert [trace for trace in (ANA, TEXT, NAME) if trace.encode() in bytes_of(synced)] == []


def test_a_record_with_the_number_does_not_bring_the_number_back(synced):
    erase(synced)
    [lead] = [row for row in synced.leads() if row["Mobile"] == ANA]
    synced.zoho.edit_record("Leads", lead["id"], {"Last_Name": "Edited"})
    synced.receive("hola otra vez", phone=BETO)
    synced.advance(120)
    synced.tick()
    assert ANA.encode() not in bytes_of(synced)


def test_what_became_of_others_is_untouched(synced):
    erase(synced)
    synced.receive("sigo aqui", phone=BETO)
    synced.tick()
    [note] = synced.notes()
    assert "hola de beto" in note["Note_Content"]
    assert "sigo aqui" in note["Note_Content"]


def test_a_second_erasure_keeps_the_receipt_of_the_first(synced):
    first = erase(synced)
    again = erase(synced)

    assert first.before is None
    assert again.before == first.receipt.erased_at == again.receipt.erased_at
    assert again.receipt.messages == first.receipt.messages > 0


def test_number_of_an_erased_person_cannot_be_pinned(synced):
    lead, *_ = synced.leads()
    erase(synced)
    _, zoho, _ = synced.clients()

    with pytest.raises(UsageError, match="erased"):
        asyncio.run(pinning.pin(synced.ledger, zoho, ORGANISATION, ANA, RecordRef("Leads", lead["id"])))


def test_while_a_run_is_at_work_nothing_is_erased(synced):
    lease.acquire(synced.ledger, ORGANISATION, 60)
    with pytest.raises(LedgerUnavailable, match="Nothing was erased"):
        erase(synced)
    assert TEXT.encode() in bytes_of(synced)


def test_when_zoho_refuses_the_ledger_still_knows_what_to_delete(synced):
    synced.zoho.faults.scopes_granted = ["ZohoCRM.modules.READ", "ZohoCRM.settings.READ"]
    with pytest.raises(NotPermitted):
        erase(synced)
    assert TEXT.encode() in bytes_of(synced)


def test_a_text_that_is_no_number_is_told(synced):
    with pytest.raises(UsageError, match="not a phone number"):
        erasing.key_of(synced.ledger, ORGANISATION, "Ana")


def test_what_webhooks_brought_of_the_person_is_forgotten_now_and_later(stage):
    webhooks = Webhooks(stage)
    stage.activate()
    webhooks.switch_on()
    webhooks.receive(TEXT, name=NAME)
    webhooks.receive("hola de beto", phone=BETO)
    stage.tick()
    assert TEXT.encode() in bytes_of(stage)
    erase(stage)
    assert [trace for trace in (ANA[1:], TEXT, NAME) if trace.encode() in bytes_of(stage)] == []
    webhooks.receive(f"{TEXT} otra vez", name=NAME)
    stage.tick()
    rows = "\n".join(sqlite3.connect(path_of(stage)).iterdump())
    assert [trace for trace in (ANA[1:], TEXT, NAME) if trace in rows] == []
    assert "hola de beto" in rows


def test_restored_older_backup_does_not_bring_the_person_back(synced, tmp_path):
    backups.back_up(synced.ledger, tmp_path / "backup.db")
    receipt = erase(synced).receipt

    backups.restore(synced.ledger, tmp_path / "backup.db", replace=True)

    assert TEXT.encode() not in bytes_of(synced)
    with synced.ledger.reading() as session:
        kept = erasures.receipt(session, ORGANISATION, receipt.phone_hash)
    assert (kept.erased_at, kept.messages) == (receipt.erased_at, receipt.messages)
    synced.advance(3600)
    synced.tick()
    assert not any(TEXT in note["Note_Content"] for note in synced.notes())
