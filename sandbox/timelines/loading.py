"""Build the memory from a described world."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.timelines import memory
from sandbox.timelines.timestamps import stored

_MESSAGE_CREDITS = {"total": 5000, "used": 0}  # the quota of the plan people usually have is in this region


def load_workspace(world: dict[str, Any]) -> memory.Workspace:
    """Read the part of a world that belongs to TimelinesAI. Raises KeyError, TypeError or ValueError when it is none."""
    described = world["workspace"]
    workspace = memory.Workspace(
        slug=described["workspace_id"],
        display_name=described["display_name"],
        plan=described["plan"],
        zone=ZoneInfo(described["time_zone"]),
        token=world["token"],
        api_calls=dict(described["api_calls_quota"]),
        message_credits=dict(described.get("messaging_quota", _MESSAGE_CREDITS)),
    )
    workspace.accounts = {row["id"]: _account(row) for row in world["accounts"]}
    first_day = min(
        (account.connected_on for account in workspace.accounts.values()), default=datetime(2024, 1, 1, tzinfo=UTC)
    )
    workspace.teammates = [_teammate(row, first_day) for row in world["teammates"]]
    workspace.templates = {row["id"]: _template(row, workspace, first_day) for row in world.get("templates", [])}
    for row in world["chats"]:
        _add_chat(workspace, row)
    return workspace


def _account(row: dict[str, Any]) -> memory.Account:
    return memory.Account(**{**row, "connected_on": stored(row["connected_on"])})


def _teammate(row: dict[str, Any], first_day: datetime) -> memory.Teammate:
    return memory.Teammate(row["user_id"], row["display_name"], row["email"], row["role"], first_day)


def _template(row: dict[str, Any], workspace: memory.Workspace, first_day: datetime) -> memory.Template:
    author = workspace.teammates[0].display_name if workspace.teammates else ""
    return memory.Template(row["id"], row["name"], row["text"], author, first_day, first_day)


def _add_chat(workspace: memory.Workspace, row: dict[str, Any]) -> None:
    chat = memory.Chat(
        id=row["id"],
        name=row["name"],
        phone=row["phone"],
        jid=row["jid"],
        is_group=row["is_group"],
        account_id=row["whatsapp_account_id"],
        created=stored(row["created_timestamp"]),
        responsible_email=row.get("responsible_email"),
        labels=list(row.get("labels", [])),
        group_members=list(row.get("group_members", [])),
        closed=row.get("closed", False),
        read=row.get("read", True),
    )
    workspace.add_chat(chat)
    for message in row["messages"]:
        workspace.add_message(_message(chat, message))


def _message(chat: memory.Chat, row: dict[str, Any]) -> memory.Message:
    timestamp = stored(row["timestamp"])
    return memory.Message(
        uid=row["uid"],
        chat_id=chat.id,
        timestamp=timestamp,
        received=stored(row.get("received_timestamp") or timestamp),
        from_me=row["from_me"],
        text=row["text"],
        statuses=[(timestamp, row["status"])],
        sender_name=row.get("sender_name") or "",
        sender_phone=row.get("sender_phone"),
        created_by=row.get("created_by") or "",
        origin=row["origin"],
        message_type=row["message_type"],
        attachment=_attachment(row.get("attachment")),
        reactions=_reactions(chat, row.get("reactions") or {}),
        failure_reason=row.get("failure_reason"),
        reply_to=row.get("reply_to"),
        data={"whatsapp_from_me": row["from_me"]},
    )


def _attachment(row: dict[str, Any] | None) -> memory.Attachment | None:
    return memory.Attachment(row["filename"], row["size"], row["mimetype"]) if row else None


def _reactions(chat: memory.Chat, counted: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {"name": chat.name, "phone": chat.phone or "", "reaction": emoji, "current": False}
        for emoji, count in counted.items()
        for _ in range(count)
    ]
