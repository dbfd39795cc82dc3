"""What a tick takes from the inbox of webhooks, what it reads for it, and what it parks."""

import asyncio
import json

import pytest

from chatledger.ledger import erasures
from sandbox.timelines.faults import Failure
from tests.delivery.test_costs import requests_of
from tests.stage import ANA, NUMBER
from tests.webhook_stage import Webhooks

SWEEP = 900


@pytest.fixture
def webhooks(stage):
    """Webhooks that are relied on; every clock stands a second after the first walk."""
    asyncio.run(stage._activate(None))
    on = Webhooks(stage)
    on.switch_on()
    stage.forget_calls()
    return on


def asked(stage):
    return requests_of(stage.timelines)


def reasons(webhooks):
    return [(item.event_type, item.state, item.reason) for item in webhooks.items()]


def test_idle_tick_asks_timelines_nothing(webhooks, stage):
    assert webhooks.health().trusted
    assert stage.tick()["api_calls"] == {"timelines": 0, "zoho": 0}


def test_message_of_a_new_chat_reaches_its_note_without_any_read(webhooks, stage):
    uid = webhooks.receive("llegó sola")

    summary = stage.tick()

    assert asked(stage) == {}, "chat:new says whose the chat is, message:new what was written"
    assert (summary["messages"]["synced"], stage.message(uid).outcome) == (1, "synced")
    [note] = stage.notes()
    assert "llegó sola" in note["Note_Content"]


def test_chat_first_heard_of_by_a_message_is_asked_for(webhooks, stage):
    stage.receive()
    webhooks.bring([body for body in webhooks.sent() if b'"message:new"' in body])

    stage.tick()

    assert asked(stage) == {"GET chats/ID": 1}
    assert len(stage.notes()) == 1


def test_further_message_costs_no_timelines_call_and_one_update(webhooks, stage):
    webhooks.receive()
    stage.tick()
    webhooks.receive("otra")
    stage.forget_calls()

    stage.tick()

    assert asked(stage) == {}
    [note] = stage.notes()
    assert "otra" in note["Note_Content"]


def test_message_repeated_or_replayed_changes_nothing(webhooks, stage):
    stage.receive("una vez")
    bodies = webhooks.sent()
    webhooks.bring([*bodies, *bodies])
    stage.tick()
    stage.forget_calls()
    webhooks.bring(bodies)

    summary = stage.tick()

    assert (summary["messages"]["seen"], summary["api_calls"]) == (0, {"timelines": 0, "zoho": 0})
    assert [item.deliveries for item in webhooks.items()] == [3, 3]
    assert stage.notes()[0]["Note_Content"].count("una vez") == 1


def test_replay_of_a_message_that_was_edited_since_does_not_bring_the_old_text_back(webhooks, stage):
    uid = stage.receive("con una falta")
    bodies = webhooks.sent()
    stage.timelines.change_text(uid, "sin falta")
    webhooks.pass_time(SWEEP)
    stage.tick()
    webhooks.bring(bodies)

    stage.tick()

    assert "sin falta" in stage.notes()[0]["Note_Content"]
    assert stage.message(uid).text == "sin falta"


def test_events_of_one_message_under_two_types_are_one_message(webhooks, stage):
    stage.receive()
    [body] = [json.loads(body) for body in webhooks.sent() if b'"message:new"' in body]
    webhooks.bring([json.dumps(body | {"event_type": kind}).encode() for kind in ("message:new", "message:received:new")])

    assert stage.tick()["messages"]["seen"] == 1
    assert [reason for _, _, reason in reasons(webhooks)] == ["stored", "known"]


def test_outgoing_message_of_an_agent_is_read_because_no_webhook_names_the_agent(webhooks, stage):
    webhooks.receive()
    stage.tick()
    chat = stage.timelines.state()["chats"][0]["id"]
    stage.forget_calls()
    stage.timelines.receive_message("con gusto", chat_id=chat, from_me=True, agent="Laura Gil (laura@example.com)")
    webhooks.bring()

    stage.tick()

    assert asked(stage) == {"GET chats/ID/messages": 1}
    assert reasons(webhooks)[-1][2] == "chat_to_read: the agent is not named"
    assert "Laura Gil: con gusto" in stage.notes()[0]["Note_Content"].replace("\u2068", "").replace("\u2069", "")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"timestamp": "ayer"}, "timestamp cannot be read"),
        ({"text": None}, "neither text nor file is named"),
        ({"direction": "sent"}, "type and direction contradict each other"),
        ({"message_uid": None}, "the uid is not named"),
        ({"direction": None}, "from_me cannot be read"),
    ],
)
def test_incomplete_message_has_its_chat_read(webhooks, stage, change, reason):
    stage.receive("entero")
    bodies = webhooks.sent()
    [spoilt] = [json.loads(body) for body in bodies if b'"message:new"' in body]
    spoilt["message"] |= change
    spoilt["event_type"] = "message:received:new"
    webhooks.bring([bodies[0], json.dumps(spoilt).encode()])

    stage.tick()

    assert asked(stage)["GET chats/ID/messages"] == 1
    assert reasons(webhooks)[-1] == ("message:received:new", "done", f"chat_to_read: {reason}")
    assert "entero" in stage.notes()[0]["Note_Content"]


def test_forged_event_of_a_chat_that_does_not_exist_is_parked(webhooks, stage):
    stage.receive()
    [body] = [json.loads(body) for body in webhooks.sent() if b'"message:new"' in body]
    body["chat"]["chat_id"] = 99
    webhooks.bring([json.dumps(body).encode()])

    stage.tick()

    assert reasons(webhooks) == [("message:new", "parked", "TimelinesAI knows no chat 99")]


def test_parked_event_has_the_chat_list_walked_so_that_nothing_depends_on_it(webhooks, stage):
    stage.receive("detrás de lo ilegible")
    webhooks.sent()
    webhooks.bring([b"{broken"])

    stage.tick()

    assert asked(stage) == {"GET chats": 1, "GET chats/ID/messages": 1}
    assert len(stage.notes()) == 1


def test_message_from_before_the_start_is_not_stored(webhooks, stage):
    webhooks.receive(at=stage.now().replace(year=2020), late=True)

    assert stage.tick()["messages"]["seen"] == 0
    assert reasons(webhooks)[-1][1:] == ("done", "before_start")


def test_file_of_a_webhook_is_uploaded_by_its_own_link(webhooks, stage):
    webhooks.receive(None, attachment={"filename": "a.pdf", "size": 9, "mimetype": "application/pdf"})

    stage.tick()

    assert not [path for path in asked(stage) if "messages" in path]
    assert [file["File_Name"] for file in stage.zoho.state()["attachments"]] == ["a.pdf"]


def test_reaction_is_added_to_the_note(webhooks, stage):
    uid = webhooks.receive("mira")
    stage.tick()
    chat = stage.timelines.state()["chats"][0]
    reaction = {
        "message_uid": uid,
        "action": "set",
        "emoji": "👍",
        "timestamp": "2026-11-22 10:00:00 +0000",
        "reactions": {"👍": 1},
    }
    webhooks.bring(
        [json.dumps({"event_type": "message:reaction", "chat": {"chat_id": chat["id"]}, "reaction": reaction}).encode()]
    )

    stage.tick()

    assert "👍" in stage.notes()[0]["Note_Content"]


def test_number_that_was_disconnected_is_noticed_at_once(webhooks, stage):
    stage.timelines.disconnect_account(NUMBER)
    webhooks.bring()

    stage.tick()

    assert asked(stage) == {"GET whatsapp_accounts": 1}
    stage.timelines.reconnect_account(NUMBER)
    stage.timelines.disconnect_account(NUMBER)
    webhooks.bring(webhooks.sent()[1:])
    stage.tick()
    assert asked(stage) == {"GET whatsapp_accounts": 2}, "the same words once more are news once more"


def test_group_is_skipped_without_a_note(webhooks, stage):
    stage.timelines.receive_message("hola a todos", jid="120363041234567890@g.us", name="Equipo")
    webhooks.bring()

    assert stage.tick()["messages"]["skipped"] == 1
    assert stage.notes() == []


def test_waba_events_are_left_aside(webhooks, stage):
    webhooks.bring(
        [json.dumps({"event_type": "waba:message:received", "message": {"message_uid": "x"}, "chat": {"id": 7}}).encode()]
    )

    assert stage.tick()["messages"]["seen"] == 0
    assert reasons(webhooks) == [("waba:message:received", "done", "not_synced")]


def test_many_unknown_chats_are_asked_for_a_few_at_a_time(webhooks, stage):
    for number in range(60):
        stage.receive(phone=f"+57300{number:07}")
    webhooks.bring([body for body in webhooks.sent() if b'"message:new"' in body])

    stage.tick()
    first = asked(stage)["GET chats/ID"]
    stage.tick()

    assert (first, len(stage.notes())) == (40, 60)


def test_outage_leaves_the_event_in_the_inbox(webhooks, stage):
    stage.receive()
    webhooks.bring([body for body in webhooks.sent() if b'"message:new"' in body])
    stage.timelines.faults.failures = [_failure(404, "html")]

    assert stage.tick()["messages"]["seen"] == 0
    assert webhooks.items()[0].state == "waiting"
    stage.timelines.faults.failures = []
    assert stage.tick()["messages"]["synced"] == 1


def _failure(status, body):
    return Failure(path="/chats/", status=status, body=body, times=100)


def test_erased_persons_words_are_not_kept_in_the_inbox(webhooks, stage):
    webhooks.receive("secreto")
    stage.tick()
    with stage.ledger.transaction() as session:
        found = erasures.traces(session, "main", ANA)
        erasures.erase(
            session,
            "main",
            found,
            phone_hash=erasures.hash_of(stage.ledger.cipher, ANA),
            zoho_notes="kept",
            actor="x",
            now=stage.now(),
        )
    webhooks.receive("otro secreto")

    stage.tick()

    assert "secreto" not in str([item.body for item in webhooks.items() if item.chat_id])


def test_reaction_does_not_bring_an_erased_person_back(webhooks, stage):
    uid = webhooks.receive("secreto")
    stage.tick()
    chat_id = stage.message(uid).chat_id
    phone_hash = erasures.hash_of(stage.ledger.cipher, ANA)
    with stage.ledger.transaction() as session:
        found = erasures.traces(session, "main", ANA)
        erasures.erase(session, "main", found, phone_hash=phone_hash, zoho_notes="kept", actor="x", now=stage.now())
    reaction = {"message_uid": uid, "action": "set", "emoji": "👍", "reactions": {"👍": 1}}
    event = {"event_type": "message:reaction", "chat": {"chat_id": chat_id}, "reaction": reaction}
    webhooks.bring([json.dumps(event).encode()])

    stage.tick()

    assert stage.message(uid).reactions == {}
    assert reasons(webhooks)[-1] == ("message:reaction", "done", "message_unknown")
