"""Zoho's data centres: the only accounts servers a browser may be sent to or a code exchanged at. No I/O.

https://www.zoho.com/crm/developer/docs/api/v8/multi-dc.html
"""

from urllib.parse import urlsplit

ACCOUNTS_HOSTS = {
    "us": "accounts.zoho.com", "eu": "accounts.zoho.eu", "in": "accounts.zoho.in", "au": "accounts.zoho.com.au",
    "jp": "accounts.zoho.jp", "ca": "accounts.zohocloud.ca", "sa": "accounts.zoho.sa", "cn": "accounts.zoho.com.cn",
    "uk": "accounts.zoho.uk",
}  # fmt: skip


def accounts_address(location: str) -> str:
    """Return the accounts server of a data centre; raises KeyError for an unknown one."""
    return f"https://{ACCOUNTS_HOSTS[location]}"


def location_of(accounts_url: str) -> str | None:
    """Return the data centre of an accounts server, None for one that is not Zoho's."""
    host = urlsplit(accounts_url).hostname
    return next((location for location, known in ACCOUNTS_HOSTS.items() if known == host), None)


def trusted_address(named: str, configured: str | None) -> str | None:
    """Return the accounts server a consent's answer names when it is one of Zoho's or the configured one, else None.

    The name comes with the browser, so anybody could have written it: a code sent to a foreign server would be given away.
    """
    address = named.rstrip("/")
    if configured and address == configured.rstrip("/"):
        return address
    return address if address in {f"https://{host}" for host in ACCOUNTS_HOSTS.values()} else None


def consent_origins(configured: str | None) -> list[str]:
    """Return every origin a browser may meet on its way to the consent page."""
    origins = [f"https://{host}" for host in ACCOUNTS_HOSTS.values()]
    if configured:
        parts = urlsplit(configured)
        origins.append(f"{parts.scheme}://{parts.netloc}")
    return list(dict.fromkeys(origins))


def crm_origin(accounts_url: str) -> str:
    """Return the origin of the CRM's own pages in the data centre of an accounts server."""
    parts = urlsplit(accounts_url)
    if location_of(accounts_url) is None:
        return f"{parts.scheme}://{parts.netloc}"
    return f"https://crm.{parts.netloc.removeprefix('accounts.')}"
