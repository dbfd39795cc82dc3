"""Which OAuth scopes this software needs, and what a granted scope covers. No I/O.

A missing one fails only the calls that need it, often long after the connection was made, so they are compared beforehand.
https://www.zoho.com/crm/developer/docs/api/v8/scopes.html
"""

from collections.abc import Iterable, Sequence

STANDARD_MODULES = {
    "leads", "accounts", "contacts", "deals", "campaigns", "tasks", "cases", "events", "calls", "solutions", "products",
    "vendors", "pricebooks", "quotes", "salesorders", "purchaseorders", "invoices", "appointments", "services", "notes",
}  # fmt: skip
_OF_A_WRITE = ("create", "update")


def needed_scopes(target_module: str, modules: Iterable[str]) -> list[str]:
    """Return the scopes a sync to `target_module` needs that also reads `modules`."""
    read = [f"ZohoCRM.modules.{module}.READ" for module in dict.fromkeys([target_module, *modules])]
    return [
        *read,
        f"ZohoCRM.modules.{target_module}.CREATE",
        *(f"ZohoCRM.modules.Notes.{right}" for right in ("READ", "CREATE", "UPDATE")),
        "ZohoCRM.users.READ",
        "ZohoCRM.org.READ",
        *(f"ZohoCRM.settings.{part}.READ" for part in ("modules", "fields", "layouts")),
    ]


def missing_scopes(granted: Iterable[str], needed: Sequence[str]) -> list[str]:
    """Return those of the needed scopes that none of the granted ones covers."""
    held = [scope.lower().split(".") for scope in granted]
    return [scope for scope in needed if not any(_covers(wide, scope.lower().split(".")) for wide in held)]


def _covers(granted: list[str], needed: list[str]) -> bool:
    *wide, right = granted
    *narrow, wanted = needed
    if right not in ("all", wanted) and not (right == "write" and wanted in _OF_A_WRITE):
        return False
    # `modules.ALL` covers every module, `settings.ALL` every kind of setting, `modules.custom.ALL` all custom modules.
    custom = wide[1:] == ["modules", "custom"] and narrow[:2] == ["zohocrm", "modules"]
    return narrow[: len(wide)] == wide or (custom and narrow[2].replace("_", "") not in STANDARD_MODULES)
