"""What a person types finds what they mean, on both databases."""

from datetime import UTC, date, datetime

import pytest

from chatledger.ledger import searching
from chatledger.ledger.folding import folded
from chatledger.ledger.tables import Chat, Link, Message, Note, Run

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PEOPLE = {
    1: ("Ana María Núñez", "+573001112233"), 2: ("100% Café", "+573004445566"), 3: ("Straße 7", None),
    4: ("ANA Ruiz", "+5215512345678"),
}  # fmt: skip


def chat(number):
    name, key = PEOPLE[number]
    return Chat(
        organisation_id="o", id=1_000_000 + number, name=name, name_folded=folded(name), phone="", jid="", kind="direct",
        account_id="a", url="", phone_key=key, last_message_at=NOON.replace(hour=number), first_seen_at=NOON,
    )  # fmt: skip


@pytest.fixture
def found(ledger):
    with ledger.transaction() as session:
        session.add_all(chat(number) for number in PEOPLE)
        session.add(
            Message(
                organisation_id="o", uid="11111111-aaaa", chat_id=1_000_001, first_run_id="r", run_id="r", first_seen_at=NOON,
                decided_at=NOON, outcome="pending", reason="new",
            )
        )  # fmt: skip
        session.add(Run(id="ab12cd34-5678", organisation_id="o", started_at=NOON))
        session.add(
            Note(
                organisation_id="o", chat_id=1_000_001, local_date=date(2026, 3, 1), part=1, chat_name="", title="",
                module="Leads", record_id="5725767000000500001", zoho_id="5725767000000900001",
            )
        )  # fmt: skip
        session.add(
            Link(
                organisation_id="o", phone_key="+573004445566", module="Leads", record_id="5725767000000500002", rule="exact",
                created_at=NOON, changed_at=NOON,
            )
        )  # fmt: skip

    def search(text):
        with ledger.reading() as session:
            return searching.search(session, "o", text, "CO")

    return search


@pytest.mark.parametrize(
    ("text", "numbers", "by"),
    [
        ("ana", [4, 1], "name"), ("NUNEZ", [1], "name"), ("maría núñez", [1], "name"), ("strasse", [3], "name"),
        ("100%", [2], "name"), ("%", [], ""), ("a_a", [], ""), ("x", [], ""),
        ("300 111-2233", [1], "phone"), ("+57 300 111 2233", [1], "phone"), ("111223", [1], "phone"),
        ("5512345678", [4], "phone"),
        ("1000003", [3], "chat"), ("https://app.timelines.ai/chat/1000003/messages", [3], "chat"),
        ("5725767000000500001", [1], "record"), ("https://crm.zoho.com/crm/org7/tab/Leads/5725767000000500002", [2], "record"),
        ("5725767000000900001", [1], "note"), ("99999999999999999999999999", [], ""), ("", [], ""),
    ],
)  # fmt: skip
def test_chats_are_found_by_number_name_and_ids(found, text, numbers, by):
    result = found(text)

    assert [chat.id - 1_000_000 for chat in result.chats] == numbers
    assert result.by == by


def test_message_and_run_are_found_by_their_ids(found):
    assert found(" 11111111-aaaa ").message_uid == "11111111-aaaa"
    assert found("ab12cd34").run_id == "ab12cd34-5678"
    assert found("ab12cd99") == searching.Found()


@pytest.mark.parametrize("text", ["Ángel", "ÁNGEL", "  a\u0301ngel ", "angel"])
def test_folded_names_are_equal_without_accents_case_and_spaces(text):
    assert folded(text) == "angel"
    assert folded(folded("İstanbul ﬁ")) == folded("İstanbul ﬁ")
