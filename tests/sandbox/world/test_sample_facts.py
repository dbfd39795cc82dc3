"""What the sample workspace is promised to hold; demos, documents and other tests count on it."""

from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
import pytest

BOGOTA = ZoneInfo("America/Bogota")
WORDS = {"es": {"gracias", "buenos", "cuánto"}, "pt": {"obrigada", "vocês", "quilo"}, "en": {"thank", "morning", "please"}}


def direct(chats):
    return [chat for chat in chats if chat["jid"].endswith("@s.whatsapp.net") and chat["phone"] != "+0"]


def as_dialled(phone):
    """WhatsApp's own forms of Mexican and Brazilian mobiles, which no telephone network knows, as they are dialled."""
    if phone.startswith("+521") and len(phone) == 14:
        return f"+52{phone[4:]}"
    if phone.startswith("+55") and len(phone) == 13 and phone[5] in "6789":
        return f"{phone[:5]}9{phone[5:]}"
    return phone


def typed(record):
    return record.get("Mobile") or record.get("Phone") or ""


def test_six_numbers_of_four_owners_and_one_is_disconnected(world):
    accounts = world["timelines"]["accounts"]
    assert len({account["id"] for account in accounts}) == 6
    assert len({account["owner_email"] for account in accounts}) == 4
    assert Counter(account["status"] for account in accounts) == {"active": 5, "disconnected": 1}


def test_eighty_chats_with_over_four_hundred_messages_over_ten_days(chats, messages, now):
    assert len(chats) == len({chat["id"] for chat in chats}) == 80
    assert len(messages) == len({message["uid"] for message in messages}) > 400
    days = {datetime.fromisoformat(message["timestamp"]).astimezone(BOGOTA).date() for message in messages}
    today = now.astimezone(BOGOTA).date()
    assert days == {today - timedelta(days=ago) for ago in range(10)}


def test_twelve_countries(chats):
    countries = {phonenumbers.region_code_for_number(phonenumbers.parse(as_dialled(chat["phone"]))) for chat in direct(chats)}
    assert countries == {"CO", "EC", "PE", "MX", "BR", "PT", "US", "GB", "IL", "AR", "CL", "ES"}


def test_three_languages(messages):
    words = {word.strip("¿?¡!.,") for message in messages for word in (message["text"] or "").lower().split()}
    assert all(some <= words for some in WORDS.values())


def test_every_phone_of_a_person_is_valid(world, chats):
    phones = [chat["phone"] for chat in direct(chats)] + [account["phone"] for account in world["timelines"]["accounts"]]
    assert [phone for phone in phones if not phonenumbers.is_valid_number(phonenumbers.parse(as_dialled(phone)))] == []


def test_the_phones_in_the_crm_are_valid_except_the_ones_that_are_no_number(world):
    invalid = []
    for record in world["zoho"]["records"]["Leads"] + world["zoho"]["records"]["Contacts"]:
        number = typed(record)
        number = f"+{number[2:]}" if number.startswith("00") else number
        digits = "".join(character for character in number if character.isdigit())
        known_form = as_dialled(f"+{digits}") if number.startswith(("+", "52", "56")) else number
        try:
            valid = phonenumbers.is_valid_number(phonenumbers.parse(known_form, "CO"))
        except phonenumbers.NumberParseException:
            valid = False
        if number and not valid:
            invalid.append(number)
    assert sorted(invalid) == ["12345", "llamar a la oficina"]


def test_every_address_is_an_example(world):
    users = [row["email"] for row in world["zoho"]["users"] + world["timelines"]["teammates"]]
    owners = [account["owner_email"] for account in world["timelines"]["accounts"]]
    assert all(email.lower().endswith(("@example.com", "@example.org")) for email in users + owners)


@pytest.mark.parametrize(("ending", "least"), [("@g.us", 2), ("@lid", 2), ("@broadcast", 1), ("@newsletter", 1)])
def test_chats_that_belong_to_no_person_are_there(chats, ending, least):
    found = [chat for chat in chats if chat["jid"].endswith(ending)]
    assert len(found) >= least
    if ending == "@g.us":
        assert all(chat["is_group"] and chat["phone"] is None and "group_members" in chat for chat in found)
    if ending == "@lid":
        assert all(chat["phone"] == f"+{chat['jid'].split('@')[0]}" for chat in found)


def test_one_chat_has_the_number_zero(chats):
    assert [chat["jid"] for chat in chats if chat["phone"] == "+0"] == ["0@s.whatsapp.net"]


def test_one_contact_writes_to_two_of_our_numbers(chats):
    phones = Counter(chat["phone"] for chat in direct(chats))
    (twice,) = [phone for phone, count in phones.items() if count == 2]
    assert len({chat["whatsapp_account_id"] for chat in chats if chat["phone"] == twice}) == 2


def test_owners_are_exact_different_in_case_inactive_and_unknown(world):
    users = {user["email"]: user["status"] for user in world["zoho"]["users"]}
    emails = sorted({account["owner_email"] for account in world["timelines"]["accounts"]})
    assert [(email in users, users.get(email.lower())) for email in emails] == [
        (False, "active"),  # Diego.Rios@Example.com
        (True, "active"),
        (True, "inactive"),
        (False, None),
    ]


def test_the_current_user_is_an_active_administrator_of_five_users(world):
    users = world["zoho"]["users"]
    (current,) = [user for user in users if user["id"] == world["zoho"]["current_user"]]
    assert len(users) == 5
    assert (current["status"], current["confirm"], current["profile"]) == ("active", True, "Administrator")


def test_leads_and_contacts_are_as_many_as_promised(world):
    records = world["zoho"]["records"]
    assert (len(records["Leads"]), len(records["Contacts"])) == (45, 15)
    ids = [record["id"] for module in records.values() for record in module]
    assert len(ids) == len(set(ids))


def test_converted_leads_have_a_contact_with_and_without_a_trace(world):
    records, conversions = world["zoho"]["records"], world["zoho"]["conversions"]
    contacts = {contact["id"] for contact in records["Contacts"]}
    leads = {lead["id"] for lead in records["Leads"]}
    assert {conversion["trace"] for conversion in conversions} == {True, False}
    assert all(conversion["contact"] in contacts and conversion["lead"] in leads for conversion in conversions)


def test_two_living_leads_share_a_number_and_differ_in_their_last_change(world):
    converted = {conversion["lead"] for conversion in world["zoho"]["conversions"]}
    alive = [lead for lead in world["zoho"]["records"]["Leads"] if lead["id"] not in converted]
    twins = [lead for lead in alive if "".join(filter(str.isdigit, typed(lead)))[-10:] == "3105550205"]
    assert len({twin["Modified_Time"] for twin in twins}) == len(twins) == 2


def test_the_same_ten_digits_are_two_people_in_two_countries(world, chats):
    phones = {chat["phone"] for chat in chats}
    assert {"+573105550101", "+13105550101"} <= phones
    assert "(310) 555-0101" in {typed(lead) for lead in world["zoho"]["records"]["Leads"]}


def test_the_lead_source_and_the_chat_link_exist_as_fields(world):
    fields = {field["api_name"]: field for field in world["zoho"]["fields"]["Leads"]}
    assert fields["WhatsApp_Chat"]["data_type"] == "website"
    assert "TimelinesAI" in {value["actual_value"] for value in fields["Lead_Source"]["pick_list_values"]}


@pytest.mark.parametrize("kind", ["whatsapp", "whatsapp_call", "note", "email", "summary"])
def test_every_kind_of_message_is_there(messages, kind):
    assert kind in {message["message_type"] for message in messages}


@pytest.mark.parametrize("mimetype", ["image/jpeg", "application/pdf", "audio/ogg", "video/mp4"])
def test_attachments_of_every_sort_are_there(messages, mimetype):
    assert mimetype in {message["attachment"]["mimetype"] for message in messages if message["attachment"]}


def test_one_attachment_is_too_big_for_a_note(messages):
    assert max(message["attachment"]["size"] for message in messages if message["attachment"]) == 25 * 1024 * 1024


@pytest.mark.parametrize(
    "piece",
    [
        "\u200d",  # joins the people of a family emoji
        "🇪🇨",
        "👋🏽",
        "\u202e",  # turns the rest of the line around
        "שלום",
        "السلام",
        "<script>",
        "crm[user#",
        "\u0007",
        "\u0000",
        "e\u0301",
    ],
)
def test_difficult_characters_are_there(messages, piece):
    assert any(piece in (message["text"] or "") for message in messages)


def test_one_chat_has_a_day_of_over_seventy_thousand_characters(chats):
    assert max(sum(len(message["text"] or "") for message in chat["messages"]) for chat in chats) > 70_000


def test_a_message_without_text_and_file_is_there(messages):
    assert any(m["message_type"] == "whatsapp" and m["text"] is None and m["attachment"] is None for m in messages)


def test_a_failed_outgoing_message_says_why(messages):
    failed = [message for message in messages if message["status"] == "Failed"]
    assert failed
    assert all(message["from_me"] and message["failure_reason"]["title"] for message in failed)


def test_a_chat_holds_only_outgoing_messages(chats):
    assert any(chat["messages"] and all(message["from_me"] for message in chat["messages"]) for chat in direct(chats))


def test_chats_without_messages_are_there(chats):
    assert len([chat for chat in chats if not chat["messages"]]) == 2


def test_reactions_and_unconnected_inbound_messages_are_there(messages):
    assert any(message["reactions"] for message in messages)
    assert any(message["status"] == "Not connected" and not message["from_me"] for message in messages)


def test_names_are_empty_very_long_and_full_of_emoji(chats):
    names = [chat["name"] for chat in chats]
    assert any(not name.strip() for name in names)
    assert max(len(name) for name in names) >= 200
    assert any("🌵" in name for name in names)


def test_some_messages_of_a_chat_share_their_second(chats):
    assert max(max(Counter(m["timestamp"] for m in chat["messages"]).values(), default=0) for chat in chats) >= 3


def test_a_conversation_crosses_midnight_in_bogota(chats):
    clocks = {
        (chat["id"], datetime.fromisoformat(message["timestamp"]).astimezone(BOGOTA).strftime("%H:%M:%S"))
        for chat in chats
        for message in chat["messages"]
    }
    assert {chat for chat, clock in clocks if clock == "23:59:59"} & {chat for chat, clock in clocks if clock == "00:00:00"}


def test_a_message_became_known_much_later_than_it_was_written(messages):
    late = [datetime.fromisoformat(m["received_timestamp"]) - datetime.fromisoformat(m["timestamp"]) for m in messages]
    assert max(late) >= timedelta(hours=1)
