"""What people do meanwhile, on both sides: they write, convert, merge, rename, edit, delete and add records.

Every act tells the `Lineage` which records a number may be found on because of it.
"""

from collections import defaultdict
from datetime import timedelta

from sandbox.zoho.store import Change
from tests.simulation.world import LINES, PHONES, World
from tests.stage import LAURA

PHONE_FIELDS = {"Leads": "Mobile", "Contacts": "Phone"}
ACTS = (
    "convert", "convert", "merge", "merge", "add_record", "edit_phone", "rename_record", "rename_chat", "edit_message",
    "delete_note", "delete_record", "change_owner", "lock_record", "write_note",
)  # fmt: skip


def digits(phone):
    """A number as it is compared here, however somebody spelled it."""
    return "".join(letter for letter in str(phone or "") if letter.isdigit())


class Lineage:
    """Which phone numbers a record may carry notes of: those it ever had, and those of what it was made of."""

    def __init__(self, zoho):
        self.numbers = defaultdict(set)
        zoho.crm.store.listeners.append(self.heard)

    def heard(self, change: Change):
        if change.module in PHONE_FIELDS and change.values is not None:
            for name in ("Mobile", "Phone"):
                if number := digits(change.values.get(name)):
                    self.numbers[change.id].add(number)

    def inherits(self, heir, ancestor):
        """One record became (part of) another."""
        self.numbers[heir] |= self.numbers[ancestor]


class People:
    """The people of one seed. `written` lists (text, chat id, line, timestamp, counts) of everything that was written."""

    def __init__(self, world: World, lineage: Lineage):
        self._world = world
        self._zoho, self._timelines = world.zoho, world.timelines
        self._random = world.random
        self._lineage = lineage
        self.written = []
        self.taken_away = set()
        """Notes that a person removed, or removed the record of; what stood in them need not come back."""

    def act(self):
        """Do one thing that people do, if there is anything to do it to."""
        name = self._random.choice(ACTS)
        if getattr(self, name)():
            self._world.tell("people", name)
            self._world.weather.fired[f"person_{name}"] += 1

    def write(self, line=None):
        """Somebody writes a message (in this chat), now or with a time that is long past."""
        line = line or self._random.choice(LINES[: 3 + len(self.written) // 4])  # new chats begin all the time
        now = self._world.clock.now()
        late = self._random.random() < 0.08
        at = max(now - timedelta(seconds=self._random.randrange(10, 7_000)), self._world.starts_at) if late else now
        kind = "note" if self._random.random() < 0.05 else "whatsapp"
        self.say(line, at=at, late=late, kind=kind, from_me=self._random.random() < 0.3)

    def say(self, line, *, at=None, late=False, kind="whatsapp", from_me=False):
        """Have this message arrive in this chat."""
        number = len(self.written)
        where = {"phone": line.phone} if line.phone else {"jid": line.group}
        said = self._timelines.receive_message(
            f"mensaje #{number}#", account=line.account, at=at or self._world.clock.now(), late=late, from_me=from_me,
            message_type=kind, uid=f"00000000-0000-4000-8000-{number:012d}", **where,
        )  # fmt: skip
        self._world.tell("people", "write", number, said["chat_id"], "late" if late else "")
        at = self._timelines._service.workspace.messages[said["uid"]].timestamp
        self.written.append((said["uid"], said["chat_id"], line, at, kind == "whatsapp" and line.phone is not None))
        self._world.weather.fired["late_message"] += late

    def convert(self):
        lead = self._some("Leads", lambda record: not record.conversion)
        if lead is None:
            return False
        contact = self._some("Contacts", lambda one: self._same_number(one, lead)) if self._random.random() < 0.5 else None
        self.convert_lead(lead.id, contact.id if contact else None)
        return True

    def convert_lead(self, lead_id, contact_id=None):
        """Convert a lead into a new contact, which is given its number, or into an existing one."""
        phone = self._zoho.crm.store.live("Leads", lead_id).values.get("Mobile")
        made = self._zoho.convert_lead(lead_id, contact_id)
        self._lineage.inherits(made, lead_id)
        if not contact_id:
            self._zoho.edit_record("Contacts", made, {"Phone": phone})

    def merge(self):
        child = self._some("Leads", lambda record: not record.conversion)
        if child is None:
            return False
        masters = [one for one in self._records("Leads") if one is not child and not one.conversion]
        masters = [one for one in masters if self._same_number(one, child)]
        if not masters:
            phone = child.values.get("Mobile")
            master_id = self._zoho.add_record("Leads", {"Last_Name": "Gemelo", "Mobile": phone})
        else:
            master_id = self._random.choice(masters).id
        self._zoho.merge_records("Leads", master_id, child.id)
        self._lineage.inherits(master_id, child.id)
        return True

    def add_record(self):
        phone = self._random.choice(PHONES)
        spelled = self._random.choice([phone, phone.replace("+57", "+57 "), phone.replace("+", "00"), phone[3:]])
        module = self._random.choice(["Leads", "Leads", "Contacts"])
        made = self._zoho.add_record(module, {"Last_Name": "De la web", PHONE_FIELDS[module]: spelled})
        self._lineage.numbers[made].add(digits(phone))
        return True

    def edit_phone(self):
        record = self._some("Leads", lambda one: not one.conversion)
        if record is None or self._random.random() < 0.5:
            return False
        self._zoho.edit_record("Leads", record.id, {"Mobile": f"+57310999{self._random.randrange(10_000):04d}"})
        return True

    def rename_record(self):
        record = self._some(self._random.choice(["Leads", "Contacts"]))
        if record is None:
            return False
        self._zoho.edit_record(record.module, record.id, {"Last_Name": f"Renombrado {self._random.randrange(100)}"})
        return True

    def rename_chat(self):
        chats = list(self._timelines._service.workspace.chats)
        if not chats:
            return False
        self._timelines.edit_chat(self._random.choice(chats), name=f"Otro nombre {self._random.randrange(100)}")
        return True

    def edit_message(self):
        if not self.written:
            return False
        uid = self._random.choice(self.written)[0]
        text = self._timelines._service.workspace.messages[uid].text
        self._timelines.change_text(uid, f"{text} (corregido)")
        return True

    def delete_note(self):
        notes = list(self._zoho.crm.store.notes.values())
        if not notes or self._random.random() < 0.5:
            return False
        note = self._random.choice(notes)
        self.taken_away.add(note.id)
        self._zoho.delete_note(note.id)
        return True

    def delete_record(self):
        record = self._some("Leads")
        if record is None or self._random.random() < 0.5:
            return False
        self.remove_record(record.id)
        return True

    def remove_record(self, lead_id):
        """Delete a lead, and its notes with it."""
        self.taken_away |= {note.id for note in self._zoho.crm.store.notes_of("Leads", lead_id)}
        self._zoho.delete_record("Leads", lead_id)

    def change_owner(self):
        record = self._some("Leads")
        if record is None:
            return False
        self._zoho.edit_record("Leads", record.id, {}, owner_id=LAURA)
        return True

    def lock_record(self):
        record = self._some("Leads")
        self._zoho.faults.locked_records[:] = [record.id] if record else []
        return record is not None

    def write_note(self):
        record = self._some("Leads")
        if record is None:
            return False
        self._zoho.add_note("Leads", record.id, "Llamar", "Nota de una persona")
        return True

    def go_home(self):
        """Undo what only a person would undo."""
        self._zoho.faults.locked_records.clear()

    def _same_number(self, one, other):
        return bool(self._lineage.numbers[one.id] & self._lineage.numbers[other.id])

    def _records(self, module):
        return [record for record in self._zoho.crm.store.records[module].values() if not record.deletion]

    def _some(self, module, fits=lambda _: True):
        fitting = [record for record in self._records(module) if fits(record)]
        return self._random.choice(fitting) if fitting else None
