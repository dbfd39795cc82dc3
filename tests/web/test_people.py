"""Who may use the pages: an admin invites, changes roles and removes."""

import pytest
from sqlmodel import select

from blocks.environment import WebSettings
from chatledger.ledger import people, stored_connections
from chatledger.ledger.tables import AuditEntry
from deployments.environment_owner import environment_zgid
from tests.stage import LAURA, ORGANISATION
from tests.web.consents import connect


@pytest.fixture
def admin(website):
    return website.visitor("admin")


def stored(website, system="zoho", person_id=""):
    return stored_connections.get(website.parts.ledger, ORGANISATION, system, person_id)


def person_id(website, email):
    with website.parts.ledger.reading() as session:
        return people.find_by_email(session, ORGANISATION, email).id


def test_a_removed_person_loses_sessions_and_tokens(website, admin, stage):
    connect(admin)
    seller = website.visitor("seller")
    connect(seller, "/connect/me", user=LAURA)
    who = person_id(website, "seller@example.com")
    token = stored(website, person_id=who).credentials["refresh_token"]
    admin.submit("/connect/people/remove", {"person": who})

    assert seller.get("/connect").status_code == 303
    assert token not in stage.zoho.accounts.tokens.grants
    assert stored(website, person_id=who) is None


def test_the_last_admin_stays(website, admin):
    who = person_id(website, "admin@example.com")

    assert admin.submit("/connect/people/remove", {"person": who}).status_code == 400
    assert admin.submit("/connect/people/role", {"person": who, "role": "viewer"}).status_code == 400
    assert admin.submit("/connect/people/invite", {"email": "admin@example.com", "role": "viewer"}).status_code == 400
    assert admin.get("/connect/people").status_code == 200


def test_a_changed_role_counts_at_once(website, admin):
    viewer = website.visitor("viewer")
    admin.submit("/connect/people/role", {"person": person_id(website, "viewer@example.com"), "role": "admin"})

    assert viewer.get("/connect/people").status_code == 200


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b", "a b@example.com", "<x@example.com>", "x@example.com\nBcc: y@z.de", "a" * 250 + "@b.co"]
)
def test_what_is_no_address_is_not_invited(admin, email):
    assert admin.submit("/connect/people/invite", {"email": email, "role": "viewer"}).status_code == 400


def test_with_the_environment_s_credentials_people_connect_before_anything_is_activated(serve_pages, stage):
    settings = WebSettings(
        zoho_accounts_url=stage.zoho_url, zoho_client_id="1000.A", zoho_client_secret="secret", zoho_refresh_token="1000.r"
    )
    website = serve_pages(from_environment=frozenset({"zoho"}), environment_zgid=environment_zgid(settings))
    seller = website.visitor("seller")

    assert "Connect my Zoho" in seller.get("/connect").text
    assert connect(seller, "/connect/me", user=LAURA).headers["Location"] == "/connect?done=personal"
    stage.zoho.crm.organisation["zgid"] = "999"
    assert connect(seller, "/connect/me", user=LAURA).headers["Location"] == "/connect?problem=another_organisation"


def test_what_an_admin_does_is_written_down_without_addresses_of_others(website, admin):
    connect(admin)
    admin.submit("/connect/people/invite", {"email": "new@example.com", "role": "viewer"})
    who = person_id(website, "new@example.com")
    admin.submit("/connect/people/role", {"person": who, "role": "operator"})
    admin.submit("/connect/people/remove", {"person": who})
    admin.submit("/connect/zoho/disconnect")
    with website.parts.ledger.reading() as session:
        entries = session.exec(select(AuditEntry).order_by(AuditEntry.id)).all()

    assert [entry.act for entry in entries] == ["connected", "invited", "changed_role", "removed", "disconnected"]
    assert {entry.actor for entry in entries} == {"admin@example.com"}
    assert "new@example.com" not in str([entry.model_dump() for entry in entries])
