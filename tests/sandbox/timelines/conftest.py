"""A small workspace, served over real HTTP."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox.serving import running
from sandbox.timelines.app import TimelinesStandIn

SALES = "573105550100@s.whatsapp.net"
SUPPORT = "34600000001@s.whatsapp.net"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _message(number, minutes, **overrides):
    row = {
        "uid": f"00000000-0000-4000-8000-{number:012d}",
        "timestamp": (START + timedelta(minutes=minutes)).isoformat(),
        "from_me": False,
        "text": f"message {number}",
        "sender_name": "",
        "created_by": "",
        "status": "Not connected",
        "origin": "synced from WhatsApp",
        "message_type": "whatsapp",
        "attachment": None,
        "reactions": {},
        "failure_reason": None,
    }
    return row | overrides


def _chat(number, name, phone, messages=(), **overrides):
    row = {
        "id": number,
        "name": name,
        "phone": phone,
        "jid": f"{phone.removeprefix('+')}@s.whatsapp.net" if phone else f"12036300{number}@g.us",
        "is_group": phone is None,
        "whatsapp_account_id": SALES,
        "created_timestamp": START.isoformat(),
        "responsible_email": None,
        "labels": [],
        "messages": list(messages),
    }
    return row | overrides


def _account(account, name, email, status="active", connected="2026-01-10T08:00:00+00:00"):
    phone = f"+{account.partition('@')[0]}"
    return {
        "id": account,
        "phone": phone,
        "owner_name": name,
        "owner_email": email,
        "account_name": name,
        "status": status,
        "connected_on": connected,
    }


def _photo():
    return {"filename": "café.jpg", "size": 100_000, "mimetype": "image/jpeg"}


@pytest.fixture
def world():
    """Chat 1 holds a bit of everything, 2 is a group, 3 is empty, 4 is on the other number, 5 has 120 messages."""
    chats = [
        _chat(
            1,
            "Ana Ruiz",
            "+573001112233",
            [
                _message(1, 0),
                _message(2, 10, from_me=True, status="Read", created_by="Laura (laura@example.com)"),
                _message(3, 20, text=None, attachment=_photo(), reactions={"👍": 2}),
                _message(4, 30, text=None, message_type="whatsapp_call", status="missed"),
            ],
            labels=["vip"],
            responsible_email="laura@example.com",
        ),
        _chat(
            2,
            "Zeta group",
            None,
            [_message(10, 5)],
            group_members=[{"name": "Ana", "phone": "+573001112233", "role": "Member"}],
        ),
        _chat(3, "bruno", "+573004445566", closed=True),
        _chat(4, "Ana on the other number", "+573001112233", [_message(20, 25)], whatsapp_account_id=SUPPORT),
        _chat(5, "Long talk", "+34611222333", [_message(100 + n, -200 + n) for n in range(120)]),
    ]
    return {
        "timelines": {
            "token": "secret-token",
            "workspace": {
                "workspace_id": "acme",
                "display_name": "Acme",
                "plan": "CRM Integration",
                "time_zone": "Europe/Madrid",
                "api_calls_quota": {"total": 200_000, "used": 7},
            },
            "teammates": [
                {"user_id": 1, "display_name": "Laura", "email": "laura@example.com", "role": "Owner"},
                {"user_id": 2, "display_name": "Pedro", "email": "pedro@example.com", "role": "agent"},
            ],
            "accounts": [
                _account(SALES, "Laura", "laura@example.com", connected="2026-02-01T08:00:00+00:00"),
                _account(SUPPORT, "Pedro", "pedro@example.com"),
            ],
            "chats": chats,
            "templates": [{"id": 501, "name": "Greeting", "text": "Hello"}],
        },
        "zoho": {},
    }


@pytest.fixture
def stand_in(world):
    """The stand-in as an object: its switches, its log, its people."""
    return TimelinesStandIn(world["timelines"])


class _Stage:
    """Passes requests to the app of the test that is running: one server for all tests spares 0.2 seconds for each."""

    app = None

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def stage():
    """The one server."""
    stage = _Stage()
    with running(Starlette(routes=[Mount("", stage)])) as url:
        stage.url = url
        yield stage


@pytest.fixture
def base_url(stand_in, stage):
    """Where the stand-in is served; it delivers no webhooks there, for which it has to be started itself."""
    stage.app = stand_in.app
    return stage.url


@pytest.fixture
def api(base_url):
    """A client that is logged in to the API."""
    headers = {"Authorization": "Bearer secret-token"}
    with httpx.Client(base_url=f"{base_url}/integrations/api", headers=headers, timeout=10, verify=False) as client:
        yield client


@pytest.fixture
def uid():
    """The uid of the message with this number in the workspace."""
    return lambda number: _message(number, 0)["uid"]
