import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sandbox.zoho.conftest import ADMIN

CALLBACK = "http://127.0.0.1:1/callback"


def consent(zoho, **asked):
    params = {
        "client_id": "1000.CLIENT", "response_type": "code", "access_type": "offline", "redirect_uri": CALLBACK,
        "state": "xyz", "scope": "ZohoCRM.org.READ,ZohoCRM.users.READ", "prompt": "consent", **asked,
    }  # fmt: skip
    answer = zoho.http.get("/oauth/v2/auth", params=params)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def exchange(zoho, code, **more):
    return zoho.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK, **more).json()


def test_a_refresh_gives_a_token_for_an_hour_and_no_new_refresh_token(zoho):
    answer = zoho.token().json()

    assert answer["expires_in"] == 3600
    assert answer["api_domain"] == zoho.base
    assert "refresh_token" not in answer
    assert "ZohoSearch.securesearch.READ" in answer["scope"].split()


def test_consent_leads_back_with_code_location_and_accounts_server(zoho):
    back = consent(zoho)

    assert back.keys() == {"state", "code", "location", "accounts-server"}
    assert (back["state"], back["accounts-server"]) == ("xyz", zoho.base)


def test_a_code_becomes_a_refresh_token_once_only(zoho):
    code = consent(zoho)["code"]
    first, second = exchange(zoho, code), exchange(zoho, code)

    assert first["refresh_token"].startswith("1000.")
    assert first["scope"].split() == ["ZohoCRM.org.READ", "ZohoCRM.users.READ"]
    assert second == {"error": "invalid_code"}


def test_a_code_lives_three_minutes(zoho):
    code = consent(zoho)["code"]
    zoho.pass_time(181)

    assert exchange(zoho, code) == {"error": "invalid_code"}


def test_who_consented_before_gets_no_refresh_token_without_prompt(zoho):
    answer = exchange(zoho, consent(zoho, prompt="")["code"])

    assert "access_token" in answer
    assert "refresh_token" not in answer


def test_a_person_may_refuse(zoho):
    zoho.faults.consent_refused = True

    assert consent(zoho) == {"error": "access_denied", "state": "xyz"}


@pytest.mark.parametrize(("verifier", "accepted"), [("a" * 43, True), ("b" * 43, False)])
def test_pkce_is_checked_where_it_was_begun(zoho, verifier, accepted):
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"a" * 43).digest()).rstrip(b"=").decode()
    code = consent(zoho, code_challenge=challenge, code_challenge_method="S256")["code"]

    assert ("access_token" in exchange(zoho, code, code_verifier=verifier)) == accepted


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"client_id": "1000.OTHER"}, "invalid_client"),
        ({"client_secret": "wrong"}, "invalid_client_secret"),
        ({"refresh_token": "1000.unknown"}, "invalid_code"),
        ({"grant_type": "password"}, "invalid_grant"),
    ],
)
def test_errors_come_with_status_200(zoho, given, error):
    answer = zoho.token(**given)

    assert (answer.status_code, answer.json()) == (200, {"error": error})


def test_an_eleventh_token_in_ten_minutes_is_refused_and_asking_on_prolongs_it(zoho):
    for _ in range(9):  # the fixture asked for the first one
        assert zoho.token().status_code == 200
    refused = zoho.token()
    zoho.pass_time(599)
    again = zoho.token()
    zoho.pass_time(601)

    assert (refused.status_code, refused.json()["error"]) == (400, "Access Denied")
    assert again.status_code == 400
    assert zoho.token().status_code == 200


def test_the_sixteenth_token_ends_the_oldest(zoho):
    zoho.faults.new_access_tokens = 100
    for _ in range(14):
        zoho.token()
    before = zoho.get("/org").status_code
    zoho.token()

    assert (before, zoho.get("/org").status_code) == (200, 401)


def test_a_token_ends_after_an_hour_of_the_clock(zoho):
    zoho.pass_time(3601)
    answer = zoho.get("/org")

    assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_TOKEN")


def test_a_revoked_refresh_token_takes_its_access_tokens_along(zoho):
    revoked = zoho.http.post("/oauth/v2/token/revoke", params={"token": "1000.refresh.token"})

    assert revoked.json() == {"status": "success"}
    assert zoho.get("/org").json()["code"] == "INVALID_TOKEN"
    assert zoho.token().json() == {"error": "invalid_code"}


def test_without_a_proper_header_login_fails(zoho):
    answer = zoho.call("GET", "/org", headers={"Authorization": "Bearer x"})

    assert (answer.status_code, answer.json()["code"]) == (401, "AUTHENTICATION_FAILURE")


@pytest.mark.parametrize(
    ("scopes", "path", "status"),
    [
        (["ZohoCRM.modules.leads.READ"], "/Leads?fields=id", 204),
        (["ZohoCRM.modules.contacts.ALL"], "/Leads?fields=id", 401),
        (["ZohoCRM.modules.ALL"], "/Leads/search?phone=573001234567", 401),
        (["ZohoCRM.modules.ALL", "ZohoSearch.securesearch.READ"], "/Leads/search?phone=573001234567", 204),
        (["ZohoCRM.modules.custom.READ"], "/WhatsApp_Clients?fields=id", 204),
        (["ZohoCRM.modules.leads.WRITE"], "/Leads?fields=id", 401),
        (["ZohoCRM.settings.ALL"], "/settings/fields?module=Leads", 200),
        (["ZohoCRM.settings.modules.READ"], "/settings/fields?module=Leads", 401),
    ],
)
def test_every_endpoint_demands_its_scopes(zoho, scopes, path, status):
    zoho.faults.scopes_granted = scopes
    answer = zoho.call("GET", path)

    assert answer.status_code == status
    assert status != 401 or answer.json()["code"] == "OAUTH_SCOPE_MISMATCH"


def test_coql_demands_the_scope_of_its_module_too(zoho):
    zoho.faults.scopes_granted = ["ZohoCRM.coql.READ", "ZohoCRM.modules.contacts.READ"]

    assert zoho.coql("select id from Leads where id is not null").json()["code"] == "OAUTH_SCOPE_MISMATCH"


def test_notes_of_a_record_demand_both_scopes(zoho):
    lead_id = zoho.add_lead()
    zoho.faults.scopes_granted = ["ZohoCRM.modules.leads.ALL"]

    assert zoho.get(f"/Leads/{lead_id}/Notes", fields="id").json()["code"] == "OAUTH_SCOPE_MISMATCH"


def test_a_missing_right_is_403_with_its_name(zoho):
    zoho.faults.denied = ["Leads.create"]
    answer = zoho.post("/Leads", {"Last_Name": "Pérez"})

    assert (answer.status_code, answer.json()["code"]) == (403, "NO_PERMISSION")
    assert zoho.get("/Leads", fields="id").status_code == 204


def test_a_deactivated_user_cannot_call(zoho):
    zoho.stand_in.deactivate_user(ADMIN)
    answer = zoho.get("/org")

    assert (answer.status_code, answer.json()["code"]) == (403, "INACTIVE_USER")


def test_another_host_answers_a_bare_401(zoho):
    zoho.faults.api_host = "www.zohoapis.test"
    answer = zoho.get("/org")

    assert (answer.status_code, answer.content) == (401, b"")


def test_a_console_code_needs_no_redirect_address(zoho):
    code = zoho.control("console_code", scope="ZohoCRM.org.READ")["result"]
    answer = zoho.token(grant_type="authorization_code", code=code).json()

    assert "refresh_token" in answer


def test_the_token_answer_can_name_another_host(zoho):
    zoho.faults.api_domain = "https://www.zohoapis.test"

    assert zoho.token().json()["api_domain"] == "https://www.zohoapis.test"
