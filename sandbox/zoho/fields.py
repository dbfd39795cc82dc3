"""Field metadata of the stand-in's modules, as GET /settings/fields gives it.

Names, types and lengths of the default fields are those of Zoho's own field tables (Leads of API v7 and v8).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

LEAD_SOURCES = (
    "-None-", "Advertisement", "Cold Call", "Employee Referral", "External Referral", "Online Store", "Partner",
    "Public Relations", "Sales Email Alias", "Seminar Partner", "Internal Seminar", "Trade Show", "Web Download",
    "Web Research", "Chat", "X (Twitter)", "Facebook",
)  # fmt: skip
LEAD_STATUSES = ("-None-", "Attempted to Contact", "Contact in Future", "Contacted", "Junk Lead", "Lost Lead", "Not Contacted")
STAGES = ("Qualification", "Needs Analysis", "Value Proposition", "Negotiation/Review", "Closed Won", "Closed Lost")
SALUTATIONS = ("-None-", "Mr.", "Mrs.", "Ms.", "Dr.", "Prof.")
INDUSTRIES = ("-None-", "Education", "Finance", "Manufacturing", "Medical", "Real Estate", "Retail", "Technology")

_JSON_TYPES = {
    "boolean": "boolean", "integer": "integer", "double": "double", "currency": "double", "bigint": "string",
    "lookup": "jsonobject", "ownerlookup": "jsonobject", "multiselectpicklist": "jsonarray", "subform": "jsonarray",
    "jsonarray": "jsonarray",
}  # fmt: skip
_UI_TYPES = {
    "text": 1, "picklist": 2, "textarea": 3, "ownerlookup": 8, "website": 21, "date": 24, "email": 25, "integer": 32,
    "phone": 33, "currency": 36, "datetime": 200, "boolean": 301, "lookup": 786,
}  # fmt: skip
_LENGTHS = {
    "text": 255, "phone": 30, "email": 100, "picklist": 120, "textarea": 32_000, "website": 255, "boolean": 5, "integer": 9,
    "currency": 16, "lookup": 120, "ownerlookup": 120, "date": 20, "datetime": 20,
}  # fmt: skip
_PICK_IDS = 5_725_767_100_000_000_000


@dataclass(slots=True)
class Field:
    """One field of a module; `meta` is what the fields API says, the attributes are what the stand-in decides by."""

    meta: dict[str, Any] = field(repr=False)

    @property
    def api_name(self) -> str:
        """The name used in requests."""
        return str(self.meta["api_name"])

    @property
    def data_type(self) -> str:
        """The type, such as `phone` or `picklist`."""
        return str(self.meta["data_type"])

    @property
    def length(self) -> int:
        """The longest value, in characters."""
        return int(self.meta["length"])

    @property
    def read_only(self) -> bool:
        """Whether the API may not write it."""
        return bool(self.meta["read_only"] or self.meta["field_read_only"])

    @property
    def mandatory(self) -> bool:
        """Whether the API demands it."""
        return bool(self.meta["system_mandatory"])

    @property
    def unique(self) -> bool:
        """Whether two records may not share a value."""
        return bool(self.meta["unique"])

    @property
    def picks(self) -> tuple[str, ...]:
        """The stored values of a picklist."""
        return tuple(str(item["actual_value"]) for item in self.meta["pick_list_values"])


def complete(given: dict[str, Any], field_id: str) -> Field:
    """Fill what a piece of field metadata leaves open with Zoho's usual values; only `api_name` is demanded."""
    api_name, data_type = given["api_name"], given.get("data_type", "text")
    label = given.get("field_label", str(api_name).replace("_", " "))
    locked = bool(given.get("read_only", False))
    meta = {
        "id": field_id, "api_name": api_name, "field_label": label, "display_label": label, "data_type": data_type,
        "json_type": _JSON_TYPES.get(data_type, "string"), "length": _LENGTHS.get(data_type, 255), "decimal_place": None,
        "system_mandatory": False, "read_only": locked, "field_read_only": locked, "custom_field": True, "visible": True,
        "searchable": True, "sortable": True, "filterable": True, "webhook": True, "unique": {}, "external": None,
        "ui_type": _UI_TYPES.get(data_type, 1), "view_type": _views(locked), "operation_type": _operations(locked),
        "pick_list_values": [], "lookup": {}, "formula": {}, "currency": {}, "auto_number": {}, "multi_select_lookup": {},
        "multi_user_lookup": {}, "history_tracking": None, "tooltip": None, "type": "used", "created_source": "default",
        "default_value": None, "businesscard_supported": False, "crypt": None, "profiles": [], "private": None,
        "blueprint_supported": True,
    }  # fmt: skip
    meta.update({key: value for key, value in given.items() if key != "id" or value})
    meta["pick_list_values"] = list(_picks(meta["pick_list_values"], field_id))
    return Field(meta)


def _views(locked: bool) -> dict[str, bool]:
    return {"view": True, "edit": not locked, "quick_create": False, "create": not locked}


def _operations(locked: bool) -> dict[str, bool]:
    return {"web_update": not locked, "api_create": not locked, "web_create": not locked, "api_update": not locked}


def _picks(values: Iterable[Any], field_id: str) -> Iterable[dict[str, Any]]:
    """Complete the entries of a pick list; a world gives plain values, or entries as Zoho describes them."""
    for number, value in enumerate(values, 1):
        given = (
            value if isinstance(value, dict) else dict.fromkeys(("display_value", "actual_value", "reference_value"), value)
        )
        number_of_value = str(_PICK_IDS + int(field_id) % 10**9 * 100 + number)
        yield {"sequence_number": number, "type": "used", "id": number_of_value, "colour_code": None} | given


def standard(api_name: str, data_type: str = "text", length: int | None = None, **more: Any) -> dict[str, Any]:
    """Describe a field Zoho brings along."""
    given = {"api_name": api_name, "data_type": data_type, "custom_field": False, **more}
    return given if length is None else {**given, "length": length}


def system_fields() -> list[dict[str, Any]]:
    """Describe the fields every module has."""
    return [
        standard("Owner", "ownerlookup"),
        standard("Created_By", "ownerlookup", read_only=True),
        standard("Modified_By", "ownerlookup", read_only=True),
        standard("Created_Time", "datetime", read_only=True),
        standard("Modified_Time", "datetime", read_only=True),
        standard("Last_Activity_Time", "datetime", read_only=True),
        standard("Tag", "jsonarray", 2000),
        standard("Record_Status__s", "picklist", read_only=True, pick_list_values=["Available", "Draft", "Trash"]),
    ]


def address_fields(prefix: str = "") -> list[dict[str, Any]]:
    """Describe the parts of an address."""
    code = "Zip" if prefix else "Zip_Code"
    names = {"Street": 250, "City": 100, "State": 100, code: 30, "Country": 100}
    return [standard(prefix + name, "text", length) for name, length in names.items()]
