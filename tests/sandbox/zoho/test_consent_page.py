"""The consent page in a browser: a person decides, as any active user."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sandbox.zoho.test_oauth import CALLBACK, exchange

ASKED = {
    "client_id": "1000.CLIENT", "response_type": "code", "access_type": "offline", "redirect_uri": CALLBACK, "state": "x&y",
    "scope": "ZohoCRM.org.READ,ZohoCRM.users.READ", "prompt": "consent",
}  # fmt: skip


def decided(zoho, **form):
    answer = zoho.http.post("/oauth/v2/auth", data={**ASKED, **form})
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def test_a_browser_is_asked_and_sees_what_for(zoho):
    page = zoho.http.get("/oauth/v2/auth", params=ASKED, headers={"Accept": "text/html"})

    assert page.status_code == 200
    assert "ZohoCRM.users.READ" in page.text
    assert 'value="x&amp;y"' in page.text


def test_whoever_agrees_is_the_user_of_the_token(zoho):
    other = zoho.stand_in.add_user("other@example.com", "Other User")
    token = exchange(zoho, decided(zoho, user=other, decision="accept")["code"])["access_token"]
    answer = zoho.http.get(
        "/crm/v8/users", params={"type": "CurrentUser"}, headers={"Authorization": f"Zoho-oauthtoken {token}"}
    )

    assert answer.json()["users"][0]["full_name"] == "Other User"


@pytest.mark.parametrize("form", [{"user": "1", "decision": "refuse"}, {"user": "nobody", "decision": "accept"}, {}])
def test_everything_but_a_yes_is_a_no(zoho, form):
    assert decided(zoho, **form) == {"error": "access_denied", "state": "x&y"}
