"""The chats: list, one, its labels and notes."""

from typing import Any

from sandbox.timelines import memory, phones, queries
from sandbox.timelines.arrivals import new_uid, shift_pages
from sandbox.timelines.bodies import ChatDetails, Labels, Note
from sandbox.timelines.events import chat_payload
from sandbox.timelines.refusals import invalid, not_found
from sandbox.timelines.service import Call, Service, checked


def chat_named(service: Service, call: Call) -> memory.Chat:
    """Find the chat of the path. Raises Refusal (404)."""
    chat_id = call.path["chat_id"]
    if chat := service.workspace.chats.get(chat_id):
        return chat
    raise not_found(f'Whatsapp chat_id "{chat_id}" not found')


def list_chats(service: Service, call: Call) -> dict[str, Any]:
    """Give one page of the chats that pass all filters."""
    faults = service.faults
    ordered = service.workspace.ordered_chats(faults.chat_order, faults.chat_order_seed)
    found = _filtered(service, call, ordered)
    number = 1 if faults.same_page_forever else queries.page_number(call.query)
    end = number * queries.PAGE_SIZE
    with_last_message = bool(queries.flag(call.query, "with_msg"))
    page = {
        "has_more_pages": faults.same_page_forever or end < len(found),
        "chats": [
            service.shapes.chat(chat, with_last_message=with_last_message) for chat in found[end - queries.PAGE_SIZE : end]
        ],
    }
    if faults.pages_shift and found:
        shift_pages(service, found[-1])
    return page


def _filtered(service: Service, call: Call, chats: list[memory.Chat]) -> list[memory.Chat]:
    for keeps in (*_word_filters(call), *_state_filters(call), *_time_filters(service, call)):
        chats = [chat for chat in chats if keeps(chat)]
    return chats


def _word_filters(call: Call) -> list[Any]:
    filters: list[Any] = []
    if labels := {*queries.several(call.query, "label")}:
        filters.append(lambda chat: labels & {*chat.labels})
    if accounts := {*queries.several(call.query, "whatsapp_account_id")}:
        filters.append(lambda chat: chat.account_id in accounts)
    if people := {email.casefold() for email in queries.several(call.query, "responsible")}:
        filters.append(lambda chat: (chat.responsible_email or "").casefold() in people)
    if names := [name.casefold() for name in queries.several(call.query, "name")]:
        filters.append(lambda chat: any(name in chat.name.casefold() for name in names))
    if phone := call.query.get("phone"):
        filters.append(lambda chat: not chat.is_group and phones.matches_phone_filter(chat.phone, phone))
    if contacts := queries.several(call.query, "whatsapp_phone"):
        filters.append(lambda chat: any(_has_contact(chat, contact) for contact in contacts))
    return filters


def _has_contact(chat: memory.Chat, phone: str) -> bool:
    known = [member.get("phone") for member in chat.group_members] if chat.is_group else [chat.phone]
    return any(phones.same_contact(stored, phone) for stored in known)


def _state_filters(call: Call) -> list[Any]:
    fields = {
        "group": "is_group",
        "read": "read",
        "closed": "closed",
        "chatgpt_autoresponse_enabled": "chatgpt_autoresponse_enabled",
    }
    wanted = {field: queries.flag(call.query, name) for name, field in fields.items()}
    return [
        lambda chat, field=field, state=state: getattr(chat, field) is state
        for field, state in wanted.items()
        if state is not None
    ]


def _time_filters(service: Service, call: Call) -> list[Any]:
    filters: list[Any] = []
    zone = service.workspace.zone
    if after := queries.bound(call.query, "created_after", zone):
        filters.append(lambda chat: chat.created >= after)
    if before := queries.bound(call.query, "created_before", zone, end_of_day=True):
        filters.append(lambda chat: chat.created <= before)
    return filters


def get_chat(service: Service, call: Call) -> dict[str, Any]:
    """Give one chat."""
    return service.shapes.chat(chat_named(service, call))


def change_chat(service: Service, call: Call) -> dict[str, Any]:
    """Change the details that are named and give the whole chat."""
    chat, details = chat_named(service, call), call.read(ChatDetails)
    if details.name is not None:
        _rename(service, chat, details.name)
    if details.responsible is not None:
        _assign(service, chat, details.responsible)
    for field in ("closed", "read", "chatgpt_autoresponse_enabled"):
        if (state := getattr(details, field)) is not None:
            setattr(chat, field, state)
    return service.shapes.chat(chat)


def _rename(service: Service, chat: memory.Chat, name: str) -> None:
    if any(other.name == name and other is not chat for other in service.workspace.chats.values()):
        raise invalid("Chat name must be unique in the workspace")
    chat.name = name
    service.workspace.reorder()


def _assign(service: Service, chat: memory.Chat, email: str) -> None:
    mate = service.workspace.teammate(email)
    if email and mate is None:
        raise invalid("The responsible is not a member of the workspace")
    previous, chat.responsible_email = chat.responsible_email, mate.email if mate else None
    if previous != chat.responsible_email:
        event_type = "chat:responsible:assigned" if mate else "chat:responsible:unassigned"
        service.deliveries.emit(event_type, chat_payload(service.shapes, chat, previous_responsible=previous))


def get_labels(service: Service, call: Call) -> dict[str, Any]:
    """Give the labels of a chat."""
    return {"labels": list(chat_named(service, call).labels)}


def replace_labels(service: Service, call: Call) -> dict[str, Any]:
    """Give a chat these labels and no others."""
    chat = chat_named(service, call)
    chat.labels = list(dict.fromkeys(call.read(Labels).labels))
    return {"labels": list(chat.labels)}


def add_labels(service: Service, call: Call) -> dict[str, Any]:
    """Give a chat these labels in addition."""
    chat = chat_named(service, call)
    chat.labels = list(dict.fromkeys([*chat.labels, *call.read(Labels).labels]))
    return {"labels": list(chat.labels)}


def add_note(service: Service, call: Call) -> dict[str, Any]:
    """Write a note into a chat; it comes back as a message of type `note`, and nobody is told."""
    chat, note = chat_named(service, call), _note(call)
    now = service.clock.now().replace(microsecond=0)
    author = service.workspace.teammates[0] if service.workspace.teammates else None
    message = memory.Message(
        uid=new_uid(),
        chat_id=chat.id,
        timestamp=now,
        received=now,
        from_me=True,
        text=note.text,
        statuses=[(now, "Sent")],
        sender_name=author.display_name if author else "",
        created_by=f"{author.display_name} ({author.email})" if author else "",
        origin="Public API",
        message_type="note",
        data={"is_private": note.is_private},
    )
    service.workspace.add_message(message)
    return {"message_uid": message.uid}


def _note(call: Call) -> Note:
    if call.request.headers.get("content-type", "").startswith("text/plain"):
        return checked(Note, {"text": call.body.decode(errors="replace")})
    return call.read(Note)


ROUTES = [
    ("GET", "/chats", list_chats),
    ("GET", "/v2/chats", list_chats),
    ("GET", "/chats/{chat_id:int}", get_chat),
    ("PATCH", "/chats/{chat_id:int}", change_chat),
    ("GET", "/chats/{chat_id:int}/labels", get_labels),
    ("POST", "/chats/{chat_id:int}/labels", replace_labels),
    ("PUT", "/chats/{chat_id:int}/labels", add_labels),
    ("POST", "/chats/{chat_id:int}/notes", add_note),
]
