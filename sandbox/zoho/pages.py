"""The CRM as a person sees it in the browser: modules, records, and a record with its notes. Times are the organisation's."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sandbox.zoho.calls import Crm
from sandbox.zoho.display import Display
from sandbox.zoho.modules import Module
from sandbox.zoho.store import Note, Record

PAGE_ROWS = 50
_SOURCE_FIELDS = ("Lead_Source", "Source")
_SHOWN_ELSEWHERE = {
    "Created_By",
    "Modified_By",
    "Created_Time",
    "Modified_Time",
    "Owner",
    "Full_Name",
    "Tag",
    "Record_Status__s",
}
_SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def pages(crm: Crm) -> list[Route]:
    """Build the routes of the pages."""
    viewer = _Viewer(crm)
    return [
        Route("/", viewer.home, methods=["GET"]),
        Route("/crm/{module}", viewer.records, methods=["GET"]),
        Route("/crm/{module}/{id}", viewer.record, methods=["GET"]),
        Route("/crm/files/{note}/{file}", viewer.file, methods=["GET"]),
        Route("/widget-parent.js", viewer.widget_parent, methods=["GET"]),
    ]


class _Viewer:
    def __init__(self, crm: Crm) -> None:
        self.crm = crm
        self.store = crm.store
        self.zone = ZoneInfo(crm.organisation["time_zone"])
        self.display = Display(crm.store, self.zone)
        self.templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, trim_blocks=True
        )
        self.templates.filters["moment"] = self._moment
        self.templates.filters["initials"] = initials
        self.templates.filters["file_size"] = file_size

    async def home(self, _request: Request) -> Response:
        """Show the modules with what they hold."""
        self.crm.settle()
        modules = [self._summary(module) for module in self._modules()]
        latest = sorted(self._live_notes(), key=lambda note: note.modified_at, reverse=True)[:8]
        return self._page("home.html", modules=modules, latest=[self._latest(note) for note in latest])

    async def records(self, request: Request) -> Response:
        """Show the records of a module, newest first, with what was searched for."""
        self.crm.settle()
        module = self.store.modules.get(request.path_params["module"])
        if module is None or not module.has_notes:
            return self._missing()
        asked = request.query_params.get("q", "").strip()
        found = [record for record in reversed(self._live(module)) if _mentions(record, module, asked)]
        number = request.query_params.get("page", "1")
        page = max(1, int(number)) if number.isdecimal() else 1
        rows = [self._row(record, module) for record in found[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]]
        last = max(1, -(-len(found) // PAGE_ROWS))
        return self._page("records.html", module=module, rows=rows, asked=asked, page=page, last=last, total=len(found))

    async def record(self, request: Request) -> Response:
        """Show a record with its fields and, in order, its notes."""
        self.crm.settle()
        module = self.store.modules.get(request.path_params["module"])
        record = self.store.live(module.api_name, request.path_params["id"]) if module else None
        if module is None or record is None:
            return self._missing()
        notes = sorted(self.store.notes_of(module.api_name, record.id), key=lambda note: (note.created_at, int(note.id)))
        shown = [self._note(note) for note in notes]
        widget = widget_address(request)
        answer = self._page("record.html", module=module, row=self._row(record, module), record=record, notes=shown,
                            fields=list(self._fields(record, module)), became=list(self._became(record)),
                            widget=widget)  # fmt: skip
        if widget:
            allowed = f"{_SECURITY['Content-Security-Policy']}; script-src 'self'; frame-src {origin_of(widget)}"
            answer.headers["Content-Security-Policy"] = allowed
        return answer

    async def widget_parent(self, _request: Request) -> Response:
        """Hand over the script by which a record's page speaks with the widget in it, as Zoho's own page does."""
        script = (Path(__file__).parent / "templates" / "widget_parent.js").read_text(encoding="utf-8")
        return Response(script, media_type="text/javascript", headers=_SECURITY)

    async def file(self, request: Request) -> Response:
        """Hand over an attachment, never shown in place."""
        note = self.store.live_note(request.path_params["note"])
        for file in note.attachments if note else []:
            if file.id == request.path_params["file"]:
                headers = {**_SECURITY, "Content-Disposition": "attachment"}
                return Response(file.content, media_type="application/octet-stream", headers=headers)
        return self._missing()

    def _page(self, template: str, status: int = 200, **context: Any) -> Response:
        context |= {"organisation": self.crm.organisation, "modules_bar": [(m.api_name, m.plural) for m in self._modules()],
                    "me": self.store.users[self.crm.current_user], "zone": self.crm.organisation["time_zone"]}  # fmt: skip
        return HTMLResponse(self.templates.get_template(template).render(context), status, headers=_SECURITY)

    def _missing(self) -> Response:
        return self._page("missing.html", 404)

    def _modules(self) -> list[Module]:
        return [module for module in self.store.modules.values() if module.has_notes]

    def _live(self, module: Module) -> list[Record]:
        return self.store.ordered(module.api_name, "Created_Time")

    def _live_notes(self) -> Iterable[Note]:
        return (note for note in self.store.notes.values() if self.store.live(*note.parent))

    def _summary(self, module: Module) -> dict[str, Any]:
        records = self._live(module)
        notes = sum(len(self.store.notes_of(record.module, record.id)) for record in records)
        return {
            "module": module,
            "records": len(records),
            "notes": notes,
            "newest": records[-1].created_at if records else None,
        }

    def _latest(self, note: Note) -> dict[str, Any]:
        module, record_id = note.parent
        return {"note": note, "module": module, "record_id": record_id, "name": self.display.name(module, record_id)}

    def _row(self, record: Record, module: Module) -> dict[str, Any]:
        phones = [record.values[name] for name in module.phone_fields() if record.values.get(name)]
        source = next((record.values[name] for name in _SOURCE_FIELDS if record.values.get(name)), None)
        notes = self.store.notes_of(module.api_name, record.id)
        return {
            "id": record.id, "name": self.display.name(module.api_name, record.id) or record.id, "phones": phones,
            "source": source,
            "owner": self.display.user(record.owner_id)["name"], "created": record.created_at, "notes": len(notes),
            "converted": record.conversion is not None, "company": record.values.get("Company"),
        }  # fmt: skip

    def _note(self, note: Note) -> dict[str, Any]:
        by = self.display.user(note.created_by)["name"]
        return {"note": note, "by": by, "edited": note.modified_at > note.created_at}

    def _fields(self, record: Record, module: Module) -> Iterable[tuple[str, Any, str]]:
        for name, field in module.fields.items():
            value = self.display.value(record, name)
            if name in _SHOWN_ELSEWHERE or name.startswith("Converted_") or value in (None, "", [], False):
                continue
            yield field.meta["field_label"], _plain(value), field.data_type

    def _became(self, record: Record) -> Iterable[tuple[str, str, str]]:
        for name, module in (
            ("Converted_Contact", "Contacts"),
            ("Converted_Account", "Accounts"),
            ("Converted_Deal", "Deals"),
        ):
            if record.conversion and (target := self.display.value(record, name)):
                yield module, target["id"], target["name"] or target["id"]

    def _moment(self, moment: datetime | None) -> str:
        return moment.astimezone(self.zone).strftime("%d %b %Y, %H:%M") if moment else "–"


def widget_address(request: Request) -> str:
    """Give the address of the widget to show beside a record (`?widget=http://…`), with our origin told as Zoho tells it."""
    wanted = request.query_params.get("widget", "")
    if urlsplit(wanted).scheme not in {"http", "https"}:
        return ""
    return f"{wanted}{'&' if '?' in wanted else '?'}{urlencode({'serviceOrigin': f'{request.url.scheme}://{request.url.netloc}'})}"


def origin_of(address: str) -> str:
    """Give scheme and host of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def initials(name: str) -> str:
    """Give the letters of an avatar."""
    letters = [word[0] for word in name.split() if word[0].isalnum()]
    return "".join(letters[:1] + letters[-1:] if len(letters) > 1 else letters).upper() or "#"


def file_size(size: int) -> str:
    """Say how large a file is."""
    if size < 1024:
        return f"{size} B"
    return f"{size / 1024:.0f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return value.get("name") or value.get("id")
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _mentions(record: Record, module: Module, asked: str) -> bool:
    if not asked:
        return True
    digits = "".join(letter for letter in asked if letter.isdigit())
    for name in module.phone_fields():
        held = "".join(letter for letter in str(record.values.get(name) or "") if letter.isdigit())
        if len(digits) >= 3 and digits in held:
            return True
    return any(asked.casefold() in value.casefold() for value in record.values.values() if isinstance(value, str))
