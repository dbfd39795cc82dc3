"""Which scopes a consent asks for: what the sync needs, what a person's live chat needs, what signing in needs. No I/O."""

from collections.abc import Iterable

from chatledger.clients.zoho.scopes import STANDARD_MODULES, needed_scopes

SIGN_IN = ("ZohoCRM.users.READ", "ZohoCRM.org.READ")
LIVE_CHAT_MODULES = ("Leads", "Contacts", "Accounts", "Deals")
"""The modules whose detail pages usually carry the widget."""


def of_the_organisation(target_module: str, modules: Iterable[str]) -> list[str]:
    """Return what the organisation's connection asks for; the query language reads indexes above the limit of lists."""
    return _as_zoho_names_them([*needed_scopes(target_module, modules), "ZohoCRM.coql.READ"])


def of_a_person(modules: Iterable[str]) -> list[str]:
    """Return what a personal connection asks for: reading records as this user, and nothing more."""
    read = [f"ZohoCRM.modules.{module}.READ" for module in dict.fromkeys([*LIVE_CHAT_MODULES, *modules])]
    return _as_zoho_names_them([*read, *SIGN_IN, "ZohoCRM.settings.fields.READ"])


def _as_zoho_names_them(scopes: Iterable[str]) -> list[str]:
    """Name custom modules together: Zoho knows no scope for a single one."""
    return list(dict.fromkeys(_as_zoho_names_it(scope) for scope in scopes))


def _as_zoho_names_it(scope: str) -> str:
    parts = scope.split(".")
    if parts[1] == "modules" and parts[2].lower().replace("_", "") not in STANDARD_MODULES:
        return ".".join([*parts[:2], "custom", parts[3]])
    return scope
