"""The modules the stand-in's organisation has, with their default fields."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.zoho.fields import (
    INDUSTRIES,
    LEAD_SOURCES,
    LEAD_STATUSES,
    SALUTATIONS,
    STAGES,
    Field,
    address_fields,
    complete,
    standard,
    system_fields,
)

Described = list[dict[str, Any]]
_FIRST_ID = 5_725_767_000_000_100_000


@dataclass(slots=True)
class Module:
    """One module: its names, its fields by api_name, and what its layout demands beyond the API."""

    api_name: str
    singular: str
    plural: str
    id: str
    generated_type: str = "default"
    name_field: str = "Name"
    fields: dict[str, Field] = field(default_factory=dict)
    layout_required: set[str] = field(default_factory=set)
    has_notes: bool = True

    def add_field(self, given: dict[str, Any]) -> Field:
        """Add a field, or replace what is known of one."""
        known = self.fields.get(given["api_name"])
        field_id = known.meta["id"] if known else str(int(self.id) + 100 + len(self.fields))
        added = complete({**(known.meta if known else {}), **given}, str(given.get("id") or field_id))
        self.fields[added.api_name] = added
        return added

    def phone_fields(self) -> list[str]:
        """Name the fields that search by phone looks into."""
        return [name for name, known in self.fields.items() if known.data_type == "phone"]

    def of_type(self, data_type: str) -> list[str]:
        """Name the fields of one type."""
        return [name for name, known in self.fields.items() if known.data_type == data_type]


def default_modules() -> dict[str, Module]:
    """Build the modules of a usual organisation, one custom module with a phone field and one module without any."""
    modules = [
        _module(("Leads", "Lead"), 1, "Full_Name", _leads(), {"Company", "Last_Name"}),
        _module(("Accounts", "Account"), 2, "Account_Name", _accounts(), {"Account_Name"}),
        _module(("Contacts", "Contact"), 3, "Full_Name", _contacts(), {"Last_Name"}),
        _module(("Deals", "Deal"), 4, "Deal_Name", _deals(), {"Deal_Name", "Stage", "Closing_Date"}),
        _module(("Products", "Product"), 5, "Product_Name", _products(), {"Product_Name"}),
        _module(("WhatsApp_Clients", "WhatsApp Client"), 6, "Name", _clients(), {"Name"}),
        _module(("Notes", "Note"), 7, "Note_Title", _notes(), set()),
    ]
    modules[-1].has_notes = False
    return {module.api_name: module for module in modules}


def _module(names: tuple[str, str], number: int, name_field: str, described: Described, required: set[str]) -> Module:
    api_name, singular = names
    kind = "custom" if "_" in api_name else "default"
    module_id = str(_FIRST_ID + number * 1000)
    module = Module(api_name, singular, f"{singular}s", module_id, kind, name_field, layout_required=required)
    for given in described + (system_fields() if api_name != "Notes" else []):
        module.add_field(given)
    return module


def _person() -> Described:
    return [
        standard("Last_Name", "text", 80, system_mandatory=True),
        standard("First_Name", "text", 40),
        standard("Full_Name", "text", 120, read_only=True),
        standard("Salutation", "picklist", pick_list_values=SALUTATIONS),
        standard("Email", "email", 100),
        standard("Phone", "phone", 30),
        standard("Mobile", "phone", 30),
        standard("Fax", "text", 30),
        standard("Lead_Source", "picklist", 120, pick_list_values=LEAD_SOURCES),
        standard("Description", "textarea", 32_000),
        standard("Email_Opt_Out", "boolean"),
        standard("Secondary_Email", "email", 100),
        standard("Skype_ID", "text", 50),
        standard("Twitter", "text", 50),
    ]


def _leads() -> Described:
    return [
        *_person(),
        standard("Company", "text", 200),
        standard("Designation", "text", 100),
        standard("Website", "website", 255),
        standard("Lead_Status", "picklist", 120, pick_list_values=LEAD_STATUSES),
        standard("Industry", "picklist", 120, pick_list_values=INDUSTRIES),
        standard("Annual_Revenue", "currency"),
        standard("No_of_Employees", "integer"),
        *address_fields(),
        standard("Converted__s", "boolean", read_only=True),
        standard("Converted_Date_Time", "datetime", read_only=True),
        standard("Lead_Conversion_Time", "double", 10, read_only=True),
        *(_lookup(f"Converted_{module}", f"{module}s", read_only=True) for module in ("Account", "Contact", "Deal")),
    ]


def _contacts() -> Described:
    phones = [standard(name, "phone", 30) for name in ("Home_Phone", "Other_Phone", "Asst_Phone")]
    return [
        *_person(),
        *phones,
        _lookup("Account_Name", "Accounts"),
        standard("Title", "text", 100),
        *address_fields("Mailing_"),
    ]


def _accounts() -> Described:
    return [
        standard("Account_Name", "text", 200, system_mandatory=True),
        standard("Phone", "phone", 30),
        standard("Fax", "text", 30),
        standard("Website", "website", 255),
        standard("Industry", "picklist", 120, pick_list_values=INDUSTRIES),
        standard("Description", "textarea", 32_000),
        *address_fields("Billing_"),
    ]


def _deals() -> Described:
    return [
        standard("Deal_Name", "text", 120, system_mandatory=True),
        standard("Stage", "picklist", 120, system_mandatory=True, pick_list_values=STAGES),
        standard("Closing_Date", "date"),
        standard("Amount", "currency"),
        standard("Pipeline", "picklist", 120, pick_list_values=["Standard (Standard)"]),
        _lookup("Account_Name", "Accounts"),
        _lookup("Contact_Name", "Contacts"),
        standard("Lead_Source", "picklist", 120, pick_list_values=LEAD_SOURCES),
        standard("Description", "textarea", 32_000),
    ]


def _products() -> Described:
    return [
        standard("Product_Name", "text", 200, system_mandatory=True),
        standard("Product_Code", "text", 200),
        standard("Unit_Price", "currency"),
        standard("Description", "textarea", 32_000),
    ]


def _clients() -> Described:
    return [
        standard("Name", "text", 120, system_mandatory=True),
        {"api_name": "WhatsApp_Number", "field_label": "WhatsApp Number", "data_type": "phone", "length": 30},
        standard("Email", "email", 100),
        {"api_name": "Chat_Link", "field_label": "Chat Link", "data_type": "website", "length": 450},
        {"api_name": "Source", "field_label": "Source", "data_type": "text", "length": 120},
    ]


def _notes() -> Described:
    return [
        standard("Note_Title", "text", 120),
        standard("Note_Content", "textarea", 65_535),
        standard("Parent_Id", "lookup"),
        standard("Owner", "ownerlookup"),
        standard("Created_By", "ownerlookup", read_only=True),
        standard("Modified_By", "ownerlookup", read_only=True),
        standard("Created_Time", "datetime", read_only=True),
        standard("Modified_Time", "datetime", read_only=True),
    ]


def _lookup(api_name: str, module: str, **more: Any) -> dict[str, Any]:
    return standard(api_name, "lookup", lookup={"module": {"api_name": module}, "display_label": api_name}, **more)
