"""What goes wrong on the way from TimelinesAI loses no message and repeats none."""

from datetime import timedelta

from sandbox.timelines.faults import Failure
from tests.stage import ANA

BEA = "+573001119999"
MINUTE = 60


def bodies(stage):
    """Everything that stands in the notes."""
    return "\n".join(note["Note_Content"] for note in stage.notes())


def test_messages_that_arrive_while_pages_are_read_are_not_skipped(stage):
    stage.activate()
    for number in range(60):
        stage.receive(f"hola {number:02}", phone=f"+57300222{number:04}")
    stage.timelines.faults.pages_shift = True
    stage.tick()
    stage.timelines.faults.pages_shift = False
    stage.advance(MINUTE)

    stage.tick()

    assert all(f"hola {number:02}" in bodies(stage) for number in range(60))
    assert bodies(stage).count("hola 07") == 1


def test_messages_of_one_second_are_all_read_behind_a_page_that_ends_in_it(stage):
    stage.timelines.faults.cursor_skips_same_second = False
    stage.activate()
    at = stage.now() - timedelta(minutes=5)
    for number in range(70):
        stage.receive(f"mensaje <{number:02}>", at=at)

    stage.tick()

    assert stage.run().messages_synced == 70


def test_lists_that_never_end_end_the_tick_and_everything_is_delivered_afterwards(stage):
    stage.activate()
    for number in range(55):
        stage.receive("hola", phone=f"+57300222{number:04}")
    stage.timelines.faults.chat_order = "shuffled"
    stage.timelines.faults.same_page_forever = True

    summary = stage.tick()
    stage.timelines.faults.same_page_forever = False
    stage.advance(MINUTE)
    stage.tick()

    assert summary["state"] == "failed"
    assert len(stage.notes()) == 55


def test_history_that_never_moves_on_ends_the_reading_of_that_chat_only(stage):
    stage.activate()
    for number in range(120):
        stage.receive(f"uno {number}")
    stage.timelines.faults.ignore_before_message = True
    stage.receive("otro", phone=BEA)

    stage.tick()
    stage.timelines.faults.ignore_before_message = False
    stage.advance(MINUTE)
    stage.tick()

    assert "otro" in bodies(stage)
    assert "uno 0" in bodies(stage)
    assert "uno 119" in bodies(stage)


def test_too_many_requests_without_a_word_about_how_long_are_waited_out(stage):
    stage.activate()
    stage.receive()
    stage.timelines.faults.failures = [Failure(path="/chats$", status=429, body="html", times=2)]

    summary = stage.tick()

    assert summary["messages"]["synced"] == 1


def test_web_page_in_place_of_an_answer_is_no_empty_list(stage):
    stage.activate()
    stage.receive()
    stage.timelines.faults.failures = [Failure(path="/messages$", status=200, body="html", times=10)]

    blind = stage.tick()
    stage.timelines.faults.failures = []
    stage.advance(MINUTE)
    seeing = stage.tick()

    assert blind["messages"]["seen"] == 0
    assert blind["state"] == "failed"
    assert seeing["messages"]["synced"] == 1


def test_message_deleted_in_whatsapp_stays_in_the_note_that_is_written(stage):
    stage.activate()
    gone = stage.receive("me arrepiento")
    stage.tick()
    stage.timelines.delete_message(gone)
    stage.receive("sigo aqui")
    stage.advance(MINUTE)

    stage.tick()

    assert "me arrepiento" in bodies(stage)
    assert "sigo aqui" in bodies(stage)


def test_message_keeps_its_day_when_the_rules_of_its_zone_change(stage):
    stage.activate(timezone="America/Bogota")
    at = (stage.now() - timedelta(minutes=30)).replace(second=0)
    uid = stage.receive("hola", at=at)
    stage.tick()
    (before,) = stage.notes()
    stage.activate(timezone="Pacific/Kiritimati")
    stage.timelines.change_text(uid, "hola (corregido)")
    stage.receive("tarde", at=at + timedelta(minutes=1), phone=BEA)
    stage.advance(25 * 60 * MINUTE)

    stage.tick()

    (after,) = [note for note in stage.notes() if note["id"] == before["id"]]
    assert "corregido" in after["Note_Content"]
    assert len([note for note in stage.notes() if "corregido" in note["Note_Content"]]) == 1


def test_number_of_the_contact_is_needed_only_once(stage):
    stage.activate()
    stage.receive("uno", phone=ANA)
    stage.tick()
    stage.timelines.faults.null_fields = ["sender_phone"]
    stage.receive("dos", phone=ANA)
    stage.advance(MINUTE)

    stage.tick()

    assert "dos" in bodies(stage)
