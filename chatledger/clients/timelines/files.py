"""Downloads the files of messages without letting a message choose where this machine connects to.

Rules (OWASP ASVS 15.3.2): allowed hosts only, HTTPS only, one name resolution and a connection to exactly that address, never
a private address, no redirects, no credentials. The API's own origin is trusted as configured.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx

from chatledger.clients.answers import Answer, Asked
from chatledger.clients.sending import TOO_LARGE, Left, Sender
from chatledger.errors import NotFound, Rejected, Unavailable

ALLOWED_DOMAINS = ("amazonaws.com", "timelines.ai")
GONE = (403, 404, 410)
"""What a pre-signed URL answers once its 15 minutes are over."""

ASKED = Asked("TimelinesAI", "a file of a message")


class FileDownloads:
    """Fetches files from the allowed hosts; `extra_hosts` are trusted like the API's own."""

    def __init__(
        self, *, origin: str, extra_hosts: Sequence[str], timeout: float, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self._origin = origin
        self._trusted = {host.lower() for host in extra_hosts} | {(urlsplit(origin).hostname or "").lower()}
        self._timeout = timeout
        self._transport = transport

    async def fetch(self, url: str, *, max_bytes: int, left: Left) -> bytes:
        """Return the content of a file; raise `NotFound` when its URL has expired, `Rejected` above `max_bytes`."""
        host = self._allowed_host(url)
        address = None if host in self._trusted or self._transport else await _public_address(host)
        answer = await self._send(url, max_bytes, left, address)
        context: dict[str, Any] = {"system": "TimelinesAI", "status": answer.status}
        if answer.status in GONE:
            raise NotFound("The URL of a file has expired: read its message again for a fresh one.", **context)
        if not answer.is_success:
            raise Unavailable(f"A file came with status {answer.status} instead of its content: try again later.", **context)
        return answer.body

    async def _send(self, url: str, max_bytes: int, left: Left, address: str | None) -> Answer:
        sender = Sender(timeout=self._timeout, transport=self._transport, largest=max_bytes)
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        try:
            return await sender.send(ASKED, "GET", url, left=left, headers=headers, at=address)
        except Unavailable as error:
            if error.code == TOO_LARGE:
                raise _refused(f"it is larger than {max_bytes} bytes", TOO_LARGE) from None
            raise
        finally:
            await sender.aclose()

    def _allowed_host(self, url: str) -> str:
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
            same_origin = _origin(parts) == _origin(urlsplit(self._origin))
        except ValueError:
            raise _refused("its URL cannot be read") from None
        if parts.username or parts.password:
            raise _refused("its URL carries a login")
        if not same_origin and (parts.scheme != "https" or not self._is_allowed(host)):
            raise _refused("it is not at an allowed host over HTTPS")
        return host

    def _is_allowed(self, host: str) -> bool:
        return host in self._trusted or any(host == name or host.endswith(f".{name}") for name in ALLOWED_DOMAINS)


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    default = {"https": 443, "http": 80}.get(parts.scheme, 0)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or default


async def _public_address(host: str) -> str:
    """Resolve a name once and return an address that is not of a private network."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unavailable("The host of a file cannot be found: try again later.", system="TimelinesAI") from None
    address = str(found[0][4][0])
    if not is_public(address):
        raise _refused("its host is in a private network")
    return address


def is_public(address: str) -> bool:
    """Say whether an IP address is reachable for everybody; an IPv4 address in IPv6 clothes is judged as IPv4."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_global and not (mapped or ip).is_multicast


def _refused(why: str, code: str = "file_refused") -> Rejected:
    return Rejected(f"A file was not downloaded because {why}: open it in TimelinesAI.", system="TimelinesAI", code=code)
