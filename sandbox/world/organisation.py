"""The Zoho organisation of the data files, in the form of the world."""

from typing import Any

from sandbox.world.moments import Calendar, moment

NOT_FIELDS = {"owner", "created", "modified", "converted"}


def written_organisation(source: dict[str, Any], calendar: Calendar) -> dict[str, Any]:
    """Return the Zoho half of a world. `created`, `modified` and a conversion's `at` are pairs of days ago and clock time."""
    owners = {user["email"]: user["id"] for user in source["users"]}
    records = {module: [_record(row, owners, calendar) for row in rows] for module, rows in source["records"].items()}
    return {
        "client": source["client"],
        "organisation": source["organisation"],
        "users": source["users"],
        "current_user": source["current_user"],
        "fields": source["fields"],
        "records": records,
        "conversions": [_conversion(row, calendar) for row in source["records"]["Leads"] if "converted" in row],
        "notes": [_note(row, calendar) for row in source.get("notes", [])],
    }


def _record(row: dict[str, Any], owners: dict[str, str], calendar: Calendar) -> dict[str, Any]:
    fields = {name: value for name, value in row.items() if name not in NOT_FIELDS}
    created = row["created"]
    return {
        **fields,
        "Owner": {"id": owners[row["owner"]]},
        "Created_Time": calendar.text(moment(*created)),
        "Modified_Time": calendar.text(moment(*row.get("modified", created))),
    }


def _conversion(row: dict[str, Any], calendar: Calendar) -> dict[str, Any]:
    converted = row["converted"]
    return {
        "lead": row["id"],
        "contact": converted["contact"],
        "trace": converted["trace"],
        "at": calendar.text(moment(*converted["at"])),
    }


def _note(row: dict[str, Any], calendar: Calendar) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name != "created"}
    return {**kept, "Created_Time": calendar.text(moment(*row["created"]))}
