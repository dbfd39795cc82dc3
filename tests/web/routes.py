"""Every route of the pages with who may ask and how it is protected. A route that is missing here fails test_hostile.py."""

from dataclasses import dataclass
from typing import Literal

Guard = Literal["nobody", "seller", "viewer", "operator", "admin", "secret"]
"""`nobody`: open to everybody; `secret`: the address or a token proves who asks; else the least role."""

Forgery = Literal["", "form", "header", "own"]
"""How a change is protected against other sites: a form token, a header token, or (`own`) a check that its own tests cover."""


@dataclass(frozen=True)
class Entry:
    """A route: its pattern and method, an address that fits it, and its protection. `stream` marks answers that do not end."""

    method: str
    path: str
    guard: Guard
    forgery: Forgery = ""
    at: str = ""
    stream: bool = False

    @property
    def address(self) -> str:
        """An address that fits the pattern."""
        return self.at or self.path


RECORD = "?module=Leads&record=5725767000000411001"

ENTRIES = (
    Entry("GET", "/", "nobody"),
    Entry("GET", "/health", "nobody"),
    Entry("GET", "/sign-in", "nobody"),
    Entry("POST", "/sign-in/zoho", "nobody", "form"),
    Entry("POST", "/sign-out", "nobody", "form"),
    Entry("GET", "/invitation/{secret}", "secret", at="/invitation/unknown"),
    Entry("POST", "/invitation", "secret", "form"),
    Entry("GET", "/connect", "seller"),
    Entry("POST", "/connect/zoho", "admin", "form"),
    Entry("POST", "/connect/zoho/disconnect", "admin", "form"),
    Entry("POST", "/connect/me", "seller", "form"),
    Entry("POST", "/connect/me/disconnect", "seller", "form"),
    Entry("POST", "/connect/timelines", "admin", "form"),
    Entry("POST", "/connect/timelines/disconnect", "admin", "form"),
    Entry("POST", "/connect/configure", "admin", "form"),
    Entry("POST", "/connect/deactivate", "admin", "form"),
    Entry("GET", "/connect/zoho/callback", "secret"),
    Entry("GET", "/connect/people", "admin"),
    Entry("POST", "/connect/people/invite", "admin", "form"),
    Entry("POST", "/connect/people/role", "admin", "form"),
    Entry("POST", "/connect/people/remove", "admin", "form"),
    Entry("GET", "/live-chat", "seller", at=f"/live-chat{RECORD}"),
    Entry("GET", "/live-chat/panel", "seller", at=f"/live-chat/panel{RECORD}"),
    Entry("GET", "/live-chat/templates", "seller", at=f"/live-chat/templates{RECORD}"),
    Entry("GET", "/live-chat/events", "seller", at=f"/live-chat/events{RECORD}", stream=True),
    Entry("POST", "/live-chat/messages", "seller", "header", at=f"/live-chat/messages{RECORD}"),
    Entry("GET", "/live-chat/chats/{chat_id:int}/older", "seller", at=f"/live-chat/chats/1/older{RECORD}"),
    Entry("GET", "/live-chat/chats/{chat_id:int}/latest", "seller", at=f"/live-chat/chats/1/latest{RECORD}"),
    Entry("POST", "/live-chat/chats/{chat_id:int}/messages", "seller", "header", at=f"/live-chat/chats/1/messages{RECORD}"),
    Entry("POST", "/live-chat/chats/{chat_id:int}/reactions", "seller", "header", at=f"/live-chat/chats/1/reactions{RECORD}"),
    Entry("GET", "/live-chat/files/{token}", "secret", at="/live-chat/files/unknown"),
    Entry("GET", "/live-chat/handshake", "seller", at=f"/live-chat/handshake{RECORD}"),
    Entry("POST", "/live-chat/session", "secret", "own", at=f"/live-chat/session{RECORD}"),
    Entry("GET", "/zoho-widget", "nobody"),
    Entry("GET", "/sync-log", "viewer"),
    Entry("GET", "/sync-log/runs/{run_id}", "viewer", at="/sync-log/runs/unknown"),
    Entry("GET", "/sync-log/messages", "viewer"),
    Entry("GET", "/sync-log/messages/{uid}", "viewer", at="/sync-log/messages/unknown"),
    Entry("GET", "/sync-log/chats/{chat_id:int}", "viewer", at="/sync-log/chats/1"),
    Entry("GET", "/sync-log/notes/{note_id:int}", "viewer", at="/sync-log/notes/1"),
    Entry("GET", "/sync-log/held", "viewer"),
    Entry("GET", "/sync-log/proofs", "viewer"),
    Entry("GET", "/sync-log/proofs/{verification_id}", "viewer", at="/sync-log/proofs/unknown"),
    Entry("POST", "/sync-log/retry", "operator", "form"),
    Entry("POST", "/sync-log/pin", "operator", "form"),
    Entry("POST", "/sync-log/unpin", "operator", "form"),
    Entry("GET", "/sync-log/overview", "viewer"),
    Entry("GET", "/sync-log/overview/{chart}.svg", "viewer", at="/sync-log/overview/unknown.svg"),
    Entry("GET", "/sync-log/overview.csv", "viewer"),
    Entry("GET", "/sync-log/audit", "admin"),
    Entry("POST", "/webhooks/timelines/{secret}", "secret", "own", at="/webhooks/timelines/unknown"),
)
