"""The TimelinesAI client over real HTTP."""

import pytest
from starlette.responses import Response

from chatledger.clients import TokenBucket
from chatledger.errors import LoginRefused, NotFound, NotPermitted, RateLimited, Rejected, SchemaDrift, Unavailable, UsageError

pytestmark = pytest.mark.anyio

WORKSPACE = {
    "status": "ok",
    "data": {"workspace_id": "acme", "display_name": "Acme", "api_calls_quota": {"total": 200000, "used": 9}},
}
HTML = "<!DOCTYPE html><html></html>"


async def test_requests_look_as_the_vendor_wants_them(stub, timelines, sample, count):
    stub.will_answer(sample("timelines/messages.json"))

    page = await timelines(api_url=f"{stub.url}/integrations/api/").messages(27616435, before="u 9/../x")

    (seen,) = stub.requests
    assert seen.path == "/integrations/api/chats/27616435/messages"
    assert seen.query == {"sorting_order": "desc", "before_message": "u 9/../x"}
    assert seen.headers["authorization"] == "Bearer tla_secret"
    assert seen.headers["user-agent"].startswith("chatledger/")
    assert (page.more, page.next_token, len(page.items), len(page.unreadable)) == (
        True,
        "0b0f3a1e-0000-4000-8000-000000000002",
        2,
        1,
    )
    assert count.timelines == 1


async def test_a_uid_cannot_lead_to_another_path(stub, timelines):
    stub.will_answer({"status": "error", "message": "Message uid not found"}, status=404)

    with pytest.raises(NotFound):
        await timelines().message("../workspace?x=1")

    assert stub.requests[0].path.startswith("/integrations/api/messages/")
    assert stub.requests[0].query == {}


async def test_a_page_of_chats_has_absolute_urls_of_this_origin(stub, timelines, sample):
    stub.will_answer(sample("timelines/chats.json"))

    page = await timelines().chats(3)

    assert stub.requests[0].query == {"page": "3"}
    assert page.items[0].url == f"{stub.url}/chat/27616435/messages/"
    assert (page.more, len(page.unreadable)) == (False, 2)


async def test_single_objects_are_read(stub, timelines, sample):
    chat = sample("timelines/chats.json")["data"]["chats"][0]
    message = sample("timelines/messages.json")["data"]["messages"][0]
    stub.will_answer(WORKSPACE, {"status": "ok", "data": chat}, chat, message, {"status": "ok", "data": message})
    client = timelines()

    assert (await client.workspace()).api_calls_used == 9
    assert await client.chat(27616435) == await client.chat(27616435)
    assert await client.message("u") == await client.message("u")


async def test_an_object_of_another_shape_is_drift_and_asked_once(stub, timelines):
    stub.will_answer({"status": "ok", "data": {"name": "no id"}})

    with pytest.raises(SchemaDrift, match="chat 5"):
        await timelines().chat(5)

    assert len(stub.requests) == 1


async def test_accounts_are_listed_with_the_disconnected_ones(stub, timelines):
    rows = [
        {"id": "1@s.whatsapp.net", "phone": "+1", "status": "active"},
        {"id": "2@s.whatsapp.net", "status": "disconnected"},
        {"phone": "+3"},
    ]
    stub.will_answer({"status": "ok", "data": {"whatsapp_accounts": rows}})

    accounts = await timelines().accounts()

    assert [(account.id, account.connected) for account in accounts] == [
        ("1@s.whatsapp.net", True),
        ("2@s.whatsapp.net", False),
    ]


@pytest.mark.parametrize("status", [403, 404, 405])
@pytest.mark.parametrize("accepted_before", [True, False])
async def test_a_workspace_without_business_accounts_has_none(stub, timelines, status, accepted_before):
    client = timelines()
    if accepted_before:
        stub.will_answer(WORKSPACE)
        await client.workspace()
        stub.answers.clear()
    stub.will_answer(HTML, status=status)

    assert await client.waba_accounts() == 0


async def test_business_accounts_are_counted(stub, timelines):
    stub.will_answer({"status": "ok", "data": {"waba_accounts": [{}, {}]}})

    assert await timelines().waba_accounts() == 2


async def test_what_waiting_cures_is_asked_again_and_every_request_counted(stub, timelines, count, clock):
    stub.will_answer(HTML, 503, stub_429())
    stub.will_answer(WORKSPACE)

    assert (await timelines().workspace()).id == "acme"

    assert count.timelines == len(stub.requests) == 4
    assert clock.slept


def stub_429():
    return Response('{"error":"Too Many Requests"}', 429, {"Retry-After": "7"}, "application/json")


async def test_retry_after_is_obeyed(stub, timelines, clock):
    stub.will_answer(stub_429())
    stub.will_answer(WORKSPACE)
    started = clock.moment

    await timelines().workspace()

    assert (clock.moment - started).total_seconds() >= 7


async def test_reads_are_asked_again_a_bounded_number_of_times(stub, timelines):
    stub.will_answer(503)

    with pytest.raises(Unavailable):
        await timelines().workspace()

    assert len(stub.requests) == 4


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, "Unauthorized", LoginRefused),
        (404, HTML, Unavailable),
        (404, {"status": "error"}, NotFound),
        (400, {"status": "error"}, Rejected),
        (403, HTML, NotPermitted),
    ],
)
async def test_what_waiting_does_not_cure_is_asked_once(stub, timelines, status, body, kind):
    stub.will_answer(body, status=status)

    with pytest.raises(kind):
        await timelines().chats()

    assert len(stub.requests) == 1


async def test_a_bare_403_after_a_success_is_waited_out(stub, timelines):
    stub.will_answer(WORKSPACE)
    stub.will_answer(HTML, status=403)
    stub.will_answer(WORKSPACE)
    client = timelines()

    await client.workspace()
    await client.workspace()

    assert len(stub.requests) == 3


async def test_a_pause_closes_the_door_for_all_clients_of_the_budget(stub, timelines, clock):
    stub.will_answer(Response("", 429, {"Retry-After": "600"}))
    budget = TokenBucket(clock=clock)

    for _ in range(2):
        with pytest.raises(RateLimited) as caught:
            await timelines(budget=budget).workspace()
        assert caught.value.retry_after == pytest.approx(600, abs=1)

    assert len(stub.requests) == 1


@pytest.mark.parametrize("token", ["", "  ", "with\nline", "tóken"])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(timelines, token):
    with pytest.raises(UsageError, match="TIMELINES_API_TOKEN") as caught:
        timelines(token=token)

    assert not token.strip() or token not in str(caught.value)


def test_an_address_that_is_none_names_its_setting(timelines):
    with pytest.raises(UsageError, match="TIMELINES_API_URL"):
        timelines(api_url="app.timelines.ai")


async def test_of_several_messages_in_the_oldest_second_the_last_listed_leads_on(stub, timelines):
    second = "2026-05-18 10:44:21 +0300"
    rows = [{"uid": uid, "timestamp": second, "from_me": True} for uid in ("c", "b", "a")]
    stub.will_answer({"status": "ok", "data": {"has_more_pages": True, "messages": rows}})

    assert (await timelines().messages(5)).next_token == "a"
