"""One token for everybody: cached, renewed one at a time, and never in a loop."""

import asyncio
from datetime import timedelta

import pytest

from chatledger.errors import LoginRefused, NotPermitted, RateLimited, Unavailable, UsageError
from chatledger.models import AccessToken

pytestmark = pytest.mark.anyio

ORG = {"org": [{"zgid": "1", "company_name": "Acme", "time_zone": "America/Bogota", "type": "production"}]}
THROTTLED = {
    "error_description": "You have made too many requests continuously.",
    "error": "Access Denied",
    "status": "failure",
}


def refusal(code):
    return {"code": code, "details": {}, "message": "no", "status": "error"}


async def test_one_token_serves_many_calls_and_many_clients(stub, zoho, count):
    stub.will_answer(ORG)
    first = zoho()

    await first.organisation()
    await first.organisation()
    await zoho().organisation()

    assert len(stub.token_requests) == 1
    assert (count.zoho, count.zoho_credits) == (4, 3)
    assert stub.requests[0].headers["authorization"] == "Zoho-oauthtoken 1000.a1.b"
    assert first.granted_scopes == ("ZohoCRM.modules.ALL", "ZohoCRM.org.READ")


async def test_secrets_travel_in_the_body_and_never_in_the_address(stub, zoho):
    stub.will_answer(ORG)

    await zoho().organisation()

    (seen,) = stub.token_requests
    assert seen.query == {}
    assert b"grant_type=refresh_token" in seen.body
    assert b"client_secret=client-secret" in seen.body


async def test_a_token_is_renewed_after_80_percent_of_its_life(stub, zoho, clock):
    stub.will_answer(ORG)
    client = zoho()
    await client.organisation()
    clock.moment += timedelta(seconds=0.8 * 3600 - 1)
    await client.organisation()
    assert len(stub.token_requests) == 1

    clock.moment += timedelta(seconds=2)
    await client.organisation()

    assert len(stub.token_requests) == 2


async def test_two_clients_that_need_a_token_at_once_ask_for_one(stub, zoho, patient_clock):
    stub.will_answer(ORG)
    stub.token_delay = 0.05

    await asyncio.gather(*(zoho(clock=patient_clock).organisation() for _ in range(4)))

    assert len(stub.token_requests) == 1


async def test_a_holder_that_died_is_replaced_when_its_claim_ends(stub, zoho, tokens, clock):
    stub.will_answer(ORG)
    tokens.claimed = True
    granted_after = clock.moment + timedelta(seconds=60)
    ordinary = tokens.claim_refresh
    tokens.claim_refresh = lambda seconds: (
        clock.moment >= granted_after and (setattr(tokens, "claimed", False), ordinary(seconds))[1]
    )

    await zoho().organisation()

    assert len(stub.token_requests) == 1


async def test_waiting_for_a_claim_that_never_ends_is_given_up(stub, zoho, tokens):
    stub.will_answer(ORG)
    tokens.claimed = True

    with pytest.raises(RateLimited):
        await zoho().organisation()

    assert stub.token_requests == stub.requests == []


@pytest.mark.parametrize("code", ["INVALID_TOKEN", "AUTHENTICATION_FAILURE", "INVALID_OAUTHTOKEN"])
async def test_a_refused_token_is_renewed_once(stub, zoho, code):
    stub.will_answer(refusal(code), status=401)
    stub.will_answer(ORG)

    assert (await zoho().organisation()).zgid == "1"

    assert [seen.headers["authorization"][-4:] for seen in stub.requests] == ["a1.b", "a2.b"]


async def test_a_refused_token_that_somebody_else_renewed_costs_no_token_call(stub, zoho, tokens, clock):
    stub.will_answer(ORG)
    client = zoho()
    await client.organisation()
    tokens.token = AccessToken("1000.other.b", clock.now() + timedelta(hours=1), stub.url)
    stub.answers.clear()
    stub.will_answer(refusal("INVALID_TOKEN"), status=401)
    stub.will_answer(ORG)

    await client.organisation()

    assert len(stub.token_requests) == 1
    assert stub.requests[-1].headers["authorization"] == "Zoho-oauthtoken 1000.other.b"


async def test_a_write_is_sent_again_after_a_refused_token_because_nothing_was_done(stub, zoho):
    stub.will_answer(refusal("INVALID_TOKEN"), status=401)
    stub.will_answer({"data": [{"code": "SUCCESS", "status": "success", "details": {"id": "9"}}]}, status=201)

    (row,) = await zoho().create_records("Leads", [{"Last_Name": "X"}])

    assert row.id == "9"
    assert len(stub.requests) == 2


async def test_a_token_refused_twice_is_a_refused_login(stub, zoho):
    stub.will_answer(refusal("INVALID_TOKEN"), status=401)

    with pytest.raises(LoginRefused) as caught:
        await zoho().organisation()

    assert type(caught.value) is LoginRefused
    assert (len(stub.requests), len(stub.token_requests)) == (2, 2)


async def test_a_missing_scope_never_renews_the_token(stub, zoho):
    stub.will_answer(refusal("OAUTH_SCOPE_MISMATCH"), status=401)

    with pytest.raises(NotPermitted):
        await zoho().organisation()

    assert (len(stub.requests), len(stub.token_requests)) == (1, 1)


async def test_a_bare_401_is_another_data_centre_and_never_renews_the_token(stub, zoho):
    stub.will_answer(401)

    with pytest.raises(LoginRefused, match="data centre"):
        await zoho().organisation()

    assert (len(stub.requests), len(stub.token_requests)) == (1, 1)


async def test_the_throttle_is_met_with_silence_by_everybody(stub, zoho, tokens):
    stub.will_answer_token(THROTTLED, status=400)

    for _ in range(3):
        with pytest.raises(RateLimited):
            await zoho().organisation()

    assert len(stub.token_requests) == 1
    assert tokens.claims == [60.0, 600.0]


async def test_a_refused_refresh_token_is_not_asked_again_and_gives_the_claim_back(stub, zoho, tokens):
    stub.will_answer_token({"error": "invalid_code"})

    with pytest.raises(LoginRefused, match="ZOHO_REFRESH_TOKEN"):
        await zoho().organisation()

    assert len(stub.token_requests) == 1
    assert tokens.claimed is False


async def test_a_failing_accounts_server_is_asked_a_bounded_number_of_times(stub, zoho, tokens, count):
    stub.will_answer_token("<html>", status=502)

    with pytest.raises(Unavailable):
        await zoho().organisation()

    assert len(stub.token_requests) == count.zoho == 3
    assert count.zoho_credits == 0
    assert tokens.claimed is False


async def test_the_address_in_the_settings_overrides_the_one_of_the_token(stub, zoho):
    stub.will_answer(ORG)
    stub.will_answer_token({"access_token": "1000.x.y", "api_domain": "https://www.zohoapis.example"})

    await zoho(api_url=stub.url).organisation()

    assert stub.requests[0].path == "/crm/v8/org"


async def test_without_any_address_of_the_api_the_setting_is_named(stub, zoho):
    stub.will_answer_token({"access_token": "1000.x.y"})

    with pytest.raises(LoginRefused, match="ZOHO_API_URL"):
        await zoho().organisation()


@pytest.mark.parametrize(
    ("setting", "changes"),
    [
        ("ZOHO_REFRESH_TOKEN", {"refresh_token": ""}),
        ("ZOHO_CLIENT_ID", {"client_id": "\n"}),
        ("ZOHO_ACCOUNTS_URL", {"accounts_url": "x"}),
        ("ZOHO_API_URL", {"api_url": "x"}),
    ],
)
def test_an_impossible_setting_is_named(zoho, setting, changes):
    with pytest.raises(UsageError, match=setting):
        zoho(**changes)
