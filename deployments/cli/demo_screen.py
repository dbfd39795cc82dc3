"""What the demo tells at its end, as lines of at most 100 columns. Pure."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from chatledger.counting import counted
from deployments.cli.demo_checks import Check, Story, new_records, notes_of_chats
from deployments.cli.sandbox_state import SandboxState

WIDTH = 100
REASONS = {
    "group_chat": "in group chats",
    "no_phone": "in chats that hide their phone number",
    "kind_not_synced": "calls, internal notes and e-mails",
    "empty_message": "without any content",
    "outgoing_only": "to people who never answered",
    "converted_stop": "on converted leads",
    "write_unconfirmed": "whose write Zoho has not confirmed",
    "back_off": "that are tried again later",
}


def happened(story: Story, reasons: Mapping[tuple[str, str], int]) -> list[str]:
    """Tell what the three ticks did."""
    summary, state = story.summaries[0], story.first
    start = story.since.astimezone(ZoneInfo(story.zone))
    touched = len({message.chat_id for message in state.since(story.since)})
    return [
        f"First tick: {_cost(summary)}",
        *_row("Chats", f"{touched} of {len(state.chats)} have messages since {start:%d %b %Y, %H:%M} ({story.zone})"),
        *_row("Messages", _messages(summary["messages"])),
        *_reasons(reasons),
        *_row("Records", f"{sum(summary['records'].values())} people: {_matched(story)}"),
        *_row("", f"{summary['records']['created']} created as {_kinds(new_records(story))}, for {_owners(story)}"),
        *_row("Notes", _notes(story)),
        f"Second tick, nobody had written: {_cost(story.summaries[1])}; nothing changed",
        f"Third tick, {story.first.chats[story.message.chat_id]['name']} had written one more message:",
        *_row("", f"{_note_changes(story.summaries[2]['notes'])}; {_cost(story.summaries[2])}"),
    ]


def verdict(done: Iterable[Check]) -> list[str]:
    """Tell what was compared with the stand-ins, and every difference."""
    lines = ["Checked against the CRM itself:"]
    for check in done:
        mark = "DIFFERS" if check.differences else "ok"
        lines += textwrap.wrap(check.sentence, WIDTH, initial_indent=f"  {mark}  ", subsequent_indent="      ")
        lines += [f"      -> {difference}" for difference in check.differences[:5]]
    return lines


def fate_of_chat(story: Story, chat_id: int) -> list[str]:
    """Tell what became of the chat that was loaded from a file."""
    state = story.first
    chat = state.chats[chat_id]
    messages = [message for message in state.since(story.since) if message.chat_id == chat_id]
    notes = [note for note in state.notes.values() if note.chat_id == chat_id]
    heading = f"Your chat: {chat['name']}, {len(messages)} messages of {_days(message.at for message in messages)}"
    if not notes:
        return [heading, *_row("", "has no note: `chatledger explain` below says why")]
    module, record_id = notes[0].record
    row = state.records[module, record_id]
    how = "created" if (module, record_id) in new_records(story) else "matched"
    owner = state.users[row["Owner"]["id"]]["full_name"]
    return [
        heading,
        *_row("Record", f"{how}: {full_name(row)}, owner {owner}; in the CRM's pages /crm/{module}/{record_id}"),
        *_row("Notes", f"{len(notes)}, one per day, with {sum(note.files for note in notes)} files"),
    ]


def best_example(state: SandboxState) -> tuple[str, str]:
    """Return module and id of the record with the most to see: the most notes, then the most files."""
    notes, files = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for note in notes_of_chats(state):
        notes[note.record] += 1
        files[note.record] += note.files
    return max(notes, key=lambda place: (notes[place], files[place], place))


def full_name(row: Mapping[str, Any]) -> str:
    """Return what the CRM calls a person."""
    return " ".join(filter(None, (row.get("First_Name"), row.get("Last_Name"))))


def _row(label: str, text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=f"  {label:<9} ", subsequent_indent=" " * 12)


def _cost(summary: Mapping[str, Any]) -> str:
    calls = summary["api_calls"]
    first = f"{counted(calls['timelines'], 'request')} to TimelinesAI"
    return f"{summary['seconds']:.1f} s, {first}, {calls['zoho']} to Zoho CRM"


def _messages(counts: Mapping[str, int]) -> str:
    outcomes = " + ".join(f"{counts[name]} {name}" for name in ("synced", "skipped", "failed", "pending"))
    return f"{counts['seen']} seen = {outcomes}"


def _reasons(reasons: Mapping[tuple[str, str], int]) -> list[str]:
    lines = []
    for outcome in ("skipped", "parked", "pending"):
        parts = [f"{number} {REASONS.get(reason, reason)}" for (each, reason), number in reasons.items() if each == outcome]
        lines += _row("", f"{outcome}: {', '.join(sorted(parts, key=_leading_number, reverse=True))}") if parts else []
    return lines


def _leading_number(text: str) -> int:
    return int(text.split(maxsplit=1)[0])


def _matched(story: Story) -> str:
    linked = {note.record for note in notes_of_chats(story.first)} - new_records(story).keys()
    modules = Counter(module for module, _ in linked)
    places = " and ".join(f"{number} {module}" for module, number in modules.most_common())
    return f"{story.summaries[0]['records']['matched']} matched to what the CRM had ({places})"


def _kinds(created: Mapping[tuple[str, str], Any]) -> str:
    return " and ".join(sorted({module for module, _ in created})) or "nothing"


def _owners(story: Story) -> str:
    counted = Counter(row["Owner"]["id"] for row in new_records(story).values())
    return ", ".join(f"{story.first.users[owner]['full_name']} {number}" for owner, number in counted.most_common())


def _notes(story: Story) -> str:
    notes = notes_of_chats(story.first)
    attached = sum(note.files for note in notes)
    files = sum(bool(message.filename) for message in story.in_notes)
    rest = f", {files - attached} only named with the reason" if files > attached else ""
    return (
        f"{story.summaries[0]['notes']['created']} created, one per chat and day; {attached} of {files} files attached{rest}"
    )


def _note_changes(counts: Mapping[str, int]) -> str:
    told = [f"{counted(counts[name], 'note')} {name}" for name in ("created", "updated")]
    return ", ".join(part for part in told if not part.startswith("0 ")) or "no note changed"


def _days(moments: Iterable[datetime]) -> str:
    days = sorted(moments)
    return f"{days[0]:%d %b %Y} to {days[-1]:%d %b %Y}" if days else "no day"
