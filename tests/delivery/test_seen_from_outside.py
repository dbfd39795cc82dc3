"""Rules that a stranger's stand-ins broke once."""

from datetime import timedelta

from sandbox.timelines.faults import Failure as TimelinesFailure
from sandbox.zoho.faults import Failure
from tests.stage import ANA, NUMBER

HOUR = 3600


def test_a_new_message_behind_a_page_of_empty_chats_is_seen(stage):
    stage.timelines.faults.chat_order = "name"
    stage.activate()
    for number in range(60):
        uid = stage.receive("borrado", phone=f"+5730022200{number:02}", name=f"A{number:02}")
        stage.timelines.delete_message(uid)
    stage.receive("hola", name="Zed")

    summary = stage.tick()

    assert summary["messages"]["synced"] == 1


def test_a_settling_read_that_is_refused_proves_nothing(stage):
    stage.activate()
    stage.receive()
    stage.tick()
    stage.receive("mañana", phone="+573001119999")
    stage.zoho.add_record("Leads", {"Last_Name": "Bea", "Mobile": "+573001119999"})
    stage.zoho.faults.failures = [Failure(path="/Notes$", method="POST", after_commit="reset")]
    stage.tick()
    stage.advance(stage.options.unknown_write_wait + 1)
    stage.zoho.faults.failures = [Failure(path="/Leads/.*/Notes$", method="GET", status=400, code="LIMIT_EXCEEDED")]

    waiting = stage.tick()
    settled = stage.tick()

    assert waiting["messages"]["pending"] == 1
    assert settled["messages"]["synced"] == 1
    assert len(stage.notes()) == 2


def test_a_conversion_that_leaves_no_trace_of_its_time_is_noticed_by_the_new_contact(stage):
    stage.zoho.faults.conversion_touches_modified = False
    stage.zoho.faults.note_on_converted_lead = "accept"
    stage.zoho.faults.notes_on_conversion = "stay"
    stage.activate(converted_phone_field="Mobile")
    stage.receive("uno")
    stage.tick()
    (lead,) = stage.leads()
    stage.advance(2 * HOUR)
    contact = stage.zoho.convert_lead(lead["id"])

    stage.receive("dos")
    stage.tick()

    assert any("dos" in note["Note_Content"] for note in stage.notes(contact))


def test_an_index_whose_page_token_has_died_is_read_from_its_start(stage):
    for number in range(450):
        stage.zoho.add_record("Leads", {"Last_Name": f"L{number}", "Mobile": f"+5730033{number:05}"})
    stage.activate()
    stage.receive(phone="+573003300449")
    with stage.ledger.transaction() as session:
        from chatledger.ledger import phone_index

        state = phone_index.states(session, "main")["Leads"]
        state.state, state.page_token, state.rows_read = "building", "a-token-of-yesterday", 200

    summary = stage.tick()

    assert summary["records"] == {"matched": 1, "created": 0}


def test_a_day_note_of_a_chat_renamed_since_is_adopted(stage):
    lead = stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": ANA})
    stage.receive("hola", name="Ana")
    url = f"/chat/{next(iter(stage.timelines.state()['chats']))['id']}/messages/"
    day = (stage.now() - timedelta(hours=5)).strftime("%d/%m/%Y")
    stage.zoho.add_note("Leads", lead, f"Chat de WhatsApp con Anita ({day})", f"Chat en TimelinesAI: http://x{url}\n\nhola")

    stage.activate(start=stage.now() - timedelta(days=1))
    stage.tick()

    assert len(stage.notes(lead)) == 1


def test_a_chat_that_is_not_found_once_is_read_again(stage):
    stage.activate()
    stage.receive("hola")
    stage.timelines.faults.failures = [TimelinesFailure(path="/messages$", status=404, times=1)]
    stage.tick()

    assert stage.tick()["messages"]["synced"] == 1


def test_a_token_of_other_credentials_is_never_used(stage):
    from chatledger.ledger.tokens import LedgerTokenStore

    stage.activate()
    mine = LedgerTokenStore(stage.ledger, "main")
    theirs = LedgerTokenStore(stage.ledger, "main", credentials="another refresh token")

    assert mine.load() is not None
    assert theirs.load() is None


def test_messages_of_a_record_that_refuses_in_circles_are_counted_every_time(stage):
    stage.activate()
    stage.receive(account=NUMBER)
    stage.zoho.faults.failures = [Failure(path="/Leads$", method="POST", status=429, times=100)]

    seen = [stage.tick()["messages"] for _ in range(2)]

    assert [(counts["seen"], counts["pending"]) for counts in seen] == [(1, 1), (1, 1)]
