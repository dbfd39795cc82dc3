"""What people do in the CRM: the same things the API can do, by hand and without asking for a token."""

from typing import Any

from sandbox.zoho.accounts import Accounts
from sandbox.zoho.calls import Crm
from sandbox.zoho.conversion import convert_lead, merge_records
from sandbox.zoho.metadata import complete_user
from sandbox.zoho.store import Note, Record
from sandbox.zoho.validation import as_id

ACTIONS = (
    "add_record", "edit_record", "delete_record", "convert_lead", "merge_records", "add_note", "edit_note", "delete_note",
    "add_user", "edit_user", "deactivate_user", "add_field", "make_mandatory", "revoke_tokens", "console_code",
)  # fmt: skip
"""The methods that are control routes too: POST /_sandbox/{action} with the arguments as a JSON object."""


class People:
    """The hands of the organisation's people. Unless `by` says otherwise it is the connected user who acts.

    Every method raises KeyError for a module, record, note, user or field that does not exist.
    """

    def __init__(self, crm: Crm, accounts: Accounts) -> None:
        self._crm = crm
        self._accounts = accounts

    def add_record(self, module: str, values: dict[str, Any], owner_id: str | None = None, by: str | None = None) -> str:
        """Add a record as a web form or a colleague would, unchecked; gives its id."""
        user = by or self._crm.current_user
        kept = {name: value for name, value in values.items() if name not in {"id", "Owner"}}
        owner = owner_id or as_id(values.get("Owner")) or user
        return self._crm.store.create(self._crm.store.modules[module].api_name, kept, owner, user).id

    def edit_record(
        self, module: str, record_id: str, values: dict[str, Any], owner_id: str | None = None, by: str | None = None
    ) -> None:
        """Change fields of a record, unchecked."""
        self._crm.store.edit(self._record(module, record_id), values, by or self._crm.current_user, owner_id)

    def delete_record(self, module: str, record_id: str, by: str | None = None, kind: str = "recycle") -> None:
        """Delete a record into the recycle bin, or for good with `kind="permanent"`."""
        self._crm.store.delete(self._record(module, record_id), by or self._crm.current_user, kind)

    def convert_lead(self, lead_id: str, contact_id: str | None = None, keep_trace: bool = True, by: str | None = None) -> str:
        """Convert a lead into a new contact or a given one; gives the contact's id. Without a trace the lead names none."""
        lead = self._record("Leads", lead_id)
        contact = self._record("Contacts", contact_id) if contact_id else None
        conversion = convert_lead(self._crm, lead, by or self._crm.current_user, contact=contact)
        made = str(conversion.contact_id)
        if not keep_trace:
            conversion.contact_id = conversion.account_id = conversion.deal_id = None
        return made

    def merge_records(self, module: str, master_id: str, child_id: str, by: str | None = None) -> None:
        """Let `master_id` swallow `child_id`."""
        merge_records(self._crm, self._record(module, master_id), self._record(module, child_id), by or self._crm.current_user)

    def add_note(self, module: str, record_id: str, title: str, content: str, by: str | None = None) -> str:
        """Write a note on a record; gives its id."""
        record, user, now = self._record(module, record_id), by or self._crm.current_user, self._crm.now()
        place = (record.module, record.id)
        return self._crm.store.add_note(Note(self._crm.store.new_id(), title, content, place, user, now, now, user, user)).id

    def edit_note(
        self,
        note_id: str,
        title: str | None = None,
        content: str | None = None,
        by: str | None = None,
        moves_time: bool = True,
    ) -> None:
        """Change a note; None keeps what is there. Without `moves_time` it happens in the second of the change before."""
        note = self._crm.store.notes[note_id]
        before = note.modified_at
        self._crm.store.edit_note(note, title, content, by or self._crm.current_user)
        if not moves_time:
            note.modified_at = before

    def delete_note(self, note_id: str) -> None:
        """Delete a note for good."""
        self._crm.store.delete_note(self._crm.store.notes[note_id])

    def add_user(self, email: str, full_name: str, confirm: bool = True, **more: Any) -> str:
        """Invite a user; gives the id."""
        user_id = str(more.pop("id", None) or self._crm.store.new_id())
        given = {"id": user_id, "email": email, "full_name": full_name, "confirm": confirm, **more}
        self._crm.store.users[user_id] = complete_user(given, self._crm.organisation["time_zone"], self._crm.now())
        return user_id

    def edit_user(self, user_id: str, values: dict[str, Any]) -> None:
        """Change what is known of a user."""
        self._crm.store.users[user_id].update(values)

    def deactivate_user(self, user_id: str) -> None:
        """Let a user leave; records keep their owner."""
        self._crm.store.users[user_id]["status"] = "inactive"

    def add_field(self, module: str, field: dict[str, Any]) -> None:
        """Add a field, described as the fields API does, as far as it matters; or change a known one."""
        self._crm.store.modules[module].add_field(field)

    def make_mandatory(self, module: str, api_name: str, mandatory: bool = True) -> None:
        """Let the API demand a field, or no longer."""
        self._crm.store.modules[module].fields[api_name].meta["system_mandatory"] = mandatory

    def revoke_tokens(self) -> None:
        """Disconnect every app: all refresh and access tokens end."""
        self._accounts.tokens.grants.clear()

    def console_code(self, scope: str) -> str:
        """Make a code in the API console, as for a Self Client."""
        return self._accounts.console_code(scope)

    def _record(self, module: str, record_id: str) -> Record:
        record = self._crm.store.live(module, record_id)
        if record is None:
            raise KeyError(record_id)
        return record
