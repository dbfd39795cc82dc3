"""Generated leads and contacts: numbers as people type them, converted leads, twins."""

from itertools import count
from typing import Any

from sandbox.world import invented
from sandbox.world.growth import Growth
from sandbox.world.invented import Number
from sandbox.world.moments import DAY_SECONDS

FIRST_RECORD_ID = 5725767000020000001
TWIN_SHARE = 0.03


def records(
    growth: Growth, people: list[Number], known_share: float, converted_share: float, owners: list[str]
) -> dict[str, Any]:
    """Return the records and conversions that make so large a part of the people known to Zoho."""
    ids = (str(FIRST_RECORD_ID + step) for step in count())
    leads: list[dict[str, Any]] = []
    contacts: list[dict[str, Any]] = []
    conversions: list[dict[str, Any]] = []
    known = growth.random.sample(people, round(len(people) * known_share))
    converted = round(len(people) * min(converted_share, known_share))
    for index, who in enumerate(known):
        lead = _person(growth, next(ids), who, growth.random.choice(owners))
        leads.append({**lead, "Company": "WhatsApp", "Lead_Source": growth.random.choice(("TimelinesAI", "Web Download"))})
        if index < converted:
            contact = _person(growth, next(ids), who, lead["Owner"]["id"]) | {
                "Last_Name": lead["Last_Name"],
                "Phone": lead["Mobile"],
            }
            contacts.append(contact)
            at = max(lead["Modified_Time"], contact["Created_Time"])
            conversions.append({"lead": lead["id"], "contact": contact["id"], "trace": index % 3 != 2, "at": at})
        elif growth.random.random() < TWIN_SHARE:
            leads.append(_person(growth, next(ids), who, lead["Owner"]["id"]) | {"Company": "WhatsApp"})
    return {"records": {"Leads": leads, "Contacts": contacts}, "conversions": conversions, "notes": []}


def _person(growth: Growth, record_id: str, who: Number, owner: str) -> dict[str, Any]:
    created = growth.days * DAY_SECONDS + growth.random.randint(0, 90 * DAY_SECONDS)
    return {
        "id": record_id,
        "Last_Name": invented.full_name(growth.random, who.country),
        "Mobile": invented.as_typed(growth.random, who),
        "Owner": {"id": owner},
        "Created_Time": growth.at(created),
        "Modified_Time": growth.at(growth.random.randint(0, created)),
    }
