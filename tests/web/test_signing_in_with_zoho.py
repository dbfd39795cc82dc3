"""Signing in with the Zoho account of somebody who was invited."""

import pytest

from tests.stage import LAURA
from tests.web.consents import agree, begin, connect


@pytest.fixture
def admin(website):
    return website.visitor("admin")


def sign_in_with_zoho(website, user=LAURA):
    visitor = website.visitor()
    address, asked = begin(visitor, "/sign-in/zoho", next="/connect?x=1")
    return visitor, visitor.get(agree(address, user)), asked


def test_a_known_person_signs_in_with_zoho(website, admin, stage):
    connect(admin)
    website.invite("viewer", "laura@example.com")
    grants = set(stage.zoho.accounts.tokens.grants)
    visitor, answer, asked = sign_in_with_zoho(website)

    assert answer.headers["Location"] == "/connect?x=1"
    assert visitor.get("/connect").status_code == 200
    assert "offline" not in asked.values()
    live = [access for grant in stage.zoho.accounts.tokens.grants.values() if grant.user == LAURA for access in grant.live]
    assert (live, len(stage.zoho.accounts.tokens.grants) - len(grants)) == ([], 1)


def test_an_unknown_zoho_user_does_not_get_in(website, admin):
    connect(admin)
    visitor, answer, _ = sign_in_with_zoho(website)

    assert answer.headers["Location"] == "/sign-in?problem=stranger"
    assert visitor.get("/connect").status_code == 303


def test_the_same_address_in_another_organisation_does_not_get_in(website, admin, stage):
    connect(admin)
    website.invite("admin", "laura@example.com")
    stage.zoho.crm.organisation["zgid"] = "999"
    _, answer, _ = sign_in_with_zoho(website)

    assert answer.headers["Location"] == "/sign-in?problem=another_organisation"


def test_an_address_that_another_zoho_user_took_over_does_not_get_in(website, admin, stage):
    connect(admin)
    website.invite("viewer", "laura@example.com")
    sign_in_with_zoho(website)
    taken_over = stage.zoho.add_user("laura@example.com", "Not Laura")
    _, answer, _ = sign_in_with_zoho(website, taken_over)

    assert answer.headers["Location"] == "/sign-in?problem=stranger"


def test_zoho_is_not_offered_before_an_organisation_is_connected(website):
    assert "Sign in with Zoho" not in website.visitor().get("/sign-in").text


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil"]
)
def test_signing_in_leads_only_to_our_own_pages(website, admin, target):
    connect(admin)
    website.invite("viewer", "laura@example.com")
    visitor = website.visitor()
    address, _ = begin(visitor, "/sign-in/zoho", next=target)

    assert visitor.get(agree(address, LAURA)).headers["Location"] == "/"
