"""Where a person finds a record in the browser."""

from blocks.environment import read_environment
from blocks.zoho_connection import ZohoConnection
from chatledger.errors import UsageError


def record_url(zgid: str) -> str | None:
    """Return the address below which `module/id` opens, None where the environment does not say which data centre it is."""
    try:
        connection = ZohoConnection.from_environment(read_environment())
    except UsageError:
        return None
    return connection.record_url.format(zgid=zgid)
