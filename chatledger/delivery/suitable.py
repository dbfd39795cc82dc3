"""Which modules and fields of Zoho would do for which setting: what a form offers and what an activation accepts."""

from collections.abc import Mapping, Sequence

from chatledger.models import ZohoField, ZohoModule
from chatledger.settings import SyncSettings

_NOTED = {
    "Leads", "Accounts", "Contacts", "Deals", "Campaigns", "Tasks", "Cases", "Events", "Calls", "Solutions", "Products",
    "Vendors", "Price_Books", "Quotes", "Sales_Orders", "Purchase_Orders", "Invoices", "Appointments__s", "Services__s",
}  # fmt: skip
LINK_TYPES = ("website", "text", "textarea")
NAME_TYPES = ("text", "textarea")
SOURCE_TYPES = ("picklist", "text")


def takes_records(module: ZohoModule) -> bool:
    """Say whether a module takes records and notes through the API."""
    return (module.api_name in _NOTED or module.generated_type == "custom") and module.api_supported and module.creatable


def phone_fields(fields: Sequence[ZohoField], *, written: bool) -> list[str]:
    """Return the fields that Zoho calls phone fields, with `written` only those a new record can be given."""
    return [field.api_name for field in fields if field.data_type == "phone" and (field.creatable or not written)]


def takes(field: ZohoField, types: Sequence[str]) -> bool:
    """Say whether a new record can be given a value of one of these data types in a field; no types stand for any."""
    return field.creatable and not field.read_only and (not types or field.data_type in types)


def can_be_target(fields: Sequence[ZohoField]) -> bool:
    """Say whether a module with these fields can take chats: it needs one for the number and one for the name."""
    return bool(phone_fields(fields, written=True)) and any(takes(field, NAME_TYPES) for field in fields)


def left_empty(settings: SyncSettings, fields: Mapping[str, ZohoField], layout: frozenset[str]) -> list[str]:
    """Return the fields that Zoho, or some layout of the target, demands of a new record and that the settings do not fill."""
    filled = {
        settings.name_field, settings.phone_field, settings.chat_link_field, settings.lead_source_field,
        settings.unique_phone_field, "Owner", *settings.fixed_fields,
    }  # fmt: skip
    demanded = {name for name, field in fields.items() if field.mandatory and field.creatable} | (layout & fields.keys())
    return sorted(name for name in demanded - filled if name and not fields[name].read_only)
