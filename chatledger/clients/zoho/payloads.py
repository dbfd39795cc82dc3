"""Zoho's JSON into values of the project. No I/O; unknown fields are ignored, ids become strings."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from chatledger.clients.answers import whole_number
from chatledger.clients.moments import read_optional_moment
from chatledger.models import (
    DeletedRecord,
    Page,
    RecordRef,
    Unreadable,
    ZohoField,
    ZohoModule,
    ZohoNote,
    ZohoOrganisation,
    ZohoUser,
)

Item = TypeVar("Item")

PAGE_SIZE = 200


def _loose_text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _loose_moment(value: Any) -> datetime | None:
    try:
        return read_optional_moment(value)
    except ValueError:
        return None


def _true_if_none(value: Any) -> Any:
    return True if value is None else value


Id = Annotated[str, Field(min_length=1, pattern=r"^[0-9A-Za-z_-]+$")]
LooseText = Annotated[str, BeforeValidator(_loose_text)]
LooseMoment = Annotated[datetime | None, BeforeValidator(_loose_moment)]
Assumed = Annotated[bool, BeforeValidator(_true_if_none)]
LooseNumber = Annotated[int | None, BeforeValidator(whole_number)]


class Payload(BaseModel):
    """Base of the payloads: what we do not know is ignored, numeric ids are taken as strings."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class RowPayload(Payload):
    """What every row of every list has."""

    id: Id


class OrganisationPayload(Payload):
    """An item of `GET /org`."""

    zgid: Id
    company_name: LooseText = ""
    time_zone: LooseText = ""
    type: LooseText = ""


class UserPayload(RowPayload):
    """An item of `GET /users`."""

    email: LooseText = ""
    full_name: LooseText = ""
    status: LooseText = ""
    confirm: Assumed = True


class ModulePayload(Payload):
    """An item of `GET /settings/modules`."""

    api_name: str = Field(min_length=1)
    plural_label: LooseText = ""
    api_supported: Assumed = True
    creatable: Assumed = True
    viewable: Assumed = True
    generated_type: LooseText = ""


class FieldPayload(Payload):
    """An item of `GET /settings/fields`."""

    api_name: str = Field(min_length=1)
    field_label: LooseText = ""
    data_type: LooseText = ""
    length: LooseNumber = None
    read_only: bool | None = None
    field_read_only: bool | None = None
    system_mandatory: bool | None = None
    operation_type: Any = None
    unique: Any = None
    pick_list_values: Any = None


class NotePayload(RowPayload):
    """A note as read."""

    title: LooseText = Field("", alias="Note_Title")
    content: LooseText = Field("", alias="Note_Content")
    parent: Any = Field(None, alias="Parent_Id")
    parent_module: LooseText = Field("", alias="$se_module")
    created: LooseMoment = Field(None, alias="Created_Time")
    modified: LooseMoment = Field(None, alias="Modified_Time")


class DeletedPayload(RowPayload):
    """An item of the list of deleted records."""

    deleted_time: LooseMoment = None


def read_page(payload: dict[str, Any] | None, rows: Sequence[Any], read: Callable[[Any], Item]) -> Page[Item]:
    """Read the rows of a list one by one, and from `info` whether there is more; unreadable rows are kept raw."""
    items: list[Item] = []
    unreadable: list[Unreadable] = []
    for raw in rows:
        try:
            items.append(read(raw))
        except ValidationError as error:
            unreadable.append(Unreadable(_loose_text(raw.get("id")) if isinstance(raw, dict) else "", raw, why(error)))
    info = payload.get("info") if payload else None
    known = info if isinstance(info, dict) else {"more_records": len(rows) >= PAGE_SIZE}
    token = known.get("next_page_token")
    return Page(
        tuple(items), tuple(unreadable), known.get("more_records") is True, token if isinstance(token, str) and token else None
    )


def why(error: ValidationError) -> str:
    """Return which fields could not be read, without any of their values."""
    names = {".".join(str(part) for part in issue["loc"]) or "row" for issue in error.errors(include_input=False)}
    return f"{', '.join(sorted(names))} cannot be read"


def read_record(raw: Any) -> dict[str, Any]:
    """Return a row of a module as it is, every `id` in it a string; raise `ValidationError` without an id of its own."""
    RowPayload.model_validate(raw)
    with_ids: dict[str, Any] = with_text_ids(raw)
    return with_ids


def with_text_ids(value: Any) -> Any:
    """Return `value` with each `id`, at any depth, as a string: Zoho gives 19 digits, as string or number."""
    if isinstance(value, list):
        return [with_text_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: str(item) if key == "id" and isinstance(item, int) and not isinstance(item, bool) else with_text_ids(item)
        for key, item in value.items()
    }


def read_deleted(raw: Any, module: str) -> DeletedRecord:
    """Return a deleted record of `module`."""
    row = DeletedPayload.model_validate(raw)
    return DeletedRecord(RecordRef(module, row.id), row.deleted_time)


def read_note(raw: Any, listed_under: RecordRef | None = None) -> ZohoNote:
    """Return a note; `listed_under` stands in where the row does not name its parent."""
    note = NotePayload.model_validate(raw)
    parent = _parent(note, listed_under or RecordRef("", ""))
    return ZohoNote(note.id, note.title, note.content, parent, note.created, note.modified)


def _parent(note: NotePayload, otherwise: RecordRef) -> RecordRef:
    """Read the parent as object with module (v5 on), as object without, or as bare id beside `$se_module` (v2 to v4)."""
    parent = note.parent if isinstance(note.parent, dict) else {"id": note.parent}
    module = parent.get("module")
    name = _loose_text(module.get("api_name")) if isinstance(module, dict) else _loose_text(module)
    return RecordRef(name or note.parent_module or otherwise.module, _loose_text(parent.get("id")) or otherwise.id)


def read_organisation(raw: Any) -> ZohoOrganisation:
    """Return the organisation."""
    org = OrganisationPayload.model_validate(raw)
    return ZohoOrganisation(org.zgid, org.company_name, org.time_zone, org.type or "production")


def read_user(raw: Any) -> ZohoUser:
    """Return a user; only the status `active` counts as active."""
    user = UserPayload.model_validate(raw)
    return ZohoUser(user.id, user.email, user.full_name, user.status.lower() == "active", user.confirm)


def read_profile(raw: Any) -> str:
    """Return the name of a user's profile, empty where none is named."""
    profile = raw.get("profile") if isinstance(raw, dict) else None
    name = profile.get("name") if isinstance(profile, dict) else profile
    return name if isinstance(name, str) else ""


def read_module(raw: Any) -> ZohoModule:
    """Return a module's metadata; a right that is not mentioned is assumed."""
    module = ModulePayload.model_validate(raw)
    return ZohoModule(
        module.api_name,
        module.plural_label or module.api_name,
        module.api_supported,
        module.creatable,
        module.viewable,
        module.generated_type or "default",
    )


def read_field(raw: Any) -> ZohoField:
    """Return a field's metadata; a right that is not mentioned is assumed."""
    field = FieldPayload.model_validate(raw)
    rights = field.operation_type if isinstance(field.operation_type, dict) else {}
    return ZohoField(
        api_name=field.api_name,
        label=field.field_label or field.api_name,
        data_type=field.data_type,
        length=field.length,
        read_only=bool(field.read_only or field.field_read_only),
        creatable=rights.get("api_create") is not False,
        updatable=rights.get("api_update") is not False,
        mandatory=bool(field.system_mandatory),
        unique=bool(field.unique),
        pick_list=_pick_list(field.pick_list_values),
    )


def _pick_list(values: Any) -> tuple[str, ...]:
    used = (
        [value for value in values if isinstance(value, dict) and value.get("type") != "unused"]
        if isinstance(values, list)
        else []
    )
    return tuple(text for value in used if (text := _loose_text(value.get("actual_value", value.get("display_value")))))


def mandatory_in_layouts(layouts: Sequence[Any]) -> frozenset[str]:
    """Return the api_names of all fields that some layout demands."""
    sections = [section for layout in layouts for section in _objects(layout, "sections")]
    fields = [field for section in sections for field in _objects(section, "fields")]
    return frozenset(
        name for field in fields if field.get("required") is True and (name := _loose_text(field.get("api_name")))
    )


def _objects(parent: Any, key: str) -> list[dict[str, Any]]:
    found = parent.get(key) if isinstance(parent, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
