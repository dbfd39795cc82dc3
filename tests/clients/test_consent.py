"""Consent at Zoho: where browsers are sent, which servers are trusted, what a revocation says."""

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest

from chatledger.clients.zoho.asked_scopes import of_a_person, of_the_organisation
from chatledger.clients.zoho.consent import ZohoConsent, consent_address, new_verifier
from chatledger.clients.zoho.data_centres import ACCOUNTS_HOSTS, consent_origins, crm_origin, location_of, trusted_address
from chatledger.errors import LoginRefused, RateLimited, Unavailable


@pytest.mark.parametrize("host", ACCOUNTS_HOSTS.values())
def test_every_data_centre_is_trusted_as_it_is_and_no_other_way(host):
    assert trusted_address(f"https://{host}", None) == f"https://{host}"
    assert trusted_address(f"https://{host}/", None) == f"https://{host}"
    for spelled in (
        f"http://{host}",
        host,
        f"https://{host}:443",
        f"https://{host}/x",
        f"https://x.{host}",
        f"https://{host}.evil.example",
    ):
        assert trusted_address(spelled, None) is None


def test_the_configured_server_is_trusted_too():
    assert trusted_address("http://127.0.0.1:8000", "http://127.0.0.1:8000/") == "http://127.0.0.1:8000"
    assert trusted_address("http://127.0.0.1:8001", "http://127.0.0.1:8000") is None


@pytest.mark.parametrize(
    ("accounts", "crm"),
    [
        ("https://accounts.zoho.com", "https://crm.zoho.com"), ("https://accounts.zoho.com.au", "https://crm.zoho.com.au"),
        ("https://accounts.zohocloud.ca", "https://crm.zohocloud.ca"), ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)  # fmt: skip
def test_the_pages_of_the_crm_are_in_the_data_centre_of_the_accounts_server(accounts, crm):
    assert crm_origin(accounts) == crm
    assert accounts in consent_origins(accounts)


def test_a_server_of_nobody_has_no_location():
    assert location_of("https://accounts.zoho.eu") == "eu"
    assert location_of("https://evil.example") is None


def test_the_address_of_a_consent_holds_the_challenge_and_never_the_verifier():
    verifier = new_verifier()
    address = consent_address(
        "https://accounts.zoho.eu/", client_id="1000.A", redirect_uri="https://me.example/back?x=1&y=2",
        scopes=["ZohoCRM.org.READ", "ZohoCRM.users.READ"], state="s&t", verifier=verifier, lasting=True,
    )  # fmt: skip
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}

    assert 43 <= len(verifier) <= 128
    assert verifier not in address
    assert (
        query["code_challenge"] == base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    )
    assert (query["redirect_uri"], query["state"]) == ("https://me.example/back?x=1&y=2", "s&t")
    assert query["scope"] == "ZohoCRM.org.READ,ZohoCRM.users.READ"


def test_custom_modules_are_asked_for_together():
    scopes = of_the_organisation("Socios", {"Socios": "Phone", "Leads": "Mobile"})

    assert {"ZohoCRM.modules.custom.READ", "ZohoCRM.modules.custom.CREATE", "ZohoCRM.modules.Leads.READ"} <= set(scopes)
    assert not any("Socios" in scope for scope in [*scopes, *of_a_person(["Socios"])])


@pytest.fixture
def consent(stage):
    return ZohoConsent(accounts_url=stage.zoho_url, client_id="1000.A", client_secret="secret", timeout=5)


@pytest.mark.anyio
async def test_a_revoked_token_is_gone_and_a_second_revocation_says_so(stage, consent):
    await consent.revoke("1000.r")

    assert stage.zoho.accounts.tokens.grants == {}
    with pytest.raises(LoginRefused):
        await consent.revoke("1000.r")


@pytest.mark.anyio
@pytest.mark.parametrize("body", ["html", "empty", "cut"])
async def test_a_revocation_without_an_answer_is_not_one(stage, consent, body):
    stage.zoho.faults.failures = [{"path": "revoke", "times": 5, "status": 502, "body": body}]
    with pytest.raises(Unavailable) as caught:
        await consent.revoke("1000.canary")

    assert "canary" not in str(caught.value)


@pytest.mark.anyio
async def test_a_throttled_exchange_says_how_long_to_wait(stage, consent):
    stage.zoho.faults.new_access_tokens = 0
    with pytest.raises(RateLimited) as caught:
        await consent.exchange(stage.zoho.console_code("ZohoCRM.org.READ"), redirect_uri=None, verifier=None)

    assert caught.value.retry_after == 600


@pytest.mark.anyio
async def test_a_code_that_is_used_is_refused_by_zohos_own_code(stage, consent):
    code = stage.zoho.console_code("ZohoCRM.org.READ")
    await consent.exchange(code, redirect_uri=None, verifier=None)
    with pytest.raises(LoginRefused) as caught:
        await consent.exchange(code, redirect_uri=None, verifier=None)

    assert caught.value.code == "invalid_code"
