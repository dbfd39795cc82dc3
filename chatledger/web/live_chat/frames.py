"""Where our pages may be framed: the CRM of the connected data centre and nothing else."""

from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool

from chatledger.ledger import stored_connections
from chatledger.web.parts import WebParts

ACCOUNTS = "accounts."
CRM_HOSTS = ("crm", "crmsandbox", "crmplus", "one")
"""Hosts on which Zoho shows CRM records, in front of the data centre's domain."""

THIS_MACHINE = ("127.0.0.1", "localhost")


def frame_origins(accounts_url: str | None) -> tuple[str, ...]:
    """Return who may frame us, for the accounts server of the connection; a stand-in frames from its own address."""
    parts = urlsplit((accounts_url or "").rstrip("/"))
    if not parts.netloc:
        return ()
    if parts.netloc.startswith(f"{ACCOUNTS}zoho"):
        domain = parts.netloc.removeprefix(ACCOUNTS)
        return tuple(f"https://{host}.{domain}" for host in CRM_HOSTS)
    if parts.hostname in THIS_MACHINE:
        port = f":{parts.port}" if parts.port else ""
        return tuple(f"{parts.scheme}://{host}{port}" for host in THIS_MACHINE)
    return (f"{parts.scheme}://{parts.netloc}",)


async def connected_origins(parts: WebParts) -> tuple[str, ...]:
    """Return who may frame us: the data centre the organisation is connected to, and whom the operator named besides."""
    stored = await run_in_threadpool(stored_connections.get, parts.ledger, parts.organisation_id, "zoho")
    accounts_url = stored.credentials.get("accounts_url") if stored else parts.zoho_accounts_url
    return (*frame_origins(accounts_url), *parts.frame_origins)
