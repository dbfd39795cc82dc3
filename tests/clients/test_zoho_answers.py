"""Which error each answer of Zoho CRM means, and whether a write was done."""

import json
from datetime import UTC, datetime

import pytest

from chatledger.clients.answers import Answer, Asked
from chatledger.clients.zoho.answers import read_answer, rows_of
from chatledger.errors import (
    LoginRefused,
    NotFound,
    NotPermitted,
    OutsideError,
    RateLimited,
    Rejected,
    SchemaDrift,
    TokenExpired,
    Unavailable,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HTML = "<html>Zoho</html>"


def envelope(code, details=None, message="quoting +573001112222"):
    return {"code": code, "details": details or {}, "message": message, "status": "error"}


def read(status, body, *, write=False, headers=None):
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    asked = Asked("Zoho CRM", "the creation of 2 notes", write)
    return read_answer(Answer(status, headers or {}, content), asked, host="www.zohoapis.eu", now=NOON)


@pytest.mark.parametrize("status", [204, 304])
def test_no_rows_and_no_changes_are_no_error(status):
    assert read(status, "") is None


@pytest.mark.parametrize("status", [200, 201, 202, 207, 400, 403, 404, 412])
def test_rows_speak_for_themselves_whatever_the_status(status):
    body = {"data": [{"code": "INVALID_DATA", "status": "error"}]}

    assert read(status, body, write=True) == body


NOT_DONE = [
    (401, envelope("AUTHENTICATION_FAILURE"), TokenExpired),
    (401, envelope("INVALID_TOKEN"), TokenExpired),
    (401, envelope("INVALID_OAUTHTOKEN"), TokenExpired),
    (401, envelope("OAUTH_SCOPE_MISMATCH"), NotPermitted),
    (401, "", LoginRefused),
    (401, HTML, LoginRefused),
    (401, {"data": [{"status": "success", "code": "SUCCESS"}]}, LoginRefused),
    (403, envelope("NO_PERMISSION", {"permissions": ["Crm_Implied_Api_Access"]}), NotPermitted),
    (403, envelope("INACTIVE_USER"), LoginRefused),
    (403, envelope("SOMETHING_NEW"), NotPermitted),
    (403, HTML, Unavailable),
    (429, envelope("TOO_MANY_REQUESTS"), RateLimited),
    (429, HTML, RateLimited),
    (429, "", RateLimited),
    (400, envelope("TOO_MANY_REQUESTS"), RateLimited),
    (400, envelope("INVALID_DATA", {"maximum_length": 100, "api_name": "data", "json_path": "$.data"}), Rejected),
    (400, envelope("INVALID_DATA", {"resource_path_index": 1}), NotFound),
    (404, envelope("INVALID_URL_PATTERN"), NotFound),
    (400, envelope("INVALID_MODULE", {"resource_path_index": 0}), NotFound),
    (412, envelope("ALREADY_MODIFIED"), Rejected),
    (200, envelope("INVALID_DATA"), Rejected),
    (400, envelope("INVALID_HOST"), LoginRefused),
]
UNKNOWN = [
    (200, HTML),
    (200, ""),
    (200, '{"data": [{"code": "SUC'),
    (200, "[]"),
    (204, ""),
    (304, ""),
    (302, ""),
    (400, HTML),
    (404, HTML),
    (408, envelope("REQUEST_TIMEOUT")),
    (400, envelope("INTERNAL_ERROR")),
    (400, {"message": "no code"}),
    (500, envelope("INTERNAL_ERROR")),
    (500, {"data": [{"code": "SUCCESS", "status": "success", "details": {"id": "1"}}]}),
    (502, HTML),
    (503, ""),
    (504, "upstream"),
]


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize(("status", "body", "kind"), NOT_DONE)
def test_what_zoho_refused_was_not_done(status, body, kind, write):
    with pytest.raises(OutsideError) as caught:
        read(status, body, write=write)

    assert type(caught.value) is kind
    assert caught.value.outcome_unknown is False


@pytest.mark.parametrize(("status", "body"), UNKNOWN)
def test_everything_else_leaves_a_write_unknown(status, body):
    with pytest.raises(Unavailable) as caught:
        read(status, body, write=True)

    assert caught.value.outcome_unknown is True


@pytest.mark.parametrize(("status", "body"), [case for case in UNKNOWN if case[0] not in (204, 304)])
def test_nothing_is_unknown_about_a_read(status, body):
    with pytest.raises(Unavailable) as caught:
        read(status, body)

    assert caught.value.outcome_unknown is False


def test_a_flat_refusal_keeps_what_describes_it_and_nothing_that_quotes():
    details = {"api_name": "Mobile", "json_path": "$.data[3].Mobile", "maximum_length": 30, "value": "+573001112222"}
    with pytest.raises(Rejected) as caught:
        read(400, envelope("INVALID_DATA", details, "invalid data"), write=True)

    expected = {
        "api_name": "Mobile",
        "json_path": "$.data[3].Mobile",
        "maximum_length": 30,
        "message": "invalid data",
        "row": 3,
    }
    assert caught.value.details == expected
    assert caught.value.code == "INVALID_DATA"
    assert "Mobile" in str(caught.value)


@pytest.mark.parametrize(("status", "body"), [(status, body) for status, body, _ in NOT_DONE] + UNKNOWN)
def test_every_text_names_the_question_and_quotes_nothing(status, body):
    with pytest.raises(OutsideError) as caught:
        read(status, body, write=True)

    text = str(caught.value)
    assert "573001112222" not in text
    assert "the creation of 2 notes" in text or caught.value.code == "INVALID_HOST"
    assert text.endswith(".")


def test_a_bare_401_names_the_host_and_the_setting():
    with pytest.raises(LoginRefused, match=r"www\.zohoapis\.eu.*ZOHO_API_URL"):
        read(401, "")


def test_a_missing_right_is_named():
    with pytest.raises(NotPermitted, match="Crm_Implied_Api_Access"):
        read(403, envelope("NO_PERMISSION", {"permissions": ["Crm_Implied_Api_Access"]}))


def test_retry_after_is_kept_where_zoho_sends_one():
    with pytest.raises(RateLimited) as caught:
        read(429, "", headers={"retry-after": "9"})

    assert caught.value.retry_after == 9.0


def test_a_missing_list_is_drift_and_no_body_is_no_rows():
    asked = Asked("Zoho CRM", "x")

    assert rows_of(None, "data", asked) == []
    with pytest.raises(SchemaDrift):
        rows_of({"data": None}, "data", asked)
