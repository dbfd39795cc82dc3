from datetime import timedelta

import anyio
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from sandbox.serving import running


@pytest.fixture
def listener():
    heard = []

    async def hear(request):
        heard.append(await request.json())
        return Response()

    with running(Starlette(routes=[Route("/hook", hear, methods=["POST"])])) as base:
        yield heard, f"{base}/hook"


def subscribe(zoho, url, **more):
    channel = {"channel_id": "1000000068001", "events": ["Leads.all"], "token": "t0ken", "notify_url": url, **more}
    return zoho.call("POST", "/actions/watch", json={"watch": [channel]})


def wait_for(heard, count):
    for _ in range(100):
        if len(heard) >= count:
            return
        anyio.run(anyio.sleep, 0.02)


def test_a_channel_hears_of_changes_by_id_only(zoho, listener):
    heard, url = listener
    answer = subscribe(zoho, url)
    lead_id = zoho.add_lead()
    zoho.stand_in.edit_record("Leads", lead_id, {"Company": "x"})
    wait_for(heard, 2)

    assert answer.status_code == 201
    assert [(call["operation"], call["ids"], call["token"]) for call in heard] == [
        ("insert", [lead_id], "t0ken"), ("update", [lead_id], "t0ken")
    ]  # fmt: skip


@pytest.mark.parametrize(("days", "lasting"), [(6, timedelta(days=6)), (8, timedelta(hours=1)), (None, timedelta(hours=1))])
def test_a_channel_lives_a_week_at_most_and_an_hour_when_asked_for_more(zoho, now, days, lasting):
    more = {} if days is None else {"channel_expiry": (now + timedelta(days=days)).isoformat()}
    subscribe(zoho, "http://127.0.0.1:1/", **more)
    zoho.pass_time(lasting.total_seconds() - 60)
    zoho.login()
    before = zoho.get("/actions/watch", channel_id="1000000068001").status_code
    zoho.pass_time(120)
    zoho.login()

    assert before == 200
    assert zoho.get("/actions/watch", channel_id="1000000068001").status_code == 204


def test_a_channel_can_be_renewed_and_ended(zoho):
    subscribe(zoho, "http://127.0.0.1:1/")
    renewed = zoho.call("PATCH", "/actions/watch", json={"watch": [{"channel_id": "1000000068001", "token": "new"}]})
    ended = zoho.call("DELETE", "/actions/watch", params={"channel_ids": "1000000068001"})

    assert (renewed.status_code, ended.status_code) == (200, 200)
    assert zoho.get("/actions/watch").status_code == 204
    assert zoho.call("DELETE", "/actions/watch", params={"channel_ids": "1"}).json()["code"] == "NOT_SUBSCRIBED"
