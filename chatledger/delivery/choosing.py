"""Choosing the sync settings step by step: what each form asks, and only the answers that would work.

Nothing here talks to anybody: forms are values, whoever shows them gives back the answers by the questions' names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

import phonenumbers

from chatledger.delivery import suitable
from chatledger.errors import UsageError
from chatledger.models import ZohoField
from chatledger.settings import Converted, CreateOn, Language, SeveralMatches, SyncSettings

NONE = "(none)"
LEADS, CONTACTS = "Leads", "Contacts"
ACTIVATE, CHANGE, LEAVE = "Activate", "Change the settings", "Leave everything as it is"
FROM_NOW, LAST_DAY = "from now on", "the last 24 hours too"
Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """One field of a form. `options` makes it a drop-down; a bool as `initial` makes it a switch, else it is a text.

    One without `initial` has to be answered.
    """

    name: str
    title: str
    help: str
    options: tuple[str, ...] = ()
    initial: Any = None


@dataclass(frozen=True, slots=True)
class Form:
    """One step: a heading in Markdown and its questions."""

    text: str
    questions: tuple[Question, ...]


def ask_target(targets: Mapping[str, Sequence[ZohoField]], labels: Mapping[str, str], current: SyncSettings) -> Form:
    """Ask for the sync target among the modules with a phone field."""
    listed = "\n".join(f"- `{name}`: {labels.get(name, name)}" for name in sorted(targets))
    text = "## Sync target\nNew WhatsApp chats become records of one module. These have a phone field and take notes:"
    question = _choice("target_module", "Sync target", "Module of Zoho CRM", sorted(targets), current.target_module)
    return Form(f"{text}\n\n{listed}", (question,))


def ask_fields(module: str, fields: Sequence[ZohoField], current: SyncSettings) -> Form:
    """Ask which fields of the target take number and name."""
    phones, names = suitable.phone_fields(fields, written=True), _takers(fields, suitable.NAME_TYPES)
    number = _choice("phone_field", "WhatsApp number", "It is looked for and written here", phones, current.phone_field)
    told = "Takes the name of the chat"
    name = _choice("name_field", "Contact's name", told, names, current.name_field, "Last_Name", "Name")
    text = f"## Number and name in {module}\nWhich field of a record takes what."
    return Form(f"{text}\n\n{_named_otherwise(fields, {*phones, *names})}", (number, name))


def ask_optional_fields(module: str, fields: Sequence[ZohoField], current: SyncSettings) -> Form:
    """Ask which fields take chat link and lead source, if any: not those of number and name."""
    rest = {current.phone_field, current.name_field}
    links = [name for name in _takers(fields, suitable.LINK_TYPES) if name not in rest]
    sources = [name for name in _takers(fields, suitable.SOURCE_TYPES) if name not in rest]
    told = "Takes the address of the chat; a field of your own is best"
    link = _choice("chat_link_field", "Chat link", told, [NONE, *links], current.chat_link_field or NONE)
    told = "Takes the value TimelinesAI, for filters and workflows"
    source = _choice("lead_source_field", "Lead source", told, [NONE, *sources], current.lead_source_field or NONE)
    text = f"## Chat link and lead source in {module}\nBoth may be left out."
    return Form(f"{text}\n\n{_named_otherwise(fields, {*links, *sources})}", (link, source))


def ask_conversion(contact_fields: Sequence[ZohoField], current: SyncSettings) -> Form:
    """Ask what happens with chats of converted leads; going on needs a phone field of the contacts."""
    phones = suitable.phone_fields(contact_fields, written=False)
    options = [kind.value for kind in Converted] if phones else [Converted.STOP.value]
    questions = [
        _choice("converted", "Converted leads", "Go on with the contact, or stop the sync of their chats", options,
                current.converted.value),
    ]  # fmt: skip
    if phones:
        told = "Looked at where the conversion trace is gone"
        questions.append(_choice("converted_phone_field", "Contact's number", told, phones, current.converted_phone_field))
    return Form("## Converted leads\nA lead that is converted becomes a contact; its chats can go on there.", tuple(questions))


def ask_rules(current: SyncSettings, zone: str, region: str) -> Form:
    """Ask what creates records, and how notes are written; `zone` and `region` are proposed where nothing was chosen yet."""
    zones = sorted(name for name in available_timezones() if "/" in name or name == "UTC")
    return Form(
        "## Records and notes",
        (
            _choice("create_on", "A record is created by", "any message, or only by one of the contact",
                    [kind.value for kind in CreateOn], current.create_on.value),
            _choice("several_matches", "Several records with a number", "Which is taken; hold leaves it to a person",
                    [kind.value for kind in SeveralMatches], current.several_matches.value),
            Question("run_automations", "Zoho's automations", "Run workflows on what is created", (), current.run_automations),
            _choice("language", "Language of the notes", "Of their titles and lines", [kind.value for kind in Language],
                    current.language.value),
            _choice("timezone", "Time zone", "Decides which day a message belongs to", zones, zone, "UTC"),
            _choice("default_region", "Country", "Of numbers that are written without a country code",
                    sorted(phonenumbers.SUPPORTED_REGIONS), region),
        ),
    )  # fmt: skip


def ask_mandatory(names: Sequence[str], fields: Mapping[str, ZohoField], current: SyncSettings) -> Form:
    """Ask for a value of each field that Zoho demands and that nothing fills."""
    questions = []
    for name in names:
        field, known = fields[name], current.fixed_fields.get(name)
        if field.pick_list:
            questions.append(_choice(name, field.label or name, "Demanded by Zoho", field.pick_list, str(known or "")))
        else:
            questions.append(Question(name, field.label or name, f"Demanded by Zoho ({field.data_type})", (), known or None))
    return Form("## Fields that Zoho demands\nEvery new record is given these values.", tuple(questions))


def ask_activation(text: str, *, first: bool) -> Form:
    """Show what the settings would do, and ask whether to activate them; the first time also from when messages count."""
    questions = [_choice("decision", "Decision", "Nothing is written before you activate", [LEAVE, CHANGE, ACTIVATE], LEAVE)]
    if first:
        told = "Older history can be brought in later by a backfill"
        questions.append(_choice("messages", "Messages count", told, [FROM_NOW, LAST_DAY], FROM_NOW))
    return Form(text, tuple(questions))


def ask_again(problem: str) -> Form:
    """Say why settings cannot be activated, and ask whether to change them."""
    question = _choice("decision", "Decision", "Nothing was changed", [CHANGE, LEAVE], CHANGE)
    return Form(f"## These settings do not work\n{problem}", (question,))


def settings_from(current: SyncSettings, answers: Answers) -> SyncSettings:
    """Return the settings that the answers so far make of the current ones. Raises UsageError for one field used twice."""
    chosen = {name: None if value == NONE else value for name, value in answers.items()}
    kept = current.model_dump()
    if chosen.get("target_module", current.target_module) != current.target_module:
        kept |= {"fixed_fields": {}, "unique_phone_field": None}
    known = {name: value for name, value in chosen.items() if name in SyncSettings.model_fields}
    taken = {known.get(name) for name in ("phone_field", "name_field", "chat_link_field", "lead_source_field")}
    kept["fixed_fields"] = {name: value for name, value in kept["fixed_fields"].items() if name not in taken}
    settings = SyncSettings.model_validate(kept | known)
    if settings.chat_link_field is not None and settings.chat_link_field == settings.lead_source_field:
        raise UsageError(f"{settings.chat_link_field} cannot take both the chat link and the lead source: choose two fields.")
    return settings


def with_fixed_fields(settings: SyncSettings, values: Answers) -> SyncSettings:
    """Return settings that give each new record these values as well; empty ones are left out."""
    given = {name: value for name, value in values.items() if value not in ("", None)}
    return SyncSettings.model_validate(settings.model_dump() | {"fixed_fields": settings.fixed_fields | given})


def _choice(name: str, title: str, told: str, options: Sequence[str], *wanted: str) -> Question:
    """Return a drop-down that stands at the first wanted option there is, else at the first of all."""
    initial = next((option for option in wanted if option in options), options[0])
    return Question(name, title, told, tuple(dict.fromkeys(options)), initial)


def _takers(fields: Sequence[ZohoField], types: Sequence[str]) -> list[str]:
    return sorted(field.api_name for field in fields if suitable.takes(field, types))


def _named_otherwise(fields: Sequence[ZohoField], offered: set[str]) -> str:
    """Return a table of the offered fields that people know by another name than the API does."""
    rows = [
        f"| `{field.api_name}` | {field.label} |"
        for field in fields
        if field.api_name in offered and field.label.replace(" ", "_") != field.api_name
    ]
    return "\n".join(["| Field | Label |", "|---|---|", *sorted(rows)]) if rows else ""
