"""One session of Zoho's official SDK against the base URL given; prints what it saw as JSON, one object.

It runs as a process of its own because the SDK keeps global state.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from zohocrmsdk.src.com.zoho.api.authenticator import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store import FileStore
from zohocrmsdk.src.com.zoho.api.logger import Logger
from zohocrmsdk.src.com.zoho.crm.api import HeaderMap, Initializer, ParameterMap, SDKConfig
from zohocrmsdk.src.com.zoho.crm.api.convert_lead import BodyWrapper as ConvertBody
from zohocrmsdk.src.com.zoho.crm.api.convert_lead import ConvertLeadOperations, LeadConverter
from zohocrmsdk.src.com.zoho.crm.api.coql import BodyWrapper as CoqlBody
from zohocrmsdk.src.com.zoho.crm.api.coql import CoqlOperations
from zohocrmsdk.src.com.zoho.crm.api.dc import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.fields import FieldsOperations, GetFieldsParam
from zohocrmsdk.src.com.zoho.crm.api.modules import MinifiedModule, ModulesOperations
from zohocrmsdk.src.com.zoho.crm.api.notes import BodyWrapper as NotesBody
from zohocrmsdk.src.com.zoho.crm.api.notes import DeleteNotesParam, Note, NotesOperations, ParentId
from zohocrmsdk.src.com.zoho.crm.api.record import BodyWrapper as RecordBody
from zohocrmsdk.src.com.zoho.crm.api.record import GetRecordsParam, Record, RecordOperations, SearchRecordsParam
from zohocrmsdk.src.com.zoho.crm.api.users import GetUsersParam, UsersOperations


def initialise(base: str, client: dict[str, str], folder: Path) -> None:
    environment = DataCenter.Environment(base, f"{base}/oauth/v2/token", base)
    token = OAuthToken(find_user=False, **client)
    config = SDKConfig(
        auto_refresh_fields=False, pick_list_validation=False, connect_timeout=3, read_timeout=5, update_api_domain=False
    )
    (folder / "tokens.txt").touch()
    logger = Logger.get_instance(level=Logger.Levels.ERROR, file_path=str(folder / "sdk.log"))
    store = FileStore(str(folder / "tokens.txt"))
    Initializer.initialize(environment, token, store=store, sdk_config=config, resource_path=str(folder), logger=logger)


def parameters(given: dict[Any, Any]) -> ParameterMap:
    chosen = ParameterMap()
    for name, value in given.items():
        chosen.add(name, value)
    return chosen


def row(response: Any) -> dict[str, Any]:
    answer = response.get_object().get_data()[0]
    code, details = answer.get_code().get_value(), answer.get_details() or {}
    shown = {name: str(value) for name, value in details.items()}
    return {"status": response.get_status_code(), "code": code, "details": shown, "type": type(answer).__name__}


def lead(values: dict[str, Any]) -> Any:
    record = Record()
    for name, value in values.items():
        record.add_key_value(name, value)
    body = RecordBody()
    body.set_data([record])
    body.set_trigger([])
    return RecordOperations("Leads").create_records(body, HeaderMap())


def note_body(values: dict[str, Any], parent_id: int | None = None) -> NotesBody:
    note = Note()
    note.set_note_title(values["title"])
    note.set_note_content(values["content"])
    if parent_id is not None:
        module = MinifiedModule()
        module.set_api_name("Leads")
        parent = ParentId()
        parent.set_module(module)
        parent.set_id(parent_id)
        note.set_parent_id(parent)
    body = NotesBody()
    body.set_data([note])
    return body


def metadata() -> dict[str, Any]:
    modules = ModulesOperations().get_modules(ParameterMap(), HeaderMap())
    fields = FieldsOperations().get_fields(parameters({GetFieldsParam.module: "Leads"}))
    users = UsersOperations().get_users(parameters({GetUsersParam.type: "ActiveConfirmedUsers"}), HeaderMap())
    return {
        "modules": [module.get_api_name() for module in modules.get_object().get_modules()],
        "phones": [field.get_api_name() for field in fields.get_object().get_fields() if field.get_data_type() == "phone"],
        "users": [user.get_email() for user in users.get_object().get_users()],
    }


def records() -> dict[str, Any]:
    values = {"Last_Name": "Pérez", "Mobile": "+57 300 123 4567", "WhatsApp_Key": "+573001234567"}
    created = row(lead(values))
    operations = RecordOperations("Leads")
    search = {SearchRecordsParam.phone: "+573001234567", SearchRecordsParam.converted: "both"}
    found = operations.search_records(parameters(search), HeaderMap())
    nobody = operations.search_records(parameters({SearchRecordsParam.phone: "+5491144445555"}), HeaderMap())
    listed = operations.get_records(parameters({GetRecordsParam.fields: "Last_Name,Mobile"}), HeaderMap())
    return {
        "created": created,
        "duplicate": row(lead(values)),
        "found": [str(record.get_id()) for record in found.get_object().get_data()],
        "nobody": [nobody.get_status_code(), nobody.get_object()],
        "listed": [record.get_key_value("Last_Name") for record in listed.get_object().get_data()],
    }


def notes(lead_id: int) -> dict[str, Any]:
    operations = NotesOperations()
    first = {"title": "WhatsApp", "content": "10:01 Ana: hola"}
    created = row(operations.create_notes(note_body(first, lead_id)))
    note_id = int(created["details"]["id"])
    updated = row(operations.update_note(note_id, note_body({**first, "content": "10:02 Ana: adiós"})))
    deleted = row(operations.delete_notes(parameters({DeleteNotesParam.ids: str(note_id)})))
    return {"created": created, "updated": updated, "deleted": deleted}


def coql() -> list[str]:
    body = CoqlBody()
    body.set_select_query("select id, Last_Name, Mobile from Leads where Mobile like '%4567' limit 0, 200")
    answer = CoqlOperations().get_records(body)
    return [str(record.get_id()) for record in answer.get_object().get_data()]


def convert(lead_id: int) -> dict[str, Any]:
    body = ConvertBody()
    body.set_data([LeadConverter()])
    response = ConvertLeadOperations(lead_id).convert_lead(body)
    answer = response.get_object().get_data()[0]
    return {"status": response.get_status_code(), "contact": str(answer.get_details()["Contacts"].get_id())}


def main(base: str, client: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        initialise(base, client, Path(folder))
        seen = {"metadata": metadata(), "records": records()}
        lead_id = int(seen["records"]["created"]["details"]["id"])
        seen |= {"notes": notes(lead_id), "coql": coql(), "conversion": convert(lead_id)}
    print(json.dumps(seen))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
