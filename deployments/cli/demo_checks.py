"""Comparing what the ticks of the demo said about themselves with what the stand-ins hold. Pure; every check is a sentence."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from deployments.cli.sandbox_state import CrmNote, SandboxState, Written, digits

_PREFIX = re.compile(r"^\d\d:\d\d .*?: ")
PHONE_FIELDS = ("Phone", "Mobile", "Home_Phone", "Other_Phone")
SAME_ENDING = 8
"""Digits two spellings of a number have in common at the end, whatever was said of country, trunk zero and ninth digit."""


@dataclass(frozen=True)
class Story:
    """What happened: the summaries of the three ticks, the sandbox before them and after each, and the message in between."""

    since: datetime
    zone: str
    summaries: Sequence[dict[str, Any]]
    states: Sequence[SandboxState]
    message: Written

    @property
    def before(self) -> SandboxState:
        """The sandbox before the first tick."""
        return self.states[0]

    @property
    def first(self) -> SandboxState:
        """The sandbox after the first tick."""
        return self.states[1]

    @cached_property
    def in_notes(self) -> list[Written]:
        """The messages that have an entry in a note after the first tick."""
        return self._read_notes[0]

    @cached_property
    def strangers(self) -> list[str]:
        """The entries of notes after the first tick that no message belongs to."""
        return self._read_notes[1]

    @cached_property
    def _read_notes(self) -> tuple[list[Written], list[str]]:
        return found_in_notes(self.first.since(self.since), notes_of_chats(self.first), self.zone)


@dataclass(frozen=True)
class Check:
    """A sentence that was compared with the sandbox, and every difference that was found."""

    sentence: str
    differences: list[str] = field(default_factory=list)


def checks(story: Story) -> list[Check]:
    """Compare everything."""
    return [
        _messages_seen(story),
        _messages_in_notes(story),
        _records_created(story),
        _notes_created(story),
        _requests(story),
        _second_tick(story),
        _third_tick(story),
    ]


def new_records(story: Story) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the records that the first tick brought into the CRM."""
    return {place: row for place, row in story.first.records.items() if place not in story.before.records}


def changed(before: SandboxState, after: SandboxState) -> tuple[list[tuple[str, str]], list[CrmNote]]:
    """Return the records and the notes that are new, gone or different."""
    places = before.records.keys() | after.records.keys()
    records = [place for place in sorted(places) if before.records.get(place) != after.records.get(place)]
    ids = before.notes.keys() | after.notes.keys()
    notes = [after.notes.get(id_) or before.notes[id_] for id_ in sorted(ids) if before.notes.get(id_) != after.notes.get(id_)]
    return records, notes


def _messages_seen(story: Story) -> Check:
    said = story.summaries[0]["messages"]
    there = len(story.first.since(story.since))
    sum_of_outcomes = sum(number for name, number in said.items() if name != "seen")
    sentence = f"{there} messages in TimelinesAI since the start = {said['seen']} seen = the sum of their outcomes"
    return Check(sentence, _unless(there == said["seen"] == sum_of_outcomes, f"{there}, {said['seen']}, {sum_of_outcomes}"))


def _messages_in_notes(story: Story) -> Check:
    said = story.summaries[0]["messages"]["synced"]
    found, strangers = story.in_notes, story.strangers
    rest = story.summaries[0]["messages"]["seen"] - len(found)
    sentence = f"{len(found)} messages are in the notes, each exactly once = {said} synced; the other {rest} are in none"
    differences = _unless(len(found) == said, f"{len(found)} found, {said} said to be synced")
    return Check(sentence, differences + _unless(not strangers, f"{len(strangers)} entries more than messages"))


def _records_created(story: Story) -> Check:
    said, created = story.summaries[0]["records"]["created"], new_records(story)
    sentence = f"{len(created)} new records in the CRM = {said} created, each with the owner of the WhatsApp number"
    differences = _unless(len(created) == said, f"{len(created)} in the CRM, {said} said to be created")
    return Check(sentence, differences + list(_wrong_owners(story.first, created)))


def _wrong_owners(state: SandboxState, created: dict[tuple[str, str], dict[str, Any]]) -> Iterator[str]:
    chats: dict[tuple[str, str], set[int]] = defaultdict(set)
    for note in state.notes.values():
        if note.chat_id is not None:
            chats[note.record].add(note.chat_id)
    for place, row in created.items():
        accounts = [state.accounts[state.chats[chat]["whatsapp_account_id"]] for chat in chats[place]]
        if row["Owner"]["id"] not in {owner_of(state, account, row["Created_By"]["id"]) for account in accounts}:
            yield f"{'/'.join(place)} belongs to {state.users[row['Owner']['id']]['full_name']}"


def owner_of(state: SandboxState, account: dict[str, Any], otherwise: str) -> str:
    """Return the Zoho user with the e-mail of a WhatsApp number's owner, or the one who takes the place of a missing one."""
    for user_id, user in state.users.items():
        same = user["email"].casefold() == account["owner_email"].casefold()
        if same and user["status"] == "active" and user["confirm"]:
            return user_id
    return otherwise


def _notes_created(story: Story) -> Check:
    said, notes = story.summaries[0]["notes"]["created"], notes_of_chats(story.first)
    astray = [note for note in notes if not _carries_number(story.first, note)]
    days = Counter((note.chat_id, note.day, note.part) for note in notes)
    twice = [key for key, number in days.items() if number > 1]
    sentence = f"{len(notes)} notes in the CRM = {said} created, none twice, each on a record with its chat's number"
    differences = _unless(len(notes) == said, f"{len(notes)} in the CRM, {said} said to be created")
    differences += [f"the note {note.id} is on {'/'.join(note.record)}" for note in astray]
    return Check(sentence, differences + [f"chat {chat} has two notes of {day}" for chat, day, _ in twice])


def _carries_number(state: SandboxState, note: CrmNote) -> bool:
    ending = state.phone(note.chat_id or 0)[-SAME_ENDING:]
    row = state.records[note.record]
    return bool(ending) and any(ending in digits(row.get(name)) for name in PHONE_FIELDS)


def _requests(story: Story) -> Check:
    said = Counter[str]()
    for summary in story.summaries:
        said.update(summary["api_calls"])
    there = {name: story.states[-1].requests[name] - story.before.requests[name] for name in said}
    sentence = f"{there['timelines']} requests reached TimelinesAI and {there['zoho']} Zoho CRM = the ticks' own count"
    return Check(sentence, _unless(there == said, f"they counted {said['timelines']} and {said['zoho']}"))


def _second_tick(story: Story) -> Check:
    before, after = story.states[1:3]
    records, notes = changed(before, after)
    calls = after.requests["zoho"] - before.requests["zoho"]
    sentence = "second tick: no request to Zoho CRM, no record and no note changed"
    differences = _unless(not calls, f"{calls} requests") + _unless(not records, f"{len(records)} records changed")
    return Check(sentence, differences + _unless(not notes, f"{len(notes)} notes changed"))


def _third_tick(story: Story) -> Check:
    before, after = story.states[2:4]
    records, notes = changed(before, after)
    holds = [note for note in notes if note.chat_id == story.message.chat_id and story.message.text in note.content]
    said = story.summaries[2]["notes"]
    sentence = "third tick: exactly one note changed and it holds the message in between; no record changed"
    differences = _unless(len(notes) == 1 == said["created"] + said["updated"], f"{len(notes)} notes changed")
    differences += _unless(len(holds) == 1, f"the message is in {len(holds)} notes")
    return Check(sentence, differences + _unless(not records, f"{len(records)} records changed"))


def found_in_notes(messages: Iterable[Written], notes: Iterable[CrmNote], zone: str) -> tuple[list[Written], list[str]]:
    """Return the messages that have an entry of their own in the notes of their chat and day, and the entries left over."""
    entries: dict[tuple[int | None, date | None, str], list[str]] = defaultdict(list)
    for note in sorted(notes, key=lambda each: each.part):
        for entry in note.entries:
            entries[note.chat_id, note.day, entry[:5]].append(entry)
    found = []
    # The longest first: a short "yes" is also part of a longer message of the same minute.
    for message in sorted(messages, key=lambda each: len(each.text), reverse=True):
        at = message.at.astimezone(ZoneInfo(zone))
        if _take(entries[message.chat_id, at.date(), f"{at:%H:%M}"], message):
            found.append(message)
    return found, [entry for rest in entries.values() for entry in rest]


def _take(entries: list[str], message: Written) -> bool:
    for entry in entries:
        if _says(entry, message):
            entries.remove(entry)
            return True
    # A message that outgrows a note is cut there and goes on in the next one, behind the time and the name again.
    if entries and _says(entries[0] + "".join(_PREFIX.sub("", entry) for entry in entries[1:]), message):
        entries.clear()
        return True
    return False


def _says(entry: str, message: Written) -> bool:
    words = [_bare(message.text) or message.text.strip(), _bare(message.filename)]
    return any(words) and all(word in _bare(entry) or word in entry for word in words)


def _bare(text: str) -> str:
    """Keep letters and digits: signs that a note cannot hold are replaced there."""
    return "".join(character for character in text if character.isalnum())


def notes_of_chats(state: SandboxState) -> list[CrmNote]:
    """Return the notes that hold the address of a chat; the others were written by people."""
    return [note for note in state.notes.values() if note.chat_id is not None]


def _unless(holds: bool, difference: str) -> list[str]:
    return [] if holds else [difference]
