"""The table of the CRM's endpoints: address, scopes, price and handler; the first that fits is taken."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from sandbox.zoho import attachments, conversion, coql, listing, metadata, notes, rows, searching, watch
from sandbox.zoho.calls import Call


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. `scopes` are all needed; `{module}` in them is the one of the path. Prices are in API credits."""

    method: str
    path: str
    scopes: tuple[str, ...]
    handle: Callable[[Call], Response]
    price: Callable[[Call], int] = lambda _call: 1


def _by_rows(call: Call) -> int:
    """One credit per started ten rows."""
    given = call.body.get("data") if isinstance(call.body, dict) else None
    return max(1, math.ceil(len(given) / 10)) if isinstance(given, list) else 1


def _list_price(call: Call) -> int:
    return 3 if "cvid" in call.query else 1


def _deleted_price(_call: Call) -> int:
    return 2


def _convert_price(_call: Call) -> int:
    return 5


_READ, _CREATE, _UPDATE, _DELETE = (f"modules.{{module}}.{right}" for right in ("READ", "CREATE", "UPDATE", "DELETE"))
_NOTES_READ, _NOTES_CREATE, _NOTES_UPDATE, _NOTES_DELETE = (
    f"modules.Notes.{right}" for right in ("READ", "CREATE", "UPDATE", "DELETE")
)
_FILES = "/Notes/{note}/Attachments"
_FILE = "/Notes/{note}/Attachments/{attachment}"
_RELATED = "/{module}/{id}/Notes"
_RELATED_NOTE = "/{module}/{id}/Notes/{note}"

ENDPOINTS = (
    Endpoint("GET", "/org", ("org.READ",), metadata.read_organisation),
    Endpoint("GET", "/users", ("users.READ",), metadata.read_users),
    Endpoint("GET", "/users/{id}", ("users.READ",), metadata.read_user),
    Endpoint("GET", "/settings/modules", ("settings.modules.READ",), metadata.read_modules),
    Endpoint("GET", "/settings/modules/{module}", ("settings.modules.READ",), metadata.read_module),
    Endpoint("GET", "/settings/fields", ("settings.fields.READ",), metadata.read_fields),
    Endpoint("GET", "/settings/layouts", ("settings.layouts.READ",), metadata.read_layouts),
    Endpoint("POST", "/coql", ("coql.READ",), coql.run_query, coql.query_credits),
    Endpoint("POST", "/actions/watch", ("notifications.CREATE",), watch.subscribe),
    Endpoint("PUT", "/actions/watch", ("notifications.UPDATE",), watch.renew),
    Endpoint("PATCH", "/actions/watch", ("notifications.UPDATE",), watch.renew),
    Endpoint("GET", "/actions/watch", ("notifications.READ",), watch.read),
    Endpoint("DELETE", "/actions/watch", ("notifications.DELETE",), watch.unsubscribe),
    Endpoint("GET", "/Notes", (_NOTES_READ,), notes.read_all),
    Endpoint("POST", "/Notes", (_NOTES_CREATE,), notes.create, _by_rows),
    Endpoint("PUT", "/Notes", (_NOTES_UPDATE,), notes.update, _by_rows),
    Endpoint("DELETE", "/Notes", (_NOTES_DELETE,), notes.delete),
    Endpoint("GET", "/Notes/{note}", (_NOTES_READ,), notes.read_one),
    Endpoint("PUT", "/Notes/{note}", (_NOTES_UPDATE,), notes.update_one),
    Endpoint("DELETE", "/Notes/{note}", (_NOTES_DELETE,), notes.delete_one),
    Endpoint("GET", _FILES, (_NOTES_READ,), attachments.read_list),
    Endpoint("POST", _FILES, (_NOTES_CREATE,), attachments.upload),
    Endpoint("GET", _FILE, (_NOTES_READ,), attachments.download),
    Endpoint("DELETE", _FILE, (_NOTES_DELETE,), attachments.delete),
    Endpoint("GET", "/{module}/search", (_READ, "ZohoSearch.securesearch.READ"), searching.search),
    Endpoint("GET", "/{module}/deleted", (_READ,), listing.read_deleted, _deleted_price),
    Endpoint("GET", "/{module}/deleted/{id}/Notes", (_READ, _NOTES_READ), notes.read_of_deleted),
    Endpoint("POST", "/{module}/upsert", (_CREATE, _UPDATE), rows.upsert, _by_rows),
    Endpoint("POST", "/Leads/{id}/actions/convert", ("modules.Leads.CREATE",), conversion.convert, _convert_price),
    Endpoint("POST", "/{module}/{id}/actions/merge", (_UPDATE,), conversion.merge),
    Endpoint("GET", _RELATED, (_READ, _NOTES_READ), notes.read_of_record),
    Endpoint("POST", _RELATED, (_READ, _NOTES_CREATE), notes.create_on_record, _by_rows),
    Endpoint("PUT", _RELATED, (_READ, _NOTES_UPDATE), notes.update, _by_rows),
    Endpoint("DELETE", _RELATED, (_READ, _NOTES_DELETE), notes.delete),
    Endpoint("GET", _RELATED_NOTE, (_READ, _NOTES_READ), notes.read_one),
    Endpoint("PUT", _RELATED_NOTE, (_READ, _NOTES_UPDATE), notes.update_one),
    Endpoint("DELETE", _RELATED_NOTE, (_READ, _NOTES_DELETE), notes.delete_one),
    Endpoint("GET", "/{module}", (_READ,), listing.read_list, _list_price),
    Endpoint("POST", "/{module}", (_CREATE,), rows.insert, _by_rows),
    Endpoint("PUT", "/{module}", (_UPDATE,), rows.update, _by_rows),
    Endpoint("DELETE", "/{module}", (_DELETE,), rows.delete),
    Endpoint("GET", "/{module}/{id}", (_READ,), listing.read_record),
    Endpoint("PUT", "/{module}/{id}", (_UPDATE,), rows.update_one),
    Endpoint("DELETE", "/{module}/{id}", (_DELETE,), rows.delete_one),
)
