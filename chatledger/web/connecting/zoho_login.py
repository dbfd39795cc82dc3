"""How Zoho is asked in the name of a consent: where, and as which OAuth client."""

from dataclasses import dataclass, field

from chatledger.clients import ZohoClient
from chatledger.clients.zoho.consent import Consented, ZohoConsent
from chatledger.clients.zoho.profiles import sees_every_record
from chatledger.ledger.stored_connections import Connection
from chatledger.models import AccessToken, CallCount
from chatledger.web.connecting.zoho_facts import ZohoFacts


class _GivenToken:
    """A `TokenStore` of the one token a consent gave; nothing outlives the object."""

    def __init__(self, token: AccessToken) -> None:
        self._token = token

    def load(self) -> AccessToken | None:
        """Return the token."""
        return self._token

    def claim_refresh(self, seconds: float) -> bool:  # noqa: ARG002
        """Allow a renewal: nobody else shares this store."""
        return True

    def save(self, token: AccessToken) -> None:
        """Go on with a renewed token."""
        self._token = token

    def release_refresh(self) -> None:
        """Nothing was reserved."""


@dataclass(frozen=True, slots=True)
class ZohoLogin:
    """Where and as which OAuth client Zoho is asked; `timeout` in seconds."""

    accounts_url: str
    client_id: str
    client_secret: str = field(repr=False)
    api_url: str | None = None
    timeout: float = 30.0

    def consent(self) -> ZohoConsent:
        """Return what exchanges and revokes."""
        return ZohoConsent(
            accounts_url=self.accounts_url,
            client_id=self.client_id,
            client_secret=self.client_secret,
            timeout=self.timeout,
        )

    async def whose(self, consented: Consented) -> ZohoFacts:
        """Return whom a consent belongs to. Raises errors of `chatledger.errors`."""
        client = self._client(consented)
        try:
            organisation, user = await client.organisation(), await client.current_user()
            profile = await client.current_profile()
        finally:
            await client.aclose()
        return ZohoFacts(
            zgid=organisation.zgid,
            organisation=organisation.name,
            user_id=user.id,
            user_name=user.name,
            user_email=user.email,
            active=user.active and user.confirmed,
            scopes=consented.access.scopes,
            sees_everything=sees_every_record(profile),
        )

    def _client(self, consented: Consented) -> ZohoClient:
        return ZohoClient(
            accounts_url=self.accounts_url,
            api_url=self.api_url,
            client_id=self.client_id,
            client_secret=self.client_secret,
            # Signing in gives none; the access token outlives the questions asked here by an hour.
            refresh_token=consented.refresh_token or "none",
            tokens=_GivenToken(consented.access),
            count=CallCount(),
            timeout=self.timeout,
        )

    def credentials(self, refresh_token: str) -> dict[str, str]:
        """Return what is stored, encrypted."""
        return {
            "accounts_url": self.accounts_url,
            "api_url": self.api_url or "",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": refresh_token,
        }


def login_of(connection: Connection, timeout: float) -> ZohoLogin:
    """Return how Zoho is asked for a stored connection."""
    stored = connection.credentials
    api_url = stored.get("api_url") or None
    return ZohoLogin(stored["accounts_url"], stored["client_id"], stored["client_secret"], api_url, timeout)
