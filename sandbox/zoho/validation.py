"""Whether a row of a write may be stored: types, lengths, mandatory and unique fields, owners.

Every complaint is a `Refusal` in Zoho's words; several complaints about one row become MULTIPLE_OR_MULTI_ERRORS.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sandbox.zoho.envelopes import Refusal, Row
from sandbox.zoho.faults import Faults
from sandbox.zoho.fields import Field
from sandbox.zoho.modules import Module
from sandbox.zoho.store import Record, Store, Values

# Digits and letters, + . - space ( ) and, at the end, # or ; are what Zoho's page on phone fields allows.
_PHONE = re.compile(r"[+]?[0-9A-Za-z .\-()]+[#;]?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)")
_RECORD_ID = re.compile(r"\d{1,19}")


@dataclass(frozen=True, slots=True)
class Checked:
    """What of a row may be stored; `owner_id` is None where the row names no owner."""

    values: Values
    owner_id: str | None


@dataclass(frozen=True, slots=True)
class RowCheck:
    """The rules for the rows of one module at one moment."""

    store: Store
    faults: Faults
    module: Module

    def insert(self, row: Row, index: int) -> Checked:
        """Check a new record. Raises Refusal."""
        refused = self.faults.refused_rows.get(self.module.api_name)
        if refused:
            raise Refusal(400, refused, refused.lower().replace("_", " "))
        given = [name for name, value in row.items() if value not in (None, "")]
        missing = [name for name in self._mandatory() if name not in given]
        return self._checked(row, index, missing, None)

    def update(self, row: Row, index: int, record: Record) -> Checked:
        """Check a change of a record. Raises Refusal."""
        emptied = [name for name in self._mandatory() if name in row and row[name] in (None, "")]
        return self._checked(row, index, emptied, record)

    def _mandatory(self) -> list[str]:
        demanded = [name for name, known in self.module.fields.items() if known.mandatory]
        return demanded + [name for name in self.faults.layout_mandatory.get(self.module.api_name, []) if name not in demanded]

    def _checked(self, row: Row, index: int, missing: list[str], record: Record | None) -> Checked:
        complaints = [mandatory(name, index) for name in missing]
        values: Values = {}
        for name, value in row.items():
            try:
                values |= self._field(name, value, index)
            except Refusal as complaint:
                complaints.append(complaint)
        complaints += [*self._owner(row, index), *self._twins(values, index, record)]
        if len(complaints) > 1:
            errors = [complaint.row() for complaint in complaints]
            raise Refusal(400, "MULTIPLE_OR_MULTI_ERRORS", "Multiple or multi errors occurred", errors=errors)
        if complaints:
            raise complaints[0]
        return Checked(values, as_id(row["Owner"]) if row.get("Owner") else None)

    def _field(self, name: str, value: Any, index: int) -> Values:
        known = self.module.fields.get(name)
        if known is None and self.faults.unknown_fields_refused and name != "id" and not name.startswith("$"):
            raise invalid(name, index)
        if known is None or known.read_only or name == "Owner":
            return {}
        if value is None or value == "":
            return {name: None}
        return {name: self._value(known, value, index)}

    def _value(self, known: Field, value: Any, index: int) -> Any:
        expected = _EXPECTED.get(known.data_type)
        if expected and not expected.fits(value):
            raise invalid(known.api_name, index, expected_data_type=expected.name)
        if isinstance(value, str) and text_length(value, self.faults.text_length_unit) > known.length:
            raise invalid(known.api_name, index, maximum_length=known.length)
        if known.data_type == "picklist" and self.faults.picklists_strict and value not in known.picks:
            raise invalid(known.api_name, index, supported_values=list(known.picks))
        if known.data_type == "lookup":
            return self._lookup(known, value, index)
        return value

    def _lookup(self, known: Field, value: Any, index: int) -> Values:
        target = known.meta["lookup"].get("module", {}).get("api_name", "")
        if not self.store.live(target, as_id(value)):
            raise invalid(known.api_name, index)
        return {"id": as_id(value)}

    def _owner(self, row: Row, index: int) -> Iterator[Refusal]:
        if not row.get("Owner"):
            return
        user = self.store.users.get(as_id(row["Owner"]))
        if not user or user["status"] != "active" or not user["confirm"] or user["id"] in self.faults.refused_owners:
            yield Refusal(400, "INVALID_DATA", "invalid data", api_name="Owner", json_path=f"$.data[{index}].Owner.id")

    def _twins(self, values: Values, index: int, record: Record | None) -> Iterator[Refusal]:
        for name, value in values.items():
            if not self.module.fields[name].unique or value is None:
                continue
            for twin in self.store.holders(self.module.api_name, name, value):
                if twin is not record and (not twin.conversion or self.faults.duplicates_among_converted):
                    yield self._duplicate(twin, name, index)
                    break

    def _duplicate(self, twin: Record, name: str, index: int) -> Refusal:
        owner = self.store.users.get(twin.owner_id, {})
        twin_shown = {
            "Owner": {"name": owner.get("full_name"), "id": twin.owner_id},
            "module": {"api_name": self.module.api_name, "id": self.module.id},
            "id": twin.id,
        }
        details = {"api_name": name, "json_path": f"$.data[{index}].{name}", "duplicate_record": twin_shown}
        return Refusal(400, "DUPLICATE_DATA", "duplicate data", **details)


def as_id(value: Any) -> str:
    """Read an id given as digits, as a number or as `{"id": …}`; what is none of them gives an id nobody has."""
    if isinstance(value, dict):
        value = value.get("id")
    return str(value) if isinstance(value, int | str) and _RECORD_ID.fullmatch(str(value)) else ""


def text_length(text: str, unit: str) -> int:
    """Measure a text in `utf16` units, `codepoints` or `utf8` bytes."""
    if unit == "codepoints":
        return len(text)
    if unit == "utf8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def mandatory(name: str, index: int) -> Refusal:
    """Complain about a field that is not given."""
    path = f"$.data[{index}].{name}"
    return Refusal(400, "MANDATORY_NOT_FOUND", "required field not found", api_name=name, json_path=path)


def invalid(name: str, index: int, **why: Any) -> Refusal:
    """Complain about the value of a field."""
    return Refusal(400, "INVALID_DATA", "invalid data", **why, api_name=name, json_path=f"$.data[{index}].{name}")


@dataclass(frozen=True, slots=True)
class _Expected:
    name: str
    fits: Callable[[Any], bool]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_datetime(value: Any) -> bool:
    # Fractions of a second are refused, as integrators found out.
    try:
        return bool(isinstance(value, str) and _DATETIME.fullmatch(value) and datetime.fromisoformat(value))
    except ValueError:
        return False


_TEXT = _Expected("string", _is_text)
_EXPECTED = {
    "text": _TEXT,
    "textarea": _TEXT,
    "picklist": _TEXT,
    "website": _Expected("website", lambda value: _is_text(value) and not re.search(r"\s", value)),
    "phone": _Expected("phone", lambda value: _is_text(value) and bool(_PHONE.fullmatch(value))),
    "email": _Expected("email", lambda value: _is_text(value) and bool(_EMAIL.fullmatch(value))),
    "boolean": _Expected("boolean", lambda value: isinstance(value, bool)),
    "integer": _Expected("integer", _is_whole),
    "bigint": _Expected("bigint", lambda value: _is_whole(value) or (_is_text(value) and value.isdigit())),
    "double": _Expected("double", _is_number),
    "currency": _Expected("double", _is_number),
    "date": _Expected("date", _is_date),
    "datetime": _Expected("datetime", _is_datetime),
    "lookup": _Expected("jsonobject", lambda value: bool(as_id(value))),
    "multiselectpicklist": _Expected("jsonarray", lambda value: isinstance(value, list)),
    "jsonarray": _Expected("jsonarray", lambda value: isinstance(value, list)),
}
