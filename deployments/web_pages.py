"""Fills what the pages may use, from the environment and the ledger."""

from functools import partial

from blocks.environment import WebSettings
from chatledger.ledger.database import Ledger
from chatledger.web.parts import WebParts, ZohoApp
from deployments.environment_owner import environment_zgid
from deployments.live_chat import LiveChatConnections
from deployments.run_requests import open_run
from deployments.sync_log_acts import build_acts
from deployments.webhook_upkeep import WebhookUpkeep


def build_parts(settings: WebSettings, ledger: Ledger, served_at: str) -> WebParts:
    """Return what the pages may use; `served_at` is where they are served when there is no public address."""
    public_url = (settings.chatledger_public_url or "").rstrip("/")
    upkeep = WebhookUpkeep(settings, ledger)
    live_chat = LiveChatConnections(settings, ledger)
    return WebParts(
        ledger=ledger,
        organisation_id=settings.chatledger_organisation,
        public_url=public_url or served_at.rstrip("/"),
        public=bool(public_url),
        zoho_app=_zoho_app(settings),
        zoho_accounts_url=settings.zoho_accounts_url,
        zoho_api_url=settings.zoho_api_url,
        timelines_api_url=settings.timelines_api_url,
        http_timeout_seconds=settings.chatledger_http_timeout_seconds,
        from_environment=settings.connected_by_environment,
        environment_zgid=environment_zgid(settings),
        look_up=live_chat.look_up,
        timelines=live_chat.timelines,
        acts=build_acts(settings, ledger),
        open_run=partial(open_run, settings.chatledger_organisation),
        frame_origins=tuple(settings.chatledger_frame_origins.split()),
        webhooks_on=lambda: upkeep.on,
        webhook_upkeep=upkeep.run if public_url else None,
    )


def _zoho_app(settings: WebSettings) -> ZohoApp | None:
    if settings.zoho_client_id is None or settings.zoho_client_secret is None:
        return None
    return ZohoApp(settings.zoho_client_id, settings.zoho_client_secret.get_secret_value())
