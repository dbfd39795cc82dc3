"""The pages on stage: served on a free port over the stage's ledger, with people of any role signed in."""

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page
from starlette.applications import Starlette

from chatledger.ledger import people
from chatledger.web.app import create_app
from chatledger.web.parts import WebParts, ZohoApp
from chatledger.web.roles import Role
from sandbox.serving import running
from tests.browser import chromium, chromium_page
from tests.stage import ORGANISATION, Stage

__all__ = ["chromium", "chromium_page"]

CSRF = re.compile(r'name="csrf-token" content="([0-9a-f]{64})"')
HTML = {"Accept": "text/html", "Accept-Language": "en"}


class Visitor(httpx.Client):
    """A browser without scripts: keeps cookies, follows no redirects, posts forms as our own pages do."""

    def csrf(self, path: str = "/nowhere") -> str:
        """Return the form token of this visitor, as every page holds it."""
        found = CSRF.search(self.get(path).text)
        assert found, f"no token on {path}"
        return found[1]

    def submit(self, path: str, form: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        """Post a form with the token in it."""
        return self.post(path, data={"csrf_token": self.csrf(), **(form or {})}, **more)


@dataclass
class Website:
    """The served pages: the application and what it was made of."""

    base: str
    parts: WebParts
    app: Starlette
    open_visitors: list[Visitor] = field(default_factory=list)

    def invite(self, role: Role, email: str | None = None) -> str:
        """Add a person and return the path of their invitation."""
        with self.parts.ledger.transaction() as session:
            person = people.add(session, self.parts.organisation_id, email or f"{role}@example.com", role, "tests")
            return f"/invitation/{people.invite(session, person)}"

    def visitor(self, role: Role | None = None) -> Visitor:
        """Return a visitor, signed in when a role is named."""
        visitor = Visitor(base_url=self.base, headers=HTML)
        self.open_visitors.append(visitor)
        if role:
            path = self.invite(role)
            form = {"csrf_token": visitor.csrf(path), "invitation": path.rpartition("/")[2]}
            assert visitor.post("/invitation", data=form).status_code == 303
        return visitor

    def sign_in(self, page: Page, role: Role) -> None:
        """Sign a real browser in by an invitation."""
        page.goto(self.base + self.invite(role))
        page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def serve_pages(stage: Stage) -> Iterator[Callable[..., Website]]:
    """Give a function that serves the pages over the stage's ledger with these fields of WebParts set."""
    opened = []

    def serve(**fields: Any) -> Website:
        port = _free_port()
        parts = replace(
            WebParts(stage.ledger, ORGANISATION, f"http://127.0.0.1:{port}"),
            **{
                "zoho_app": ZohoApp("1000.A", "secret"), "zoho_accounts_url": stage.zoho_url,
                "timelines_api_url": f"{stage.timelines_url}/integrations/api", **fields,
            },
        )  # fmt: skip
        app = create_app(parts)
        server = running(app, port)
        site = Website(server.__enter__(), parts, app)
        opened.append((server, site))
        return site

    yield serve
    for server, site in opened:
        for visitor in site.open_visitors:
            visitor.close()
        server.__exit__(None, None, None)


@pytest.fixture
def website(serve_pages: Callable[..., Website]) -> Website:
    """The pages as they are by default."""
    return serve_pages()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
