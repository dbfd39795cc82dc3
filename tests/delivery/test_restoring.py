"""A restored or lost ledger repeats nothing: neither records, nor notes, nor files."""

import shutil

import pytest

from chatledger.ledger import backups

PDF = {"filename": "oferta.pdf", "size": 2048, "mimetype": "application/pdf"}


@pytest.fixture
def other_ledger(stage, migrated_file, opened, tmp_path):
    def make():
        shutil.copy(migrated_file, tmp_path / "other.db")
        return opened(f"sqlite:///{tmp_path / 'other.db'}", clock=stage.now)

    return make


def shown(stage):
    """What a person sees in the CRM: leads, notes with their texts, and how many files stand on each note."""
    notes = stage.notes()
    return (
        len(stage.leads()),
        sorted((note["Note_Title"], note["Note_Content"]) for note in notes),
        sorted(len(note.get("attachments", [])) for note in notes),
    )


def history_of(stage):
    """A record and note before the backup; after it another message of that day, a file, and a new contact."""
    stage.receive("before the backup")
    stage.tick()
    yield
    stage.receive("after the backup", attachment=PDF)
    stage.receive("somebody new", phone="+573009998877", attachment=PDF)
    stage.tick()
    stage.tick()


def test_a_restored_ledger_doubles_no_record_no_note_and_no_file(stage, other_ledger, tmp_path):
    stage.activate()
    steps = history_of(stage)
    next(steps)
    backups.back_up(stage.ledger, tmp_path / "backup.db")
    next(steps, None)
    before = shown(stage)
    assert before[0] == 2
    assert before[2] == [1, 1]
    stage.ledger = other_ledger()
    backups.restore(stage.ledger, tmp_path / "backup.db")
    stage.advance(120)
    stage.tick()
    stage.tick()
    assert shown(stage) == before


def test_a_lost_ledger_that_is_activated_for_the_past_doubles_nothing(stage, other_ledger):
    stage.activate()
    for _ in history_of(stage):
        pass
    before = shown(stage)
    stage.ledger = other_ledger()
    stage.advance(120)
    stage.activate()
    stage.tick()
    stage.tick()
    assert shown(stage) == before


def test_messages_after_a_restore_are_added_to_the_note_of_the_day(stage, other_ledger, tmp_path):
    stage.activate()
    steps = history_of(stage)
    next(steps)
    backups.back_up(stage.ledger, tmp_path / "backup.db")
    next(steps, None)
    stage.ledger = other_ledger()
    backups.restore(stage.ledger, tmp_path / "backup.db")
    stage.receive("after the restore")
    stage.tick()
    [body] = [note["Note_Content"] for note in stage.notes() if "before the backup" in note["Note_Content"]]
    assert "after the backup" in body
    assert "after the restore" in body


def test_two_files_of_one_name_both_stand_on_their_note_after_a_restore(stage, other_ledger, tmp_path):
    stage.activate()
    stage.receive("one", attachment=PDF)
    stage.tick()
    backups.back_up(stage.ledger, tmp_path / "backup.db")
    stage.receive("two", attachment=PDF)
    stage.ledger = other_ledger()
    backups.restore(stage.ledger, tmp_path / "backup.db")
    stage.tick()
    stage.tick()
    assert shown(stage)[2] == [2]
