"""Converting leads and merging records, through the API and by hand alike."""

from typing import Any

from starlette.responses import Response

from sandbox.zoho.calls import Call, Crm
from sandbox.zoho.envelopes import Refusal, invalid_id, row_done
from sandbox.zoho.store import Conversion, Record, Values
from sandbox.zoho.validation import as_id

_CARRIED = (
    "Last_Name", "First_Name", "Salutation", "Email", "Phone", "Mobile", "Fax", "Lead_Source", "Description", "Email_Opt_Out",
    "Secondary_Email", "Skype_ID", "Twitter",
)  # fmt: skip
_MAX_CHILDREN = 2


def convert(call: Call) -> Response:
    """POST /Leads/{id}/actions/convert. Raises Refusal ID_ALREADY_CONVERTED, RECORD_LOCKED or INVALID_DATA."""
    wanted = call.rows()[0]
    lead = call.store.live("Leads", as_id(call.path["id"]))
    if lead is None:
        raise invalid_id()
    if lead.conversion:
        raise Refusal(400, "ID_ALREADY_CONVERTED", "id already converted", resource_path_index=1)
    if lead.id in call.faults.locked_records:
        raise Refusal(400, "RECORD_LOCKED", "record is locked", resource_path_index=1)
    targets = {module: _existing(call, module, wanted.get(module)) for module in ("Contacts", "Accounts")}
    conversion = convert_lead(
        call.crm, lead, call.user, contact=targets["Contacts"], account=targets["Accounts"], deal=wanted.get("Deals")
    )
    details = {
        module: {"name": call.display.name(module, record_id), "id": record_id} if record_id else None
        for module, record_id in (
            ("Contacts", conversion.contact_id), ("Deals", conversion.deal_id), ("Accounts", conversion.account_id)
        )
    }  # fmt: skip
    return call.json({"data": [row_done("The record has been converted successfully", details)]})


def convert_lead(
    crm: Crm,
    lead: Record,
    by: str,
    *,
    contact: Record | None = None,
    account: Record | None = None,
    deal: Values | None = None,
) -> Conversion:
    """Turn a lead into a contact (and, with a company, an account) or add it to the given ones, and move its notes."""
    store = crm.store
    company = lead.values.get("Company")
    if account is None and company:
        twins = store.holders("Accounts", "Account_Name", company)
        account = twins[0] if twins else store.create("Accounts", {"Account_Name": company}, lead.owner_id, by)
    if contact is None:
        values = {name: lead.values[name] for name in _CARRIED if lead.values.get(name) is not None}
        values |= {"Account_Name": {"id": account.id}} if account else {}
        contact = store.create("Contacts", values, lead.owner_id, by)
    made = store.create("Deals", _deal(deal, contact, account), lead.owner_id, by) if deal else None
    conversion = Conversion(crm.now(), contact.id, account.id if account else None, made.id if made else None)
    store.convert(lead, conversion, by, touch=crm.faults.conversion_touches_modified)
    if crm.faults.notes_on_conversion != "stay":
        to_deal = made is not None and crm.faults.notes_on_conversion == "deal"
        new_parent = made if to_deal and made else contact
        store.move_notes(("Leads", lead.id), (new_parent.module, new_parent.id))
    return conversion


def merge(call: Call) -> Response:
    """POST /{module}/{id}/actions/merge: the record in the path survives. Raises Refusal for ids that are none."""
    master = call.store.live(call.module.api_name, as_id(call.path["id"]))
    if master is None:
        raise invalid_id()
    given = (call.body or {}).get("merge") if isinstance(call.body, dict) else None
    if not isinstance(given, list) or len(given) != 1 or not given[0].get("data"):
        raise Refusal(
            400, "INVALID_DATA", "invalid data", api_name="merge", json_path="$.merge", expected_data_type="jsonarray"
        )
    rows: list[dict[str, Any]] = given[0]["data"]
    if len(rows) > _MAX_CHILDREN:
        raise Refusal(
            400, "INVALID_DATA", "invalid data", maximum_length=_MAX_CHILDREN, api_name="data", json_path="$.merge[0].data"
        )
    for index, row in enumerate(rows):
        child = call.store.live(master.module, as_id(row))
        if child is None or child is master:
            raise Refusal(400, "INVALID_DATA", "invalid data", api_name="id", json_path=f"$.merge[0].data[{index}].id")
        taken = [str(item["api_name"]) for item in row.get("_fields") or []]
        merge_records(call.crm, master, child, call.user, taken)
    details = {"id": master.id}
    return call.json({"merge": [row_done("The records are merged successfully", details)]})


def merge_records(crm: Crm, master: Record, child: Record, by: str, taken: list[str] | None = None) -> None:
    """Let one record be swallowed by another: named fields and all notes go over, nothing points from child to master."""
    values = {name: child.values[name] for name in taken or [] if name in child.values}
    crm.store.delete(child, by)
    crm.store.move_notes((child.module, child.id), (master.module, master.id))
    crm.store.edit(master, values, by)


def _existing(call: Call, module: str, given: Any) -> Record | None:
    if not given:
        return None
    record = call.store.live(module, as_id(given))
    if record is None:
        raise Refusal(400, "INVALID_DATA", "invalid data", api_name=module, json_path=f"$.data[0].{module}.id")
    return record


def _deal(given: Values, contact: Record, account: Record | None) -> Values:
    kept = {name: value for name, value in given.items() if name != "Contact_Role"}
    return kept | {"Contact_Name": {"id": contact.id}} | ({"Account_Name": {"id": account.id}} if account else {})
