"""A demo that cannot fail proves nothing: every check has to name what differs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from deployments.cli.demo_checks import Story, checks, found_in_notes
from deployments.cli.demo_screen import happened, verdict
from deployments.cli.sandbox_state import CrmNote, SandboxState, Written

ZONE = "America/Bogota"
START = datetime(2026, 3, 1, 13, tzinfo=UTC)
NEW, OLD = ("Leads", "11"), ("Leads", "10")
ADMIN, LAURA = "1", "2"


def message(uid, chat_id, minutes, text, filename=""):
    return Written(uid, chat_id, START + timedelta(minutes=minutes), text, filename)


def note(note_id, record, chat_id, *entries, title="Chat de WhatsApp con X (01/03/2026)", files=0):
    body = "\n".join([f"Chat en TimelinesAI: http://t/chat/{chat_id}/messages/", "", *entries])
    return CrmNote(note_id, record, title, body, files)


MESSAGES = [
    message("a", 1, 0, "Hola"),
    message("b", 1, 0, "Hola de nuevo <3"),
    message("c", 2, 5, "", "foto.jpg"),
    message("d", 3, 6, "to a group"),
]
NOTE_OF_1 = note("n1", OLD, 1, "08:00 Ana: Hola", "08:00 Ana: Hola de nuevo \u20393")
NOTE_OF_2 = note("n2", NEW, 2, "08:05 Luis: 📎 Imagen: foto.jpg", files=1)
LAST = message("e", 1, 60, "Gracias 🙌")


def record(record_id, phone, owner):
    return {"id": record_id, "Last_Name": "X", "Mobile": phone, "Owner": {"id": owner}, "Created_By": {"id": ADMIN}}


def state(*notes, new=(), messages=MESSAGES, requests=(0, 0)):
    user = {"status": "active", "confirm": True}
    return SandboxState(
        accounts={"w": {"id": "w", "owner_email": "Laura@Example.com"}},
        chats={
            number: {"id": number, "name": f"Chat {number}", "phone": phone, "whatsapp_account_id": "w"}
            for number, phone in ((1, "+573105550201"), (2, "+5531981230202"), (3, None))
        },
        messages=list(messages),
        users={
            ADMIN: user | {"email": "admin@example.com", "full_name": "Ana"},
            LAURA: user | {"email": "laura@example.com", "full_name": "Laura"},
        },
        records={OLD: record("10", "310 555 0201", ADMIN), **{("Leads", row["id"]): row for row in new}},
        notes={each.id: each for each in notes},
        requests={"timelines": requests[0], "zoho": requests[1]},
    )


def summary(seen, synced, skipped, *, created=0, notes=(0, 0), calls=(0, 0)):
    return {
        "messages": {"seen": seen, "synced": synced, "skipped": skipped, "failed": 0, "pending": 0},
        "records": {"matched": 1, "created": created},
        "notes": {"created": notes[0], "updated": notes[1], "unchanged": 0},
        "api_calls": {"timelines": calls[0], "zoho": calls[1]},
        "seconds": 0.1,
    }


@pytest.fixture
def story():
    new = [record("11", "+55 31 8123-0202", LAURA)]
    after = [NOTE_OF_1, NOTE_OF_2]
    later = [replace(NOTE_OF_1, content=f"{NOTE_OF_1.content}\n09:00 Ana: Gracias 🙌"), NOTE_OF_2]
    return Story(
        since=START,
        zone=ZONE,
        summaries=[
            summary(4, 3, 1, created=1, notes=(2, 0), calls=(5, 7)),
            summary(0, 0, 0, calls=(1, 0)),
            summary(1, 1, 0, notes=(0, 1), calls=(2, 2)),
        ],
        states=[
            state(),
            state(*after, new=new, requests=(5, 7)),
            state(*after, new=new, requests=(6, 7)),
            state(*later, new=new, requests=(8, 9), messages=[*MESSAGES, LAST]),
        ],
        message=LAST,
    )


def differences(story):
    return [difference for check in checks(story) for difference in check.differences]


def with_first(story, **changed):
    states = list(story.states)
    states[1:3] = [replace(each, **changed) for each in states[1:3]]
    return replace(story, states=states)


def with_summary(story, number, **changed):
    summaries = list(story.summaries)
    summaries[number] = summaries[number] | changed
    return replace(story, summaries=summaries)


def test_a_true_story_has_no_differences_and_its_screen_fits(story):
    assert differences(story) == []
    lines = [*happened(story, {("skipped", "group_chat"): 1}), *verdict(checks(story))]
    assert max(map(len, lines)) <= 100
    assert sum(line.startswith("  ok  ") for line in lines) == 7
    assert not any("DIFFERS" in line for line in lines)


def test_a_message_nobody_saw_is_a_difference(story):
    assert differences(with_first(story, messages=[*MESSAGES, message("x", 2, 9, "lost")])) == ["5, 4, 4"]


def test_a_message_missing_in_its_note_is_a_difference(story):
    short = replace(NOTE_OF_1, content=NOTE_OF_1.content.replace("08:00 Ana: Hola de nuevo \u20393", ""))
    assert "2 found, 3 said to be synced" in differences(with_first(story, notes={"n1": short, "n2": NOTE_OF_2}))


def test_a_message_written_twice_is_a_difference(story):
    twice = replace(NOTE_OF_1, content=f"{NOTE_OF_1.content}\n08:00 Ana: Hola")
    assert "1 entries more than messages" in differences(with_first(story, notes={"n1": twice, "n2": NOTE_OF_2}))


def test_a_note_written_twice_is_a_difference(story):
    again = replace(NOTE_OF_2, id="n3")
    found = differences(with_first(story, notes={"n1": NOTE_OF_1, "n2": NOTE_OF_2, "n3": again}))
    assert {"3 in the CRM, 2 said to be created", "chat 2 has two notes of 2026-03-01"} <= set(found)


def test_a_note_on_somebody_else_is_a_difference(story):
    astray = replace(NOTE_OF_2, record=OLD)
    assert "the note n2 is on Leads/10" in differences(with_first(story, notes={"n1": NOTE_OF_1, "n2": astray}))


def test_a_record_with_the_wrong_owner_is_a_difference(story):
    records = story.first.records | {NEW: record("11", "+55 31 8123-0202", ADMIN)}
    assert "Leads/11 belongs to Ana" in differences(with_first(story, records=records))


def test_a_record_nobody_spoke_of_is_a_difference(story):
    wrong = with_summary(story, 0, records={"matched": 1, "created": 0})
    assert "1 in the CRM, 0 said to be created" in differences(wrong)


def test_an_uncounted_request_is_a_difference(story):
    assert "they counted 8 and 8" in differences(with_summary(story, 2, api_calls={"timelines": 2, "zoho": 1}))


def test_a_second_tick_that_writes_is_a_difference(story):
    states = list(story.states)
    states[2] = states[3]
    found = differences(replace(story, states=states))
    assert {"2 requests", "1 notes changed", "0 notes changed"} <= set(found)


def test_a_difference_is_marked_on_the_screen(story):
    lines = verdict(checks(with_summary(story, 0, records={"matched": 1, "created": 0})))
    assert sum("DIFFERS" in line for line in lines) == 1
    assert "      -> 1 in the CRM, 0 said to be created" in lines


def test_a_message_cut_by_the_end_of_a_note_is_found_once():
    long = message("l", 1, 0, "uno dos tres cuatro")
    first = note("p1", OLD, 1, "08:00 Ana: uno dos ")
    title = "Chat de WhatsApp con X (01/03/2026) · 2"
    second = note("p2", OLD, 1, "08:00 Ana (continuación): tres cuatro", title=title)
    assert found_in_notes([long], [second, first], ZONE) == ([long], [])
