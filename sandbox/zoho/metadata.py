"""What the organisation is like: itself, its users, modules, fields and layouts."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from sandbox.zoho.calls import Call, Crm
from sandbox.zoho.envelopes import Refusal, invalid_id, missing_param, no_content
from sandbox.zoho.modules import Module
from sandbox.zoho.paging import cut

User = dict[str, Any]


def _active(user: User) -> bool:
    return bool(user["status"] == "active")


def _confirmed(user: User) -> bool:
    return bool(user["confirm"])


def _admin(user: User) -> bool:
    return _active(user) and user["profile"]["name"] == "Administrator"


_USER_TYPES: dict[str, Callable[[User], bool]] = {
    "AllUsers": lambda user: user["status"] != "deleted",
    "ActiveUsers": _active,
    "AllActiveUsers": _active,
    "DeactiveUsers": lambda user: user["status"] in {"inactive", "disabled"},
    "ConfirmedUsers": _confirmed,
    "NotConfirmedUsers": lambda user: not _confirmed(user),
    "DeletedUsers": lambda user: user["status"] == "deleted",
    "ActiveConfirmedUsers": lambda user: _active(user) and _confirmed(user),
    "AdminUsers": _admin,
    "ActiveConfirmedAdmins": lambda user: _admin(user) and _confirmed(user),
    "DeveloperUsers": lambda user: user["type__s"] == "Developer User",
    "ActiveLiteUser": lambda user: _active(user) and user["type__s"] == "Lite User",
}


def complete_user(given: dict[str, Any], organisation_zone: str, now: datetime) -> User:
    """Fill what the world leaves open about a user."""
    full_name = str(given.get("full_name") or given["email"])
    first, _, last = full_name.rpartition(" ")
    zone = given.get("time_zone") or organisation_zone
    offset = now.astimezone(ZoneInfo(zone)).utcoffset()
    return {
        "first_name": first or None, "last_name": last, "status": "active", "confirm": True, "zuid": str(given["id"])[-9:],
        "type__s": "Regular User", "locale": "en_US", "language": "en_US", "phone": None, "mobile": None, "Isonline": False,
        "created_time": now.replace(microsecond=0).isoformat(), "Modified_Time": now.replace(microsecond=0).isoformat(),
        "personal_account": False, **given, "time_zone": zone, "full_name": full_name, "id": str(given["id"]),
        "offset": int(offset.total_seconds() * 1000) if offset else 0,
        "role": _named(given.get("role") or "CEO", 26_005), "profile": _named(given.get("profile") or "Administrator", 26_011),
    }  # fmt: skip


def _named(given: Any, number: int) -> dict[str, Any]:
    return given if isinstance(given, dict) else {"name": given, "id": f"57257670000000{number}"}


def read_organisation(call: Call) -> Response:
    """GET /org."""
    return call.json({"org": [_organisation(call.crm)]})


def read_users(call: Call) -> Response:
    """GET /users?type=…: AllUsers unless said otherwise; 204 for none."""
    kind = call.query.get("type") or "AllUsers"
    users = list(call.store.users.values())
    if kind == "CurrentUser":
        chosen = [user for user in users if user["id"] == call.user]
    elif kind in _USER_TYPES:
        chosen = [user for user in users if _USER_TYPES[kind](user)]
    else:
        raise Refusal(400, "INVALID_DATA", "invalid data", param_name="type", supported_values=[*_USER_TYPES, "CurrentUser"])
    if ids := call.query.get("ids"):
        chosen = [user for user in chosen if user["id"] in ids.split(",")]
    rows, info = cut(chosen, call.query, call.faults.page_limit)
    return call.json({"users": rows, "info": info}) if rows else no_content()


def read_user(call: Call) -> Response:
    """GET /users/{id}."""
    user = call.store.users.get(call.path["id"])
    if user is None:
        raise invalid_id()
    return call.json({"users": [user]})


def read_modules(call: Call) -> Response:
    """GET /settings/modules."""
    return call.json({"modules": [_module(module) for module in call.store.modules.values()]})


def read_module(call: Call) -> Response:
    """GET /settings/modules/{module}."""
    return call.json({"modules": [_module(call.module)]})


def read_fields(call: Call) -> Response:
    """GET /settings/fields?module=…."""
    return call.json({"fields": [field.meta for field in _module_asked(call).fields.values()]})


def read_layouts(call: Call) -> Response:
    """GET /settings/layouts?module=…: one standard layout; what it demands is `required`."""
    module = _module_asked(call)
    demanded = module.layout_required | set(call.faults.layout_mandatory.get(module.api_name, []))
    fields = [
        {**field.meta, "required": name in demanded or field.mandatory, "sequence_number": number}
        for number, (name, field) in enumerate(module.fields.items(), 1)
    ]
    heading = f"{module.singular} Information"
    section = {
        "display_label": heading,
        "name": heading,
        "sequence_number": 1,
        "column_count": 2,
        "type": "used",
        "fields": fields,
    }
    layout = {
        "id": str(int(module.id) + 91), "name": "Standard", "display_label": "Standard", "api_name": "Standard",
        "visible": True, "status": "active", "generated_type": "system", "sections": [section], "profiles": [],
    }  # fmt: skip
    return call.json({"layouts": [layout]})


def _module_asked(call: Call) -> Module:
    api_name = call.query.get("module")
    if not api_name:
        raise missing_param("module")
    if api_name not in call.store.modules:
        raise Refusal(400, "INVALID_MODULE", "the module name given seems to be invalid", param_name="module")
    return call.store.modules[api_name]


def _organisation(crm: Crm) -> dict[str, Any]:
    given = crm.organisation
    now = crm.now().astimezone(UTC).replace(microsecond=0).isoformat()
    return {
        "company_name": given["company_name"], "zgid": str(given["zgid"]), "domain_name": f"org{given['zgid']}",
        "time_zone": given["time_zone"], "currency": "US Dollar", "iso_code": "USD", "currency_symbol": "$",
        "type": given.get("type", "production"), "id": str(given["zgid"]), "country_code": given.get("country_code", "US"),
        "primary_email": crm.store.users[crm.current_user]["email"], "mc_status": False, "gapps_enabled": False,
        "license_details": {
            "paid": True, "paid_type": str(given.get("edition", "enterprise")).lower(), "users_license_purchased": 5,
            "trial_type": None, "trial_expiry": None, "paid_expiry": None,
        },
        "created_time": now,
    }  # fmt: skip


def _module(module: Module) -> dict[str, Any]:
    shown = module.api_name != "Notes"
    return {
        "api_name": module.api_name, "module_name": module.api_name, "id": module.id, "singular_label": module.singular,
        "plural_label": module.plural, "api_supported": True, "creatable": True, "editable": True, "deletable": True,
        "viewable": True, "visibility": 1 if shown else 0, "visible": shown, "status": "visible" if shown else "system_hidden",
        "show_as_tab": shown, "convertable": module.api_name == "Leads", "quick_create": shown, "feeds_required": False,
        "generated_type": module.generated_type, "modified_time": None, "modified_by": None, "business_card_field_limit": 5,
        "profiles": [{"name": "Administrator", "id": "5725767000000026011"}], "parent_module": {}, "sequence_number": 1,
        "isBlueprintSupported": shown, "global_search_supported": shown, "inventory_template_supported": False,
        "emailTemplate_support": shown,
    }  # fmt: skip
