"""Which scope each endpoint demands, and what a granted scope covers."""

from collections.abc import Iterable

from sandbox.zoho.envelopes import Refusal

_WRITES = {"CREATE", "UPDATE"}
EVERYTHING = (
    "ZohoCRM.modules.ALL", "ZohoSearch.securesearch.READ", "ZohoCRM.coql.READ", "ZohoCRM.users.READ", "ZohoCRM.org.READ",
    "ZohoCRM.settings.ALL", "ZohoCRM.notifications.ALL",
)  # fmt: skip


def read_scopes(text: str) -> list[str]:
    """Split scopes separated by commas or spaces."""
    return [scope for scope in text.replace(",", " ").split() if scope]


def demand(granted: Iterable[str], needed: str) -> None:
    """Check one scope, written without its first part (`modules.Leads.READ`) or whole. Raises Refusal OAUTH_SCOPE_MISMATCH."""
    if not any(_covers(scope, needed) for scope in granted):
        raise Refusal(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")


def _covers(scope: str, needed: str) -> bool:
    whole = needed if needed.startswith("Zoho") else f"ZohoCRM.{needed}"
    *wide, right = scope.lower().split(".")
    *narrow, wanted = whole.lower().split(".")
    if right not in {"all", wanted} and not (right == "write" and wanted.upper() in _WRITES):
        return False
    # `modules.ALL` covers every module, `settings.ALL` every kind of setting; `modules.custom` all custom modules.
    return narrow[: len(wide)] == wide or (wide[1:] == ["modules", "custom"] and _is_custom(narrow))


def _is_custom(parts: list[str]) -> bool:
    standard = {"leads", "accounts", "contacts", "deals", "products", "notes"}
    return len(parts) == 3 and parts[1] == "modules" and parts[2] not in standard
