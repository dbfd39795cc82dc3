"""One connection to a TimelinesAI workspace: sends requests with its token, counts them and reads their answers."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from chatledger.clients.answers import Asked
from chatledger.clients.budget import RequestBudget, TokenBucket, timelines_budget
from chatledger.clients.clock import Clock, SystemClock
from chatledger.clients.retrying import ATTEMPTS, with_retries
from chatledger.clients.sending import Files, Query, Sender, as_json, base_url, secret
from chatledger.clients.timelines.answers import read_answer
from chatledger.clients.timelines.files import FileDownloads
from chatledger.errors import RateLimited, Unavailable
from chatledger.models import CallCount


class TimelinesConnection:
    """The lower half of `TimelinesClient`: token, budget, counting and retries, without knowing any question."""

    def __init__(
        self,
        *,
        api_url: str,
        token: str,
        count: CallCount,
        budget: RequestBudget | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        extra_file_hosts: Sequence[str] = (),
    ) -> None:
        self._url = base_url(api_url, "TIMELINES_API_URL")
        self._authorization = {"Authorization": f"Bearer {secret(token, 'TIMELINES_API_TOKEN')}"}
        self._count = count
        self._clock = clock or SystemClock()
        self._budget = budget or (TokenBucket(clock=clock) if clock else timelines_budget(self._url, token))
        self._sender = Sender(timeout=timeout, transport=transport)
        parts = urlsplit(self._url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._files = FileDownloads(origin=self._origin, extra_hosts=extra_file_hosts, timeout=timeout, transport=transport)

    @property
    def origin(self) -> str:
        """Scheme and host of the API, which relative links are meant against."""
        return self._origin

    async def aclose(self) -> None:
        """Close the connections."""
        await self._sender.aclose()

    async def _get(
        self, path: str, asked: Asked, query: Query | None = None, *, forbidden_means_throttled: bool = True
    ) -> Any:
        async def once() -> Any:
            async with self._budget.admitted(asked.system):
                answer = await self._sender.send(
                    asked, "GET", f"{self._url}{path}", left=self._left, headers=self._authorization, params=query
                )
            accepted = forbidden_means_throttled and self._budget.accepted
            try:
                payload = read_answer(answer, asked, accepted_before=accepted, now=self._clock.now())
            except RateLimited as error:
                self._budget.close_for(error.retry_after or 0.0)
                raise
            self._budget.accepted = True
            return payload

        return await with_retries(once, clock=self._clock, attempts=ATTEMPTS)

    def _left(self, difference: int) -> None:
        self._count.timelines += difference

    async def _write(
        self, method: str, path: str, asked: Asked, *, body: dict[str, Any] | None = None, files: Files | None = None
    ) -> Any:
        """Ask for a change exactly once and return the payload of the answer.

        The error of a change that may have been made says so with `outcome_unknown`. A bare 403 comes from the vendor's edge,
        before the API: nothing was done then.
        """
        headers = self._authorization | ({"Content-Type": "application/json"} if body is not None else {})
        content = as_json(body) if body is not None else None
        async with self._budget.admitted(asked.system):
            answer = await self._sender.send(
                asked, method, f"{self._url}{path}", left=self._left, headers=headers, content=content, files=files
            )
        try:
            return read_answer(answer, asked, accepted_before=self._budget.accepted, now=self._clock.now())
        except RateLimited as error:
            self._budget.close_for(error.retry_after or 0.0)
            raise
        except Unavailable as error:
            error.outcome_unknown = asked.write and not answer.is_client_error
            raise
