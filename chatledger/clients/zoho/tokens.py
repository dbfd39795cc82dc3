"""Keeps one access token per connection, shared by all processes through a `TokenStore`, and renews it one at a time.

Zoho allows 10 new tokens in 10 minutes per refresh token and 15 live ones, so a refresh per process or per run would lock the
connection out.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from chatledger.clients.answers import Asked
from chatledger.clients.clock import Clock
from chatledger.clients.retrying import with_retries
from chatledger.clients.sending import Sender, base_url, secret
from chatledger.clients.zoho.token_answers import SYSTEM, THROTTLE_SECONDS, read_token
from chatledger.errors import RateLimited
from chatledger.models import AccessToken, TokenStore

REFRESH_ATTEMPTS = 3
LONGEST_REFRESH_CALL_SECONDS = 15.0
CLAIM_SECONDS = 60.0
"""Longer than all attempts of one refresh together, short enough to outlive a killed process."""

POLL_SECONDS = 0.5
ASKED = Asked(SYSTEM, "an access token")


class ZohoTokens:
    """The access token of one connection."""

    def __init__(
        self,
        *,
        accounts_url: str,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        store: TokenStore,
        sender: Sender,
        clock: Clock,
        left: Callable[[int], None],
    ) -> None:
        self._url = f"{base_url(accounts_url, 'ZOHO_ACCOUNTS_URL')}/oauth/v2/token"
        self._form = {
            "grant_type": "refresh_token",
            "client_id": secret(client_id, "ZOHO_CLIENT_ID"),
            "client_secret": secret(client_secret, "ZOHO_CLIENT_SECRET"),
            "refresh_token": secret(refresh_token, "ZOHO_REFRESH_TOKEN"),
        }
        self._store = store
        self._sender = sender
        self._clock = clock
        self._left = left
        self._known: AccessToken | None = None
        self._refreshing = asyncio.Lock()

    @property
    def known(self) -> AccessToken | None:
        """The token last used or found in the store."""
        return self._known or self._store.load()

    async def current(self) -> AccessToken:
        """Return a token that is good for use, from memory, the store or, failing both, Zoho."""
        return self._usable(self._known) or await self.other_than(None)

    async def other_than(self, refused: AccessToken | None) -> AccessToken:
        """Return a usable token that is not `refused`; at most one process asks Zoho for it, the others wait for theirs."""
        async with self._refreshing:
            give_up_at = self._clock.now() + timedelta(seconds=CLAIM_SECONDS + 5)
            while (token := self._stored_other_than(refused)) is None:
                if self._store.claim_refresh(CLAIM_SECONDS):
                    token = self._stored_other_than(refused)
                    token = self._given_back(token) if token else await self._refresh()
                    break
                if self._clock.now() >= give_up_at:
                    text = "Another process renews the Zoho access token or waits for Zoho accounts: try again later."
                    raise RateLimited(text, system=SYSTEM, retry_after=THROTTLE_SECONDS)
                await self._clock.sleep(POLL_SECONDS)
            self._known = token
            return token

    def _stored_other_than(self, refused: AccessToken | None) -> AccessToken | None:
        token = self._usable(self._store.load())
        return None if token and refused and token.value == refused.value else token

    def _usable(self, token: AccessToken | None) -> AccessToken | None:
        return token if token and token.expires_at > self._clock.now() else None

    def _given_back(self, token: AccessToken) -> AccessToken:
        self._store.release_refresh()
        return token

    async def _refresh(self) -> AccessToken:
        try:
            token = await with_retries(
                self._ask, clock=self._clock, attempts=REFRESH_ATTEMPTS, total_seconds=CLAIM_SECONDS / 2
            )
        except RateLimited as error:
            # Each further attempt prolongs the refusal, so nobody of us may try before it has passed.
            self._store.release_refresh()
            self._store.claim_refresh(error.retry_after or THROTTLE_SECONDS)
            raise
        except BaseException:
            self._store.release_refresh()
            raise
        self._store.save(token)
        return token

    async def _ask(self) -> AccessToken:
        answer = await self._sender.send(ASKED, "POST", self._url, left=self._left, form=self._form)
        return read_token(answer, self._clock.now())
