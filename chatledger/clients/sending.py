"""One HTTP request out, one complete answer back: total deadline, size limit, no redirects, no kept connection."""

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import IO, Any
from urllib.parse import urlencode, urlsplit

import httpx

from chatledger.clients.answers import Answer, Asked, without_bad_characters
from chatledger.errors import Unavailable, UsageError

LARGEST_ANSWER = 32 * 1024 * 1024
LARGEST_ERROR = 1024 * 1024
TOO_LARGE = "ANSWER_TOO_LARGE"
"""Our own code of the error for an answer beyond the limit."""

NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.LocalProtocolError)
"""Failures before the first byte of the request: certainly not carried out."""

Query = Mapping[str, str | int]
Files = Mapping[str, tuple[str, bytes] | tuple[str, IO[bytes], str]]
"""Parts of a form by field: a file name with its content, or with an open file, read as it leaves, and its type."""
Left = Callable[[int], None]


@cache
def user_agent() -> str:
    """Return our name and version; TimelinesAI's edge refuses the default names of HTTP libraries."""
    try:
        return f"chatledger/{version('chatledger')}"
    except PackageNotFoundError:
        return "chatledger/0"


@cache
def _trusted_certificates() -> ssl.SSLContext:
    """Read the certificates once per process, because reading them takes as long as several requests."""
    return httpx.create_ssl_context()


class Sender:
    """Sends requests to one outside system over one `httpx.AsyncClient`.

    Connections are not kept: TimelinesAI's edge answers 403 on a busy kept connection, and a write over one that the server
    just closed would leave its outcome unknown for no reason.
    """

    def __init__(self, *, timeout: float, transport: httpx.AsyncBaseTransport | None, largest: int = LARGEST_ANSWER) -> None:
        self._timeout = timeout
        self._largest = largest
        self._http = httpx.AsyncClient(
            transport=transport,
            verify=_trusted_certificates(),
            follow_redirects=False,
            timeout=timeout,
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=0),
            headers={"User-Agent": user_agent(), "Accept": "application/json"},
        )

    async def send(
        self,
        asked: Asked,
        method: str,
        url: str,
        *,
        left: Left,
        headers: Mapping[str, str] | None = None,
        params: Query | None = None,
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
        files: Files | None = None,
        at: str | None = None,
    ) -> Answer:
        """Send once and return the answer, whatever it says.

        `left` is told +1 when the request leaves and -1 when it turns out that it never did. `at` is an IP address to connect
        to. Raise `Unavailable` without a complete answer in time; a write that may have left is then unknown.
        """
        # The whole address at once: httpx takes one apart again for each part that it is given by itself.
        address = f"{url}?{urlencode(params)}" if params else url
        request = self._http.build_request(
            method, address, headers=dict(headers or {}), content=content, data=form, files=files
        )
        if at is not None:
            _connect_to(request, at)
        left(1)
        try:
            async with asyncio.timeout(self._timeout):
                return await self._exchange(request, asked)
        except NEVER_LEFT as error:
            left(-1)
            raise _no_answer(asked, f"could not be reached ({type(error).__name__})", unknown=False) from None
        except TimeoutError:
            raise _no_answer(asked, f"gave no complete answer within {self._timeout:g} seconds", unknown=asked.write) from None
        except (httpx.HTTPError, httpx.StreamError, ValueError) as error:
            raise _no_answer(asked, f"broke off the answer ({type(error).__name__})", unknown=asked.write) from None

    async def _exchange(self, request: httpx.Request, asked: Asked) -> Answer:
        response = await self._http.send(request, stream=True)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if response.is_success and len(body) > self._largest:
                    raise _no_answer(asked, f"sent more than {self._largest} bytes", unknown=asked.write, code=TOO_LARGE)
                if not response.is_success and len(body) > LARGEST_ERROR:
                    break  # the status of a refusal says enough
            return Answer(response.status_code, response.headers, bytes(body))
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()


def _connect_to(request: httpx.Request, address: str) -> None:
    """Keep name, certificate check and Host header of a request and change only where the connection goes."""
    request.extensions["sni_hostname"] = request.url.host
    request.url = request.url.copy_with(host=address)


def _no_answer(asked: Asked, happened: str, *, unknown: bool, code: str | None = None) -> Unavailable:
    remedy = "whether it was done is unknown and is looked up before it is repeated" if unknown else "try again later"
    text = f"{asked.system} {happened} when asked for {asked.what}: {remedy}."
    return Unavailable(text, system=asked.system, code=code, outcome_unknown=unknown)


def as_json(value: Mapping[str, Any] | Sequence[Any]) -> bytes:
    """Return the JSON text of a request body; what cannot be written as UTF-8 is replaced."""
    return json.dumps(without_bad_characters(value), ensure_ascii=False, separators=(",", ":")).encode()


def base_url(value: str, setting: str) -> str:
    """Return an address without trailing slash; raise `UsageError` naming the setting when it is none."""
    text = value.strip().rstrip("/")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{setting} is not a web address: set it to one that starts with https://.")
    return text


def secret(value: str, setting: str) -> str:
    """Return a credential fit for a header; raise `UsageError` naming the setting, never the value."""
    text = value.strip()
    if not text:
        raise UsageError(f"{setting} is empty: set it.")
    if not (text.isascii() and text.isprintable()):
        raise UsageError(f"{setting} holds characters that no credential has: copy it again.")
    return text
