"""One connection to a Zoho organisation: sends calls with a good token, counts them and reads their answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx

from chatledger.clients.answers import Answer, Asked, whole_number
from chatledger.clients.budget import CallSlots, RequestBudget, zoho_budget
from chatledger.clients.clock import Clock, SystemClock
from chatledger.clients.retrying import with_retries, worth_asking_again
from chatledger.clients.sending import Query, Sender, base_url
from chatledger.clients.zoho.answers import read_answer
from chatledger.clients.zoho.prices import price
from chatledger.clients.zoho.token_answers import SYSTEM
from chatledger.clients.zoho.tokens import LONGEST_REFRESH_CALL_SECONDS, ZohoTokens
from chatledger.errors import LoginRefused, OutsideError, RateLimited, TokenExpired
from chatledger.models import AccessToken, CallCount, TokenStore

API = "/crm/v8"


Guard = Callable[[], None]
"""Called when a write has its permission to leave, immediately before it does; raises to hold it back."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to Zoho CRM. `path` is below /crm/v8; `credits` is what it costs, by the price list."""

    asked: Asked
    method: str
    path: str
    query: Query = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    files: Mapping[str, tuple[str, bytes]] | None = None
    credits: int = 1
    guard: Guard | None = None


class ZohoConnection:
    """The lower half of `ZohoClient`: tokens, budget, counting and retries, without knowing any question."""

    def __init__(
        self,
        *,
        accounts_url: str,
        api_url: str | None,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        tokens: TokenStore,
        count: CallCount,
        budget: RequestBudget | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.credits_remaining: int | None = None
        self._api_url = base_url(api_url, "ZOHO_API_URL") if api_url else None
        self._count = count
        self._clock = clock or SystemClock()
        self._budget = budget or (CallSlots(clock=clock) if clock else zoho_budget(accounts_url, client_id))
        self._sender = Sender(timeout=timeout, transport=transport)
        self._token_sender = Sender(timeout=min(timeout, LONGEST_REFRESH_CALL_SECONDS), transport=transport)
        self._tokens = ZohoTokens(
            accounts_url=accounts_url,
            client_id=client_id,
            client_secret=client_secret,
            refresh_token=refresh_token,
            store=tokens,
            sender=self._token_sender,
            clock=self._clock,
            left=partial(self._left, 0),
        )

    @property
    def granted_scopes(self) -> tuple[str, ...]:
        """The scopes Zoho named with the access token; empty where it named none or there is no token yet."""
        token = self._tokens.known
        return token.scopes if token else ()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._sender.aclose()
        await self._token_sender.aclose()

    async def _get(
        self, what: str, path: str, query: Query | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any] | None:
        call = Call(Asked("Zoho CRM", what), "GET", path, query or {}, headers or {}, credits=price("GET", path))
        return await self._read(call)

    async def _read(self, call: Call) -> dict[str, Any] | None:
        """Ask, and ask again what waiting cures."""
        return await with_retries(partial(self._once, call), clock=self._clock, worth=_worth_asking_zoho_again)

    async def _once(self, call: Call) -> dict[str, Any] | None:
        """Ask or write exactly once; a refused token is the one exception, because then nothing was done."""
        token = await self._tokens.current()
        try:
            return await self._send(call, token)
        except TokenExpired:
            fresh = await self._tokens.other_than(token)
        try:
            return await self._send(call, fresh)
        except TokenExpired as error:
            text = f"Zoho CRM refused a fresh access token for {call.asked.what} ({error.code}): connect again."
            raise LoginRefused(text, system="Zoho CRM", status=error.status, code=error.code) from None

    async def _send(self, call: Call, token: AccessToken) -> dict[str, Any] | None:
        host = self._host(token)
        headers = {"Authorization": f"Zoho-oauthtoken {token.value}", **call.headers}
        if call.content is not None:
            headers["Content-Type"] = "application/json"
        async with self._budget.admitted("Zoho CRM"):
            if call.guard is not None:
                call.guard()
            answer = await self._sender.send(
                call.asked,
                call.method,
                f"{host}{API}{call.path}",
                left=partial(self._left, call.credits),
                headers=headers,
                params=call.query,
                content=call.content,
                files=call.files,
            )
        return self._read_answer(answer, call.asked, host)

    def _read_answer(self, answer: Answer, asked: Asked, host: str) -> dict[str, Any] | None:
        remaining = whole_number(answer.headers.get("x-api-credits-remaining"))
        self.credits_remaining = self.credits_remaining if remaining is None else remaining
        try:
            return read_answer(answer, asked, host=urlsplit(host).netloc, now=self._clock.now())
        except RateLimited as error:
            self._budget.close_for(error.retry_after or 0.0)
            raise

    def _host(self, token: AccessToken) -> str:
        host = self._api_url or token.api_domain
        if not host:
            text = (
                "Zoho accounts did not name the host of the API: set ZOHO_API_URL to it, for example https://www.zohoapis.com."
            )
            raise LoginRefused(text, system="Zoho accounts")
        return host

    def _left(self, credits_of_call: int, difference: int) -> None:
        self._count.zoho += difference
        self._count.zoho_credits += difference * credits_of_call


def _worth_asking_zoho_again(error: OutsideError) -> bool:
    """Leave out tokens that could not be had: they were asked for often enough, and Zoho allows 10 in 10 minutes."""
    return error.system != SYSTEM and worth_asking_again(error)
