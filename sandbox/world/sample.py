"""The sample workspace of `data/`, written out for a given moment."""

import json
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.world.conversations import DraftChat, draft_chat, written_chat
from sandbox.world.moments import Calendar, moment
from sandbox.world.organisation import written_organisation

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample_workspace"


def load_sample(now: datetime) -> dict[str, Any]:
    """Return the sample world: the ten days that end at `now`, which must be aware."""
    return expand(SAMPLE, now)


def load_file(path: str | Path, now: datetime) -> dict[str, Any]:
    """Return the world at a path: a JSON file that holds a whole world, or a folder in the form of the sample workspace.

    `now` moves only a folder, whose times are relative; a JSON file is returned as it is. Raises
    ValueError when the file holds no world.
    """
    path = Path(path)
    if path.is_dir():
        return expand(path, now)
    try:
        world = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not a JSON file: {error}") from error
    if not isinstance(world, dict) or not {"timelines", "zoho"} <= world.keys():
        raise ValueError(f"{path} is no world: it needs the keys timelines and zoho")
    return world


def expand(folder: Path, now: datetime) -> dict[str, Any]:
    """Return the world that a folder of data files describes."""
    workspace = _toml(folder / "workspace.toml")
    chats = read_chats(folder, workspace)
    today = [draft.when.second for chat in chats for draft in chat.drafts if draft.when.days_ago == 0]
    calendar = Calendar(now, ZoneInfo(workspace["workspace"]["time_zone"]), max(today, default=0))
    accounts = [_account(row, calendar) for row in workspace["accounts"]]
    timelines = {
        "token": workspace["token"],
        "workspace": workspace["workspace"],
        "teammates": workspace["teammates"],
        "accounts": accounts,
        "chats": [written_chat(chat, calendar) for chat in chats],
        "templates": workspace["templates"],
    }
    return {"timelines": timelines, "zoho": written_organisation(_toml(folder / "zoho.toml"), calendar)}


def read_chats(folder: Path, workspace: dict[str, Any]) -> list[DraftChat]:
    """Return the chats of a folder in the order of its files."""
    by_name = {account["account_name"]: account for account in workspace["accounts"]}
    found = []
    for path in sorted((folder / "chats").glob("*.toml")):
        pages = _toml(path)
        for offset, row in enumerate(pages["chat"]):
            found.append(draft_chat(pages["first_id"] + offset, {"language": pages["language"], **row}, by_name))
    return found


def read_phrases(folder: Path) -> dict[str, list[str]]:
    """Return the single-line texts of the plain messages of a folder, by language."""
    phrases: dict[str, list[str]] = {}
    for chat in read_chats(folder, _toml(folder / "workspace.toml")):
        plain = [draft.text for draft in chat.drafts if not draft.said and draft.text and "\n" not in draft.text]
        phrases.setdefault(chat.row["language"], []).extend(plain)
    return phrases


def _account(row: dict[str, Any], calendar: Calendar) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name != "connected"}
    return {**kept, "connected_on": calendar.text(moment(*row["connected"]))}


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
