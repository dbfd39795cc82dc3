"""`chatledger explain`: why a message or a phone is where it is, or why not."""

from typing import Annotated

import typer
from rich.text import Text

from blocks.environment import read_state_settings
from chatledger.delivery.explained import Candidate, MessageExplained, PhoneExplained, Place, WriteExplained
from chatledger.delivery.explaining import explain as explained
from chatledger.delivery.recognising import activated
from chatledger.ledger import organisations
from deployments.cli.connections import open_ledger
from deployments.cli.record_links import record_url
from deployments.cli.screen import SHORT_ID, console, facts, moment, print_json, table, word

WRITES_SHOWN = 8
Rows = list[tuple[str, str | Text]]
_WRITES = {
    "create_record": "create the record", "create_note": "create the note", "update_note": "update the note",
    "attach": "attach a file",
}  # fmt: skip


def explain(
    what: Annotated[str, typer.Argument(metavar="UID-or-PHONE", help="A message's uid, or a phone number in any spelling.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Say why a message or a phone is where it is, or why not."""
    settings = read_state_settings()
    with open_ledger(settings) as ledger:
        organisation = activated(ledger, settings.chatledger_organisation)
        found = explained(ledger, organisation.id, what, record_url(organisation.zgid))
        with ledger.reading() as session:
            zone = organisations.current_settings(session, organisation.id).timezone
    if as_json:
        print_json({"message" if isinstance(found, MessageExplained) else "phone": found})
    elif isinstance(found, MessageExplained):
        _show_message(found, zone)
    else:
        _show_phone(found, zone)


def _show_message(found: MessageExplained, zone: str) -> None:
    out = console()
    out.print(Text.assemble(("Message ", "bold"), found.uid))
    rows: Rows = [("what", _kind(found)), ("sent", f"{moment(found.timestamp, zone)} {zone}")]
    if found.chat:
        rows += [("chat", f"{found.chat.id} {found.chat.name}, on the number of {found.chat.number}"), ("", found.chat.url)]
    rows += [
        ("outcome", Text.assemble(word(found.outcome), f": {found.reason}")),
        ("", found.meaning),
        ("what to do", found.remedy),
    ]
    if found.detail:
        rows.append(("detail", found.detail))
    if found.attempts:
        again = f", next try {moment(found.next_try_at, zone)}" if found.next_try_at else ""
        rows.append(("attempts", f"{found.attempts} refused{again}"))
    rows += [("seen", f"{moment(found.first_seen_at, zone)}, decided {moment(found.decided_at, zone)}"), *_went_to(found)]
    rows.append(("run", f"`chatledger log --run {found.run_id[:SHORT_ID]}`"))
    out.print(facts(rows))
    writes = {write.id: write for write in (*(found.phone.writes if found.phone else ()), *found.writes)}
    _show_writes(tuple(writes.values()), zone)
    if found.phone:
        out.print()
        _show_link(found.phone, zone)


def _kind(found: MessageExplained) -> str:
    return " ".join(part for part in (found.direction, found.kind, "message") if part)


def _went_to(found: MessageExplained) -> Rows:
    rows: Rows = [("record", _record(found.record))] if found.record else []
    if found.record and found.record.url:
        rows.append(("", found.record.url))
    if found.note:
        rows.append(("note", f"{found.note.id} “{found.note.title}”"))
    return rows


def _record(place: Place) -> str:
    remarks = [f"owner {place.owner}" if place.owner else "", place.state if place.state not in ("", "alive") else ""]
    said = ", ".join(remark for remark in remarks if remark)
    return f"{place.module}/{place.id}" + (f" ({said})" if said else "")


def _show_phone(found: PhoneExplained, zone: str) -> None:
    out = console()
    _show_link(found, zone)
    if found.moves:
        out.print("\nHistory", style="bold")
        listed = table("when", "what", "by", "record", "rule")
        for move in found.moves:
            way = [f"{ref.module}/{ref.id}" for ref in (move.before, *move.through, move.after) if ref]
            by = move.actor if move.actor != "sync" else f"run {(move.run_id or '')[:SHORT_ID]}"
            listed.add_row(moment(move.at, zone), move.what, by, "\n→ ".join(dict.fromkeys(way)), move.rule)
        out.print(listed)
    if found.chats:
        out.print("\nChats", style="bold")
        listed = table("chat", "name", "number of", "messages")
        for chat in found.chats:
            counted = ", ".join(f"{count} {outcome}" for outcome, count in chat.messages.items()) or "none"
            number = chat.number if chat.connected else f"{chat.number} (disconnected)"
            listed.add_row(str(chat.id), Text(chat.name), Text(number), counted)
        out.print(listed)
        out.print(facts([("", chat.url) for chat in found.chats]))
    _show_writes(found.writes, zone)


def _show_link(found: PhoneExplained, zone: str) -> None:
    out = console()
    alias = f", alias {found.alias}" if found.alias else ""
    out.print(Text.assemble(("Phone ", "bold"), found.key, alias))
    if found.link is None:
        out.print(facts([("link", "none"), *_prospect(found, zone)]))
        _show_candidates("Records with this number", found.now.candidates, zone)
        return
    link = found.link
    by = "a person" if link.pinned else f"run {link.run_id[:SHORT_ID]}"
    rows: Rows = [
        ("link", _record(link.record)), *([("", link.record.url)] if link.record.url else []),
        ("why", f"{link.meaning} ({link.rule})"), ("form", _form(link.form, found.key)),
        ("since", f"{moment(link.since, zone)}, by {by}"),
    ]  # fmt: skip
    out.print(facts([*rows, *([] if found.now.what == "linked" else _prospect(found, zone))]))
    _show_candidates("Records with this number when it was decided", link.candidates, zone)


def _prospect(found: PhoneExplained, zone: str) -> Rows:
    rows: Rows = [("now", found.now.meaning)]
    if found.now.record:
        rows.append(("", _record(found.now.record)))
    return [*rows, ("index", f"as read {moment(found.now.index_read_at, zone)}")]


def _form(form: str, key: str) -> str:
    if not form:
        return "the record holds no number"
    return f"{form}, exactly this number" if form == key else f"{form}, another spelling of this number"


def _show_candidates(title: str, candidates: tuple[Candidate, ...], zone: str) -> None:
    if not candidates:
        return
    out = console()
    out.print(f"\n{title}", style="bold")
    listed = table("", "record", "number held", "created", "modified")
    for row in candidates:
        record = f"{row.record.module}/{row.record.id}" + (" (converted)" if row.converted else "")
        created, modified = moment(row.created_at, zone)[:10], moment(row.modified_at, zone)[:16]
        listed.add_row("→" if row.chosen else "", record, row.form, created, modified)
    out.print(listed)


def _show_writes(writes: tuple[WriteExplained, ...], zone: str) -> None:
    if not writes:
        return
    out = console()
    out.print("\nWrites to Zoho", style="bold")
    for write in writes[-WRITES_SHOWN:]:
        refusal = f" Its code: {write.refusal}." if write.refusal else ""
        waits = f" Not before {moment(write.settle_after, zone)}." if write.state == "unknown" else ""
        said = f"{write.meaning}{refusal}{waits}"
        out.print(facts([(moment(write.decided_at, zone), f"{_WRITES.get(write.kind, write.kind)}: {said}")]))
