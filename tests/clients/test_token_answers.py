"""Answers of Zoho's accounts server."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from chatledger.clients.answers import Answer
from chatledger.clients.zoho.token_answers import read_token
from chatledger.errors import LoginRefused, RateLimited, Unavailable

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GOOD = {"access_token": "1000.a.b", "api_domain": "https://www.zohoapis.in/", "token_type": "Bearer", "expires_in": 3600}


def read(status, body, headers=None):
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return read_token(Answer(status, headers or {}, content), NOON)


@pytest.mark.parametrize("scope", ["ZohoCRM.modules.ALL ZohoCRM.org.READ", "ZohoCRM.modules.ALL,ZohoCRM.org.READ"])
def test_a_token_is_read_with_its_host_and_scopes(scope):
    token = read(200, {**GOOD, "scope": scope})

    assert (token.value, token.api_domain) == ("1000.a.b", "https://www.zohoapis.in")
    assert token.scopes == ("ZohoCRM.modules.ALL", "ZohoCRM.org.READ")


@pytest.mark.parametrize(
    ("life", "seconds"),
    [
        ({"expires_in": 3600}, 3600),
        ({"expires_in": "3600"}, 3600),
        ({"expires_in_sec": 3600, "expires_in": 3_600_000}, 3600),
        ({"expires_in": 3_600_000}, 3600),
        ({"expires_in": None}, 3600),
        ({"expires_in": 60}, 60),
    ],
)
def test_a_token_is_to_be_renewed_at_80_percent_of_its_life(life, seconds):
    body = {**GOOD, **life}

    assert read(200, body).expires_at == NOON + timedelta(seconds=seconds * 0.8)


def test_a_missing_or_odd_host_is_left_to_the_setting():
    assert read(200, {"access_token": "x"}).api_domain == ""
    assert read(200, {**GOOD, "api_domain": "ftp://x"}).api_domain == ""


@pytest.mark.parametrize("status", [200, 400, 401])
@pytest.mark.parametrize(
    ("error", "setting"),
    [
        ("invalid_code", "ZOHO_REFRESH_TOKEN"),
        ("invalid_client", "ZOHO_ACCOUNTS_URL"),
        ("invalid_client_secret", "ZOHO_CLIENT_SECRET"),
        ("invalid_grant", "ZOHO_REFRESH_TOKEN"),
        ("a new one", "ZOHO_CLIENT_ID"),
    ],
)
def test_a_refusal_names_the_setting_whatever_its_status(status, error, setting):
    with pytest.raises(LoginRefused, match=setting):
        read(status, {"error": error})


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    "body",
    [
        {"error_description": "You have made too many requests continuously.", "error": "Access Denied", "status": "failure"},
        {"error_description": "您发出的请求过多", "error": "Access Denied", "status": "failure"},
    ],
)
def test_the_throttle_of_the_accounts_server_means_ten_minutes(status, body):
    with pytest.raises(RateLimited) as caught:
        read(status, body)

    assert caught.value.retry_after == 600.0


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html>"),
        (200, ""),
        (200, {}),
        (500, "oops"),
        (503, {"error": "general_error"}),
        (404, "<html>"),
        (200, [1]),
        (200, {"access_token": ""}),
    ],
)
def test_no_token_and_no_reason_is_for_later(status, body):
    with pytest.raises(Unavailable):
        read(status, body)
