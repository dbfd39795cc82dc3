"""Connecting an organisation and people to Zoho, and the organisation to TimelinesAI, in the pages."""

from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from chatledger.ledger import people, stored_connections
from chatledger.ledger.tables import Organisation
from chatledger.web.sessions import PURPOSE
from chatledger.web.signing import sign
from tests.browser import PHONE
from tests.stage import LAURA, ORGANISATION
from tests.web.consents import agree, begin, connect


@pytest.fixture
def admin(website):
    return website.visitor("admin")


def stored(website, system="zoho", person_id=""):
    return stored_connections.get(website.parts.ledger, ORGANISATION, system, person_id)


def person_id(website, email):
    with website.parts.ledger.reading() as session:
        return people.find_by_email(session, ORGANISATION, email).id


def test_an_admin_connects_the_organisation(website, admin, stage):
    answer = connect(admin)

    assert answer.headers["Location"] == "/connect?done=organisation"
    facts = stored(website).facts
    assert (facts["zgid"], facts["user_name"], facts["sees_everything"]) == ("700100", "Ada Admin", True)
    assert stored(website).credentials["refresh_token"] in stage.zoho.accounts.tokens.grants
    page = admin.get("/connect?done=organisation").text
    assert "Ada Admin" in page
    assert "All that are needed" in page


def test_a_consent_asks_for_what_is_needed_by_state_and_pkce(website, admin):
    _, asked = begin(admin)

    assert (asked["access_type"], asked["prompt"], asked["code_challenge_method"]) == ("offline", "consent", "S256")
    assert len(asked["state"]) >= 43
    assert "ZohoCRM.modules.Leads.CREATE" in asked["scope"].split(",")
    assert "ZohoCRM.modules.ALL" not in asked["scope"]
    assert asked["redirect_uri"] == f"{website.base}/connect/zoho/callback"


def test_a_custom_module_is_asked_for_as_zoho_names_it(admin):
    _, asked = begin(admin, module="Socios")

    assert "ZohoCRM.modules.custom.CREATE" in asked["scope"].split(",")


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_consent_leads_back_to_the_name_the_browser_came_by(website, name):
    here = website.base.replace("127.0.0.1", name)
    visitor = website.visitor()
    visitor.base_url = here
    path = website.invite("admin")
    visitor.post("/invitation", data={"csrf_token": visitor.csrf(path), "invitation": path.rpartition("/")[2]})

    assert begin(visitor)[1]["redirect_uri"] == f"{here}/connect/zoho/callback"


def test_over_https_the_cookie_is_bound_and_consent_leads_to_the_public_address(serve_pages):
    website = serve_pages(public_url="https://ledger.example.com", public=True)
    visitor = website.visitor()
    set_cookie = visitor.get("/sign-in").headers["Set-Cookie"]
    with website.parts.ledger.transaction() as session:
        secret = people.start_session(session, people.add(session, ORGANISATION, "a@b.co", "admin", "test"), "test")
    visitor.headers["Cookie"] = f"__Host-chatledger={sign(website.parts.ledger, PURPOSE, secret)}"

    assert set_cookie.startswith("__Host-chatledger=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(set_cookie.split("; "))
    assert visitor.get("/connect").headers["Strict-Transport-Security"]
    assert begin(visitor)[1]["redirect_uri"] == "https://ledger.example.com/connect/zoho/callback"


@pytest.mark.parametrize("role", ["seller", "viewer", "operator"])
def test_only_an_admin_connects_the_organisation(website, role):
    visitor = website.visitor(role)

    for path in ("/connect/zoho", "/connect/timelines", "/connect/zoho/disconnect", "/connect/people/invite"):
        assert visitor.submit(path, {"token": "tl-token"}).status_code == 403
    assert visitor.get("/connect/people").status_code == 403


def test_an_answer_counts_only_once(admin):
    back = agree(begin(admin)[0])
    first, second = admin.get(back), admin.get(back)

    assert first.headers["Location"] == "/connect?done=organisation"
    assert second.headers["Location"] == "/connect?problem=expired"


def test_an_answer_counts_only_in_the_browser_that_began_it(website, admin):
    back = agree(begin(admin)[0])
    attacker = website.visitor("admin")

    assert attacker.get(back).headers["Location"] == "/connect?problem=expired"
    assert stored(website) is None


def test_an_answer_ends_after_ten_minutes(admin, stage):
    back = agree(begin(admin)[0])
    stage.advance(601)

    assert admin.get(back).headers["Location"] == "/connect?problem=expired"


def test_a_forged_state_connects_nothing(admin):
    back = agree(begin(admin)[0])
    forged = back.replace(parse_qs(urlsplit(back).query)["state"][0], "x" * 43)

    assert admin.get(forged).headers["Location"] == "/connect?problem=expired"


@pytest.mark.parametrize(
    "server",
    [
        "https://accounts.zoho.com.evil.example", "https://evil.example", "http://accounts.zoho.com", "//accounts.zoho.eu",
        "https://accounts.zoho.eu@evil.example", "https://accounts.zoho.eu:444", "https://accounts.zoho.eu/x", "javascript:1",
    ],
)  # fmt: skip
def test_a_code_is_never_sent_to_a_server_that_is_not_zoho_s(admin, stage, server):
    back = urlsplit(agree(begin(admin)[0]))
    query = {name: values[0] for name, values in parse_qs(back.query).items()} | {"accounts-server": server}
    stage.forget_calls()

    answer = admin.get(f"{back.path}?{urlencode(query)}")

    assert answer.headers["Location"] == "/connect?problem=foreign_server"
    assert stage.zoho_calls() == []


def test_a_person_who_says_no_is_told_so(admin, stage):
    stage.zoho.faults.consent_refused = True
    address, _ = begin(admin)
    back = httpx.get(address).headers["Location"]

    assert "The consent was not given" in admin.get(admin.get(back).headers["Location"]).text


def test_missing_rights_are_named_at_once(admin, stage):
    stage.zoho.faults.scopes_granted = ["ZohoCRM.users.READ", "ZohoCRM.org.READ", "ZohoCRM.modules.Leads.ALL"]
    connect(admin)
    page = admin.get("/connect").text

    assert "Incomplete" in page
    assert "<code>ZohoCRM.modules.Notes.CREATE</code>" in page
    assert "<code>ZohoCRM.modules.Leads.READ</code>" not in page


def test_without_the_right_to_be_asked_who_it_is_nothing_is_connected(admin, stage):
    stage.zoho.faults.scopes_granted = ["ZohoCRM.modules.ALL"]
    grants = len(stage.zoho.accounts.tokens.grants)

    assert connect(admin).headers["Location"] == "/connect?problem=scopes_missing"
    assert len(stage.zoho.accounts.tokens.grants) == grants


def test_a_user_who_may_not_see_every_record_is_warned_about(admin, stage):
    stage.zoho.edit_user(LAURA, {"profile": {"name": "Standard", "id": "1"}})
    connect(admin, user=LAURA)

    assert "does not have the Administrator profile" in admin.get("/connect").text


def test_a_user_of_another_organisation_is_refused_once_activated(website, admin, stage):
    stage.activate()
    stage.zoho.crm.organisation["zgid"] = "999"
    grants = len(stage.zoho.accounts.tokens.grants)

    assert connect(admin).headers["Location"] == "/connect?problem=another_organisation"
    assert stored(website) is None
    assert len(stage.zoho.accounts.tokens.grants) == grants


def test_connecting_again_revokes_the_tokens_before(website, admin, stage):
    connect(admin)
    before = stored(website).credentials["refresh_token"]
    connect(admin)

    assert before not in stage.zoho.accounts.tokens.grants
    assert stored(website).credentials["refresh_token"] in stage.zoho.accounts.tokens.grants


def test_disconnecting_revokes_at_zoho_and_forgets(website, admin, stage):
    connect(admin)
    token = stored(website).credentials["refresh_token"]
    answer = admin.submit("/connect/zoho/disconnect")

    assert answer.headers["Location"] == "/connect?done=gone"
    assert token not in stage.zoho.accounts.tokens.grants
    assert stored(website) is None


def test_an_unconfirmed_revocation_is_told(website, admin, stage):
    connect(admin)
    stage.zoho.faults.failures = [{"path": "revoke", "times": 5, "status": 502, "body": "html"}]

    assert admin.submit("/connect/zoho/disconnect").headers["Location"] == "/connect?problem=not_revoked"
    assert stored(website) is None


def test_a_client_can_be_entered_where_the_environment_names_none(serve_pages):
    website = serve_pages(zoho_app=None, zoho_accounts_url=None)
    admin = website.visitor("admin")
    refused = admin.submit("/connect/zoho")
    address, asked = begin(admin, location="eu", client_id="1000.MINE", client_secret="s3cret")

    assert refused.headers["Location"] == "/connect?problem=client_missing"
    assert address.startswith("https://accounts.zoho.eu/oauth/v2/auth?")
    assert asked["client_id"] == "1000.MINE"
    assert "s3cret" not in address


def test_a_token_of_timelines_is_checked_at_once(website, admin):
    wrong = admin.submit("/connect/timelines", {"token": "wrong"})
    right = admin.submit("/connect/timelines", {"token": "tl-token"})

    assert wrong.headers["Location"] == "/connect?problem=timelines_login_refused"
    assert right.headers["Location"] == "/connect?done=timelines"
    assert stored(website, "timelines").facts == {"workspace_id": "acme", "workspace": "Acme", "numbers": 2}


def test_a_token_of_another_workspace_is_refused_once_activated(admin, stage):
    stage.activate()
    stage.timelines.workspace.slug = "other"

    answer = admin.submit("/connect/timelines", {"token": "tl-token"})

    assert answer.headers["Location"] == "/connect?problem=timelines_another_workspace"


def test_a_login_that_another_organisation_uses_already_is_refused(admin, stage, website):
    with stage.ledger.transaction() as session:
        now, bound = stage.now(), {"zgid": "700100", "workspace_id": "acme"}
        session.add(
            Organisation(id="north", **bound, connected_user_id="1", credentials_hash="", starts_at=now, activated_at=now)
        )

    zoho = connect(admin)
    timelines = admin.submit("/connect/timelines", {"token": "tl-token"})

    assert zoho.headers["Location"] == "/connect?problem=synced_already"
    assert timelines.headers["Location"] == "/connect?problem=timelines_synced_already"
    assert (stored(website), stored(website, "timelines")) == (None, None)


def test_a_seller_connects_their_own_account(website, admin):
    connect(admin)
    seller = website.visitor("seller")
    answer = connect(seller, "/connect/me", user=LAURA)

    assert answer.headers["Location"] == "/connect?done=personal"
    own = stored(website, person_id=person_id(website, "seller@example.com"))
    assert (own.facts["user_name"], stored(website).facts["user_name"]) == ("Laura Gil", "Ada Admin")
    assert "Laura Gil" in seller.get("/connect").text


def test_a_personal_consent_asks_for_reading_only(website, admin):
    connect(admin)
    _, asked = begin(website.visitor("seller"), "/connect/me")

    assert {scope.rpartition(".")[2] for scope in asked["scope"].split(",")} == {"READ"}


def test_the_whole_way_in_a_real_browser(website, chromium_page):
    page = chromium_page
    website.sign_in(page, "admin")
    page.goto(f"{website.base}/connect")
    page.get_by_role("button", name="Connect the organisation").click()
    page.get_by_role("button", name="Accept").click()
    page.get_by_text("The organisation is connected to Zoho CRM.").wait_for()
    page.get_by_label("API token").fill("tl-token")
    page.get_by_role("button", name="Connect TimelinesAI").click()
    page.get_by_text("TimelinesAI is connected.").wait_for()
    page.get_by_role("button", name="Connect my Zoho").click()
    page.get_by_label("Signed in as").select_option(LAURA)
    page.get_by_role("button", name="Accept").click()
    page.get_by_text("Your Zoho account is connected.").wait_for()
    page.set_viewport_size(PHONE)

    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert {connection.system for connection in stored_connections.every(website.parts.ledger, ORGANISATION)} == {
        "zoho",
        "timelines",
    }


def test_a_refusal_in_a_real_browser(website, chromium_page):
    page = chromium_page
    website.sign_in(page, "admin")
    page.goto(f"{website.base}/connect")
    page.get_by_role("button", name="Connect the organisation").click()
    page.get_by_role("button", name="Reject").click()

    assert "The consent was not given" in page.get_by_role("alert").inner_text()
