from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sandbox.serving import running
from sandbox.zoho.app import ZohoStandIn

ADMIN, AGENT, GONE, GUEST = "5725767000000411001", "5725767000000411002", "5725767000000411003", "5725767000000411004"


def small_world() -> dict[str, Any]:
    """An organisation in Bogotá with four users, no records and one unique field."""
    users = [
        {"id": ADMIN, "email": "ana@example.com", "full_name": "Ana Torres", "time_zone": "America/Bogota"},
        {"id": AGENT, "email": "laura@example.com", "full_name": "Laura Gómez", "profile": "Standard"},
        {"id": GONE, "email": "gone@example.com", "full_name": "Marina Prado", "status": "inactive"},
        {"id": GUEST, "email": "guest@example.com", "full_name": "Óscar Nieto", "confirm": False},
    ]
    unique = {"api_name": "WhatsApp_Key", "data_type": "text", "length": 20, "unique": {"case_sensitive": False}}
    organisation = {"zgid": "700000101", "company_name": "Café Andino", "time_zone": "America/Bogota", "type": "production"}
    return {
        "client": {"client_id": "1000.CLIENT", "client_secret": "secret", "refresh_token": "1000.refresh.token"},
        "organisation": organisation, "users": users, "current_user": ADMIN, "fields": {"Leads": [unique]},
        "records": {}, "conversions": [], "notes": [],
    }  # fmt: skip


class Zoho:
    """The stand-in, served, with a client that is logged in."""

    def __init__(self, stand_in: ZohoStandIn, http: httpx.Client) -> None:
        self.stand_in = stand_in
        self.base = str(http.base_url).rstrip("/")
        self.http = http
        self.login()

    @property
    def faults(self) -> Any:
        return self.stand_in.faults

    def token(self, **given: str) -> httpx.Response:
        client = {**small_world()["client"], "grant_type": "refresh_token", **given}
        return self.http.post("/oauth/v2/token", data=client)

    def login(self) -> None:
        self.http.headers["Authorization"] = f"Zoho-oauthtoken {self.token().json()['access_token']}"

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.http.request(method, f"/crm/v8{path}", **more)

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.call("GET", path, params=params)

    def post(self, path: str, *rows: dict[str, Any], **more: Any) -> httpx.Response:
        return self.call("POST", path, json={"data": list(rows), **more})

    def put(self, path: str, *rows: dict[str, Any], **more: Any) -> httpx.Response:
        return self.call("PUT", path, json={"data": list(rows), **more})

    def coql(self, query: str) -> httpx.Response:
        return self.call("POST", "/coql", json={"select_query": query})

    def add_lead(self, **values: Any) -> str:
        answer = self.post("/Leads", {"Last_Name": "Pérez", **values}).json()
        return str(answer["data"][0]["details"]["id"])

    def control(self, action: str, **given: Any) -> Any:
        return self.http.post(f"/_sandbox/{action}", json=given).json()

    def pass_time(self, seconds: float) -> None:
        self.stand_in.clock.advance(seconds)


class Doorway:
    """One server for all tests; each test puts its own stand-in behind it."""

    def __init__(self) -> None:
        self.stand_in = ZohoStandIn(small_world())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.stand_in.app(scope, receive, send)


@pytest.fixture(scope="session")
def doorway():
    doorway = Doorway()
    with running(doorway) as base, httpx.Client(base_url=base, timeout=5) as http:
        yield doorway, http


@pytest.fixture
def zoho(doorway):
    place, http = doorway
    place.stand_in = ZohoStandIn(small_world())
    return Zoho(place.stand_in, http)


@pytest.fixture
def now():
    return datetime.now(UTC)
