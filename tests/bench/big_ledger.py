"""A ledger of millions of messages with their chats, numbers, notes, links and a year of runs, made by plain SQL."""

import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from chatledger.ledger import organisations, planner_facts
from chatledger.ledger.database import open_ledger
from chatledger.ledger.engines import connect, parse_url
from chatledger.ledger.folding import folded
from chatledger.ledger.tables import Account, Organisation
from chatledger.settings import SyncSettings

ORGANISATION = "main"
DAYS = 730
NUMBERS = 12
NAMES = (
    "Ana",
    "Berta",
    "Carlos",
    "Diego",
    "Elena",
    "Fabián",
    "Gloria",
    "Héctor",
    "Inés",
    "Jorge",
    "Karla",
    "Luis",
    "María",
    "Nicolás",
)
SURNAMES = ("Ruiz", "Gómez", "Núñez", "Pérez", "López", "Díaz", "Torres", "Vargas", "Rojas", "Mora", "Castro", "Ortiz")
HELD = (
    ("parked", "several_matches", ""), ("parked", "field_refused", "INVALID_DATA Mobile"),
    ("parked", "not_permitted", "NO_PERMISSION"), ("parked", "mandatory_field_missing", "MANDATORY_NOT_FOUND Company"),
    ("pending", "back_off", "RECORD_LOCKED"),
)  # fmt: skip
SKIPPED = ("group_chat", "no_phone", "kind_not_synced", "empty_message", "outgoing_only", "converted_stop")
MESSAGE = (
    "INSERT INTO message (organisation_id, uid, chat_id, account_id, timestamp, local_date, kind,"
    " direction, text, sender_name, agent,"
    " status, failure, origin, attachments, reactions, content_hash, raw, first_run_id, first_seen_at,"
    " outcome, reason, detail,"
    " attempts, run_id, decided_at, module, record_id, note_id)"
    " VALUES (?,?,?,?,?,?,'whatsapp',?,?,'','','','','','[]','{}',?,'null',?,?,?,?,?,?,?,?,?,?,?)"
)


def make(path: Path, messages: int, seed: int = 7) -> None:
    """Fill a new ledger at `path`; takes about two minutes for five million messages."""
    ledger = open_ledger(f"sqlite:///{path}", home=path.parent, secret_key="a passphrase only for benches")
    now = datetime.now(UTC).replace(microsecond=0)
    with ledger.transaction() as session:
        session.add(
            Organisation(
                id=ORGANISATION, zgid="700100", workspace_id="acme", connected_user_id="1", credentials_hash="x",
                zoho_name="Acme", active=True, starts_at=now - timedelta(days=DAYS), activated_at=now - timedelta(days=DAYS),
            )
        )  # fmt: skip
        organisations.add_settings(session, ORGANISATION, SyncSettings(timezone="America/Bogota"), now)
        session.add_all(
            Account(
                organisation_id=ORGANISATION, id=wid(number), phone=f"+5731055501{number:02}", owner_name=NAMES[number],
                owner_email=f"{folded(NAMES[number])}@example.com", connected=number > 0, read_at=now,
            )
            for number in range(NUMBERS)
        )  # fmt: skip
    ledger.close()
    chance = random.Random(seed)
    database = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous = OFF", "cache_size = -400000", "temp_store = MEMORY"):
        database.execute(f"PRAGMA {pragma}")
    indices = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
    for name, _ in indices:
        database.execute(f"DROP INDEX {name}")
    database.execute("BEGIN")
    chats = messages // 20
    database.executemany(
        "INSERT INTO chat (organisation_id, id, name, name_folded, phone, jid, kind, account_id, url,"
        " phone_key, last_message_at,"
        " to_read, read_misses, first_seen_at) VALUES (?,?,?,?,?,?,'direct',?,?,?,?,0,0,?)",
        chat_rows(chats, now, chance),
    )
    fill_messages(database, messages, chats, now, chance)
    fill_runs(database, now, chance)
    database.execute("COMMIT")
    for _, sql in indices:
        database.execute(sql)
    database.close()
    engine = connect(parse_url(f"sqlite:///{path}"))
    with engine.begin() as connection:
        planner_facts.tell_sqlite(connection)  # what it is told of an index goes with the index
    engine.dispose()


def wid(number: int) -> str:
    """Return the id of a connected number."""
    return f"5731055501{number:02}@s.whatsapp.net"


def phone(chat: int) -> str:
    """Return the phone key of a chat."""
    return f"+573{chat:09d}"


def uid(message: int) -> str:
    """Return the uid of a message."""
    return f"00000000-0000-4000-8000-{message:012x}"


def text_time(moment: datetime) -> str:
    """Write a time as the ledger's columns hold it."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def chat_rows(chats: int, now: datetime, chance: random.Random) -> Iterator[tuple[Any, ...]]:
    """Yield chats; a tenth of them share their number with the one before."""
    for chat in range(chats):
        name = f"{chance.choice(NAMES)} {chance.choice(SURNAMES)} {chat % 997}"
        key = phone(chat - 1 if chat % 10 == 9 else chat)
        last = text_time(now - timedelta(minutes=chance.randrange(DAYS * 1440)))
        number = wid(min(int(chance.expovariate(0.4)), NUMBERS - 1))
        url = f"https://app.timelines.ai/chat/{chat}/messages"
        yield ORGANISATION, chat, name, folded(name), key, f"{key[1:]}@s.whatsapp.net", number, url, key, last, last


def fill_messages(database: sqlite3.Connection, messages: int, chats: int, now: datetime, chance: random.Random) -> None:
    """Write messages in the order of their time, with a note of each chat and day, a link and a change for each note."""
    accounts = [row[0] for row in database.execute("SELECT account_id FROM chat ORDER BY id")]
    start = now - timedelta(days=DAYS)
    step = timedelta(days=DAYS) / messages
    rows: list[tuple[Any, ...]] = []
    notes: dict[tuple[int, date], str] = {}
    for number in range(messages):
        at = start + step * number
        # one chat in a hundred takes a fifth of the messages, so that there are long ones
        chat = chance.randrange(chats // 100) if chance.random() < 0.2 else chance.randrange(chats)
        day, when, run = (at - timedelta(hours=5)).date(), text_time(at), f"{number // 400:08x}-run"
        outcome, reason, detail, module, record, note = "synced", "note_created", "", "Leads", str(10**18 + chat), None
        dice = chance.random()
        if dice > 0.96:
            outcome, reason, module, record = "skipped", SKIPPED[number % len(SKIPPED)], None, None
        elif dice > 0.959:
            outcome, reason, detail = HELD[number % len(HELD)]
            module, record = None, None
        else:
            note = notes.get((chat, day))
            reason = "note_updated" if note else "note_created"
            note = notes.setdefault((chat, day), str(2 * 10**18 + number))
        decided = text_time(at + timedelta(seconds=chance.expovariate(1 / 45)))
        rows.append(
            (
                ORGANISATION, uid(number), chat, accounts[chat], when, day.isoformat(),
                "incoming" if number % 3 else "outgoing",
                "Buenos días, ¿siguen abiertos hoy?", f"{number:064x}", run, when, outcome, reason, detail,
                int(bool(detail)), run, decided, module, record, note,
            )
        )  # fmt: skip
        if len(rows) == 20_000:
            write_messages(database, rows, notes)
    write_messages(database, rows, notes)
    database.execute(
        "INSERT INTO link (organisation_id, phone_key, module, record_id, rule, matched_key, candidates,"
        " pinned, run_id, created_at,"
        " changed_at) SELECT organisation_id, phone_key, 'Leads', cast(1000000000000000000 + min(id) AS TEXT),"
        " CASE WHEN id % 500 = 0 THEN 'pinned' ELSE 'exact' END, phone_key, '[]', id % 500 = 0,"
        " '00000000-run', last_message_at,"
        " last_message_at FROM chat GROUP BY phone_key"
    )


def write_messages(database: sqlite3.Connection, rows: list[tuple[Any, ...]], notes: dict[tuple[int, date], str]) -> None:
    """Write a batch, and the notes of all days but the last."""
    database.executemany(MESSAGE, rows)
    last = max((day for _, day in notes), default=date.min)
    closed = [(chat, day, note) for (chat, day), note in notes.items() if day < last or not rows]
    for chat, day, _ in closed:
        del notes[chat, day]
    made = [
        (
            ORGANISATION,
            chat,
            day.isoformat(),
            f"Chat {chat} ({day})",
            f"{10**18 + chat}",
            note,
            "0" * 64,
            f"{day} 12:00:00.000000",
        )
        for chat, day, note in closed
    ]
    database.executemany(
        "INSERT INTO note (organisation_id, chat_id, local_date, part, chat_name, title, module, record_id,"
        " zoho_id, body_hash, created_at,"
        " changed_at, run_id) VALUES (?,?,?,1,'Ana',?,'Leads',?,?,?,?,?,'')",
        [(*row, row[-1]) for row in made],
    )
    database.executemany(
        "INSERT INTO change (organisation_id, at, run_id, actor, what, chat_id, module, record_id, note_id, before, after)"
        " VALUES (?,?,'','sync','note_created',?,'Leads',?,?,'{}','{\"body_hash\": \"0\"}')",
        [(row[0], row[7], row[1], row[4], row[5]) for row in made],
    )
    rows.clear()


def fill_runs(database: sqlite3.Connection, now: datetime, chance: random.Random) -> None:
    """Write a tick a minute for a year; one in ten had something to do."""

    def runs() -> Iterator[tuple[Any, ...]]:
        for minute in range(365 * 1440):
            at = text_time(now - timedelta(minutes=minute))
            seen = chance.randrange(1, 40) if minute % 10 == 0 else 0
            yield f"{minute:08x}-tick", ORGANISATION, at, at, seen, seen, seen // 4, 1 + seen // 10, seen // 5

    database.executemany(
        "INSERT INTO run (id, organisation_id, kind, state, started_at, ended_at, fence, trouble_outside,"
        " messages_seen, messages_synced,"
        " messages_skipped, messages_failed, messages_pending, records_matched, records_created, notes_created, notes_updated,"
        " notes_unchanged, calls_timelines, calls_zoho, zoho_credits, seconds)"
        " VALUES (?,?,'tick','completed',?,?,1,0,?,?,0,0,0,0,0,?,0,0,1,?,?,1.5)",
        runs(),
    )
