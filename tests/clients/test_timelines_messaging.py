"""What the TimelinesAI client does in a chat: sent once, and honest about what it cannot know."""

import io
import json

import pytest
from starlette.responses import Response

from chatledger.errors import LoginRefused, NotPermitted, RateLimited, Rejected, SchemaDrift, Unavailable

pytestmark = pytest.mark.anyio

ACCEPTED = {"status": "ok", "data": {"message_uid": "u-1"}}
HTML = Response("<!DOCTYPE html><html></html>", media_type="text/html")


async def test_a_message_goes_into_its_chat(stub, timelines, count):
    stub.will_answer(ACCEPTED)

    uid = await timelines().send_to_chat(7, text="Hola\n¿qué tal? 🙂", file_uid="f-1", reply_to="u-0")

    (seen,) = stub.requests
    assert (uid, seen.method, seen.path) == ("u-1", "POST", "/integrations/api/chats/7/messages")
    assert json.loads(seen.body) == {"text": "Hola\n¿qué tal? 🙂", "file_uid": "f-1", "reply_to": "u-0"}
    assert seen.headers["content-type"] == "application/json"
    assert count.timelines == 1


async def test_what_is_empty_is_not_sent_along(stub, timelines):
    stub.will_answer(ACCEPTED)

    await timelines().send_to_chat(7, file_uid="f-1")

    assert json.loads(stub.requests[0].body) == {"file_uid": "f-1"}


async def test_a_first_message_names_both_numbers(stub, timelines):
    stub.will_answer(ACCEPTED)

    await timelines().send_to_phone("+573001112233", from_phone="+573105550100", text="Hola")

    assert stub.requests[0].path == "/integrations/api/messages"
    assert json.loads(stub.requests[0].body) == {
        "phone": "+573001112233", "whatsapp_account_phone": "+573105550100", "text": "Hola",
    }  # fmt: skip


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_send_the_server_failed_at_is_unknown_and_not_repeated(stub, timelines, status):
    stub.will_answer({"status": "error", "message": "oops"}, status=status)

    with pytest.raises(Unavailable) as caught:
        await timelines().send_to_chat(7, text="Hola")

    assert caught.value.outcome_unknown
    assert len(stub.requests) == 1


async def test_a_send_answered_by_a_web_page_is_unknown(stub, timelines):
    stub.will_answer(HTML)

    with pytest.raises(Unavailable) as caught:
        await timelines().send_to_chat(7, text="Hola")

    assert caught.value.outcome_unknown


async def test_a_send_accepted_without_a_uid_is_unknown(stub, timelines):
    stub.will_answer({"status": "ok", "data": {}})

    with pytest.raises(SchemaDrift) as caught:
        await timelines().send_to_chat(7, text="Hola")

    assert caught.value.outcome_unknown


async def test_a_send_that_never_left_is_not_unknown(timelines):
    with pytest.raises(Unavailable) as caught:
        await timelines(api_url="http://127.0.0.1:9/integrations/api").send_to_chat(7, text="Hola")

    assert not caught.value.outcome_unknown


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"status": "error", "message": "bad", "error_code": "validation_error"}, Rejected),
        (401, {"status": "error", "error_code": "invalid_token"}, LoginRefused),
        (403, {"status": "error", "error_code": "quota_exceeded"}, NotPermitted),
        (429, {"status": "error", "error_code": "rate_limit_exceeded"}, RateLimited),
        (429, {"error": "Too Many Requests"}, RateLimited),
        (200, {"status": "error", "message": "No connected WhatsApp account"}, Rejected),
    ],
)
async def test_a_refused_send_is_certainly_not_sent(stub, timelines, status, body, error):
    stub.will_answer(body, status=status)

    with pytest.raises(error) as caught:
        await timelines().send_to_chat(7, text="Hola")

    assert not caught.value.outcome_unknown
    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ('Wrong phone number "+57300"', "wrong_phone"),
        ("Invalid phone number format", "wrong_phone"),
        ("The WhatsApp account is not connected", "number_disconnected"),
        ("No connected WhatsApp account", "number_disconnected"),
        ("Something else", None),
    ],
)
async def test_the_reason_of_a_refusal_is_told_apart_without_quoting_it(stub, timelines, message, reason):
    stub.will_answer({"status": "error", "message": message, "error_code": "validation_error"}, status=400)

    with pytest.raises(Rejected) as caught:
        await timelines().send_to_phone("+57300", from_phone="+573105550100", text="Hola")

    assert caught.value.details.get("reason") == reason
    assert "+57300" not in str(caught.value)


async def test_a_file_leaves_as_a_form_with_name_and_type(stub, timelines):
    stub.will_answer({"status": "ok", "data": {"uid": "f-9", "filename": "catálogo.pdf"}})

    uid = await timelines().upload_file("catálogo.pdf", io.BytesIO(b"%PDF-1.4 hola"), "application/pdf")

    (seen,) = stub.requests
    assert (uid, seen.path) == ("f-9", "/integrations/api/files_upload")
    assert seen.headers["content-type"].startswith("multipart/form-data")
    assert b'name="file"' in seen.body
    assert b"application/pdf" in seen.body
    assert b"%PDF-1.4 hola" in seen.body


async def test_templates_are_read_and_unreadable_ones_left_out(stub, timelines):
    templates = [{"id": 5, "name": "Saludo", "text": "Hola {{name}}", "visibility": "public"}, {"name": "without id"}]
    stub.will_answer({"status": "ok", "data": {"templates_count": 2, "templates": templates}})

    [template] = await timelines().templates()

    assert (template.id, template.name, template.text) == (5, "Saludo", "Hola {{name}}")


async def test_a_status_history_comes_in_order(stub, timelines):
    history = [
        {"status": "Sent", "timestamp": "2026-04-12 12:28:40 +0000"},
        {"status": "Failed", "timestamp": "2026-04-12 12:28:41 +0000", "failure_reason": {"title": "No WhatsApp"}},
    ]
    stub.will_answer({"status": "ok", "data": history})

    changes = await timelines().status_history("u-1")

    assert [(change.status, change.failure) for change in changes] == [("Sent", ""), ("Failed", "No WhatsApp")]


async def test_a_reaction_is_set(stub, timelines):
    stub.will_answer(ACCEPTED)

    await timelines().react("u-1", "👍")

    (seen,) = stub.requests
    assert (seen.method, seen.path) == ("PATCH", "/integrations/api/messages/u-1/reactions")
    assert json.loads(seen.body) == {"reaction": "👍"}


async def test_chats_can_be_asked_for_by_number(stub, timelines, sample):
    stub.will_answer(sample("timelines/chats.json"))

    await timelines().chats(2, phone="+573001112233")

    assert stub.requests[0].query == {"page": "2", "phone": "+573001112233"}
