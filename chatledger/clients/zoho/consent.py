"""A person's consent at Zoho: the address of the consent page, the exchange of its code, the revocation of a token.

https://www.zoho.com/accounts/protocol/oauth/web-apps/authorization.html
"""

import base64
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import urlencode

from chatledger.clients.answers import Asked, NotJson, read_json
from chatledger.clients.sending import Sender, base_url, secret
from chatledger.clients.zoho.token_answers import SYSTEM, read_token
from chatledger.errors import LoginRefused, Unavailable
from chatledger.models import AccessToken

VERIFIER_BYTES = 48


@dataclass(frozen=True, slots=True)
class Consented:
    """What a code was exchanged for; without `refresh_token` Zoho has given this client one for this user before."""

    access: AccessToken
    refresh_token: str | None = field(repr=False)


def new_verifier() -> str:
    """Return a PKCE verifier of 64 characters (RFC 7636)."""
    return secrets.token_urlsafe(VERIFIER_BYTES)


def consent_address(
    accounts_url: str, *, client_id: str, redirect_uri: str, scopes: Iterable[str], state: str, verifier: str, lasting: bool
) -> str:
    """Return where to send the browser; a `lasting` consent gives a refresh token, and asks anew to be sure of one."""
    challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": ",".join(scopes),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **({"access_type": "offline", "prompt": "consent"} if lasting else {"access_type": "online"}),
    }
    return f"{base_url(accounts_url, 'ZOHO_ACCOUNTS_URL')}/oauth/v2/auth?{urlencode(query)}"


class ZohoConsent:
    """Exchanges codes and revokes tokens for one OAuth client at one accounts server; `timeout` in seconds."""

    def __init__(self, *, accounts_url: str, client_id: str, client_secret: str, timeout: float = 30.0) -> None:
        self._base = f"{base_url(accounts_url, 'ZOHO_ACCOUNTS_URL')}/oauth/v2/token"
        self._client = {
            "client_id": secret(client_id, "ZOHO_CLIENT_ID"),
            "client_secret": secret(client_secret, "ZOHO_CLIENT_SECRET"),
        }
        self._timeout = timeout

    async def exchange(self, code: str, *, redirect_uri: str | None, verifier: str | None) -> Consented:
        """Exchange a code, which works once; a Self Client's code has neither redirect address nor verifier.

        Raises LoginRefused with Zoho's code (`invalid_code`, `invalid_client`, ...), RateLimited or Unavailable.
        """
        form = {**self._client, "grant_type": "authorization_code", "code": secret(code, "ZOHO_CODE")}
        form |= {"redirect_uri": redirect_uri} if redirect_uri else {}
        form |= {"code_verifier": verifier} if verifier else {}
        return await self._ask(form)

    async def renew(self, refresh_token: str) -> Consented:
        """Return an access token for a refresh token that somebody has already; raises as `exchange` does."""
        token = secret(refresh_token, "ZOHO_REFRESH_TOKEN")
        given = await self._ask({**self._client, "grant_type": "refresh_token", "refresh_token": token})
        return Consented(given.access, token)

    async def _ask(self, form: Mapping[str, str]) -> Consented:
        sender = Sender(timeout=self._timeout, transport=None)
        try:
            answer = await sender.send(Asked(SYSTEM, "an access token"), "POST", self._base, left=_uncounted, form=form)
        finally:
            await sender.aclose()
        access = read_token(answer, datetime.now(UTC))
        given = read_json(answer.body).get("refresh_token")
        return Consented(access, given if isinstance(given, str) and given.isascii() and given.isprintable() else None)

    async def revoke(self, token: str) -> None:
        """End a refresh token with all its access tokens. Raises LoginRefused when Zoho does not know it, or Unavailable."""
        sender, asked = Sender(timeout=self._timeout, transport=None), Asked(SYSTEM, "a revocation")
        try:
            # In the query, as the vendor documents it; whether a form body is read is not documented.
            answer = await sender.send(asked, "POST", f"{self._base}/revoke", left=_uncounted, params={"token": token})
        finally:
            await sender.aclose()
        try:
            said = read_json(answer.body)
        except NotJson:
            said = None
        if isinstance(said, dict) and said.get("status") == "success":
            return
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or not isinstance(said, dict):
            text = f"Zoho accounts did not revoke the token (status {answer.status}): try again later."
            raise Unavailable(text, system=SYSTEM, status=answer.status)
        raise LoginRefused("Zoho accounts does not know this token any more.", system=SYSTEM, status=answer.status)


def _uncounted(_requests: int) -> None:
    """Count nothing: a consent is no part of a run."""
