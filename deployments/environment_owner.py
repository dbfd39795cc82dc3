"""Whose the Zoho credentials of the environment are, for people who connect before anything is activated."""

from collections.abc import Awaitable, Callable

from blocks.environment import WebSettings
from chatledger.web.connecting.zoho_login import ZohoLogin


def environment_zgid(settings: WebSettings) -> Callable[[], Awaitable[str]] | None:
    """Return what asks Zoho for the organisation of the environment's credentials, once; None where there are none."""
    token = settings.zoho_refresh_token
    login = login_of_environment(settings)
    if token is None or login is None:
        return None
    known: list[str] = []

    async def ask() -> str:
        if not known:
            known.append((await login.whose(await login.consent().renew(token.get_secret_value()))).zgid)
        return known[0]

    return ask


def login_of_environment(settings: WebSettings) -> ZohoLogin | None:
    """Return how Zoho is asked with the OAuth client of the environment; None where it is incomplete."""
    if settings.zoho_accounts_url is None or settings.zoho_client_id is None or settings.zoho_client_secret is None:
        return None
    return ZohoLogin(
        settings.zoho_accounts_url,
        settings.zoho_client_id,
        settings.zoho_client_secret.get_secret_value(),
        settings.zoho_api_url,
        settings.chatledger_http_timeout_seconds,
    )
