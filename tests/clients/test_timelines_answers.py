"""Which error or payload each answer of TimelinesAI means."""

import json
from datetime import UTC, datetime

import pytest

from chatledger.clients.answers import Answer, Asked
from chatledger.clients.timelines.answers import read_answer, rows_of
from chatledger.errors import (
    LoginRefused,
    NotFound,
    NotPermitted,
    OutsideError,
    RateLimited,
    Rejected,
    SchemaDrift,
    Unavailable,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ASKED = Asked("TimelinesAI", "chat 5")
HTML = "<!DOCTYPE html><html><body>Not here</body></html>"


def error(code=None, message="said to +573001112222"):
    return {"status": "error", "message": message, **({"error_code": code} if code else {})}


def read(status, body, *, headers=None, accepted_before=False):
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return read_answer(Answer(status, headers or {}, content), ASKED, accepted_before=accepted_before, now=NOON)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"status": "ok", "data": {"id": 5}}, {"id": 5}),
        ({"data": [1]}, [1]),
        ({"id": 5, "name": "V"}, {"id": 5, "name": "V"}),
        (
            {"uid": "u", "status": "Sent", "data": {"whatsapp_from_me": True}},
            {"uid": "u", "status": "Sent", "data": {"whatsapp_from_me": True}},
        ),
        ({"uid": "u", "status": "error"}, {"uid": "u", "status": "error"}),
        ([{"id": 5}], [{"id": 5}]),
    ],
)
def test_a_payload_is_read_with_and_without_wrapper(body, expected):
    assert read(200, body) == expected


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, "Unauthorized", LoginRefused),
        (401, error("invalid_token"), LoginRefused),
        (401, error("missing_credentials"), LoginRefused),
        (401, {"status": "error", "message": "Not authenticated"}, LoginRefused),
        (403, error("plan_feature_unavailable"), NotPermitted),
        (403, error("insufficient_scope"), NotPermitted),
        (403, error("quota_exceeded"), NotPermitted),
        (429, error("quota_exceeded"), NotPermitted),
        (403, HTML, NotPermitted),
        (429, {"error": "Too Many Requests", "message": "Rate limit exceeded."}, RateLimited),
        (429, error("rate_limit_exceeded"), RateLimited),
        (429, HTML, RateLimited),
        (429, "", RateLimited),
        (404, error("not_found"), NotFound),
        (404, error(message='Whatsapp chat_id "5" not found'), NotFound),
        (200, error(message='Message uid "x" not found'), NotFound),
        (200, error("not_found"), NotFound),
        (200, error("rate_limit_exceeded"), RateLimited),
        (200, error("invalid_token"), LoginRefused),
        (400, error("validation_error"), Rejected),
        (400, error(), Rejected),
        (405, error("not_supported"), Rejected),
        (413, error(), Rejected),
        (422, error(), Rejected),
        (404, HTML, Unavailable),
        (200, HTML, Unavailable),
        (200, "OK", Unavailable),
        (200, "", Unavailable),
        (200, error(), Unavailable),
        (200, {"error": "oops"}, Unavailable),
        (200, '{"status": "ok", "data": {"chats": [', Unavailable),
        (200, "42", Unavailable),
        (204, "", Unavailable),
        (302, "", Unavailable),
        (304, "", Unavailable),
        (500, error("internal_error"), Unavailable),
        (502, HTML, Unavailable),
        (503, "", Unavailable),
        (520, "edge", Unavailable),
    ],
)
def test_each_refusal_becomes_the_error_of_its_remedy(status, body, kind):
    with pytest.raises(kind) as caught:
        read(status, body)

    assert type(caught.value) is kind
    assert caught.value.system == "TimelinesAI"
    assert caught.value.status == status
    assert caught.value.outcome_unknown is False


@pytest.mark.parametrize("body", [HTML, "Forbidden", "", error(message="Access denied")])
def test_a_bare_403_after_a_success_is_throttling(body):
    with pytest.raises(RateLimited):
        read(403, body, accepted_before=True)


def test_a_403_with_a_reason_after_a_success_is_not_throttling():
    with pytest.raises(NotPermitted):
        read(403, error("permission_denied"), accepted_before=True)


def test_retry_after_of_the_edge_is_kept():
    with pytest.raises(RateLimited) as caught:
        read(429, HTML, headers={"retry-after": "12"})

    assert caught.value.retry_after == 12.0


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500])
def test_no_error_text_repeats_what_the_vendor_wrote(status):
    body = {**error("x +573001112222 secret words"), "errors": [{"fields": ["text"], "msg": "secret words"}]}
    with pytest.raises(OutsideError) as caught:
        read(status, body)

    assert "573001112222" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "chat 5" in str(caught.value)


def test_the_fields_of_a_validation_error_are_kept():
    body = {**error("validation_error"), "errors": [{"fields": ["a", 0], "msg": "bad"}, "odd"]}
    with pytest.raises(Rejected) as caught:
        read(400, body)

    assert caught.value.details == {"fields": ["a.0"]}
    assert caught.value.code == "validation_error"


def test_a_list_is_found_with_and_without_its_name_and_never_assumed_empty():
    assert rows_of({"chats": [1]}, "chats", ASKED) == [1]
    assert rows_of([1], "chats", ASKED) == [1]
    for payload in ({}, {"chats": None}, {"chats": {}}, None, "x"):
        with pytest.raises(SchemaDrift):
            rows_of(payload, "chats", ASKED)
