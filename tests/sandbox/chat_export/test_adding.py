from datetime import UTC, datetime

import pytest

from sandbox.chat_export import add_chat_export
from sandbox.world import load_sample

NOW = datetime(2025, 3, 10, 15, tzinfo=UTC)
TALK = """\
31/12/24, 22:15 - Laura: Hola, feliz año
31/12/24, 22:16 - Ana Restrepo: ¡Igual!
1/1/25, 08:00 - Ana Restrepo: foto.jpg (archivo adjunto)
"""


@pytest.fixture
def world():
    return load_sample(NOW)


def added(world, path, text=TALK, **more):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    summary = add_chat_export(world, path, "+57 310 555 0777", NOW, **more)
    return summary, world["timelines"]["chats"][-1]


def test_the_chat_is_added_with_its_own_dates(world, tmp_path):
    summary, chat = added(world, tmp_path / "Chat de WhatsApp con Ana Restrepo.txt")
    assert (summary.chat_id, summary.name, summary.messages) == (chat["id"], "Ana Restrepo", 3)
    assert chat["jid"] == "573105550777@s.whatsapp.net"
    assert [message["timestamp"] for message in chat["messages"]] == [
        "2025-01-01T03:15:00+00:00",
        "2025-01-01T03:16:00+00:00",
        "2025-01-01T13:00:00+00:00",
    ]
    assert (summary.first.isoformat(), summary.last.isoformat()) == ("2024-12-31T22:15:00-05:00", "2025-01-01T08:00:00-05:00")


@pytest.mark.parametrize(
    "name",
    [
        "WhatsApp Chat with Ana Restrepo.txt",
        "Chat de WhatsApp con Ana Restrepo (2).txt",
        "Conversa do WhatsApp com Ana Restrepo.txt",
        "WhatsApp Chat - Ana Restrepo/_chat.txt",
    ],
)
def test_the_contact_is_who_the_file_or_its_folder_is_named_after(world, tmp_path, name):
    _, chat = added(world, tmp_path / name)
    assert [message["from_me"] for message in chat["messages"]] == [True, False, False]


def test_without_a_name_the_first_sender_is_the_contact(world, tmp_path):
    _, chat = added(world, tmp_path / "chat.txt")
    assert chat["name"] == "Laura"


def test_me_says_who_we_are(world, tmp_path):
    _, chat = added(world, tmp_path / "chat.txt", me="Laura")
    assert chat["name"] == "Ana Restrepo"


def test_a_contact_who_never_answered_is_known_by_the_file_name(world, tmp_path):
    _, chat = added(world, tmp_path / "WhatsApp Chat with Ana.txt", text="31/12/24, 22:15 - Laura: Hola")
    assert (chat["name"], chat["messages"][0]["from_me"]) == ("Ana", True)


def test_a_renamed_contact_is_the_first_sender(world, tmp_path):
    _, chat = added(world, tmp_path / "WhatsApp Chat with Anita.txt", me="Laura")
    assert chat["name"] == "Ana Restrepo"


def test_a_longer_export_of_the_same_chat_keeps_the_uids(tmp_path):
    text = "31/12/24, 22:15 - Ana: ok\n31/12/24, 22:15 - Ana: ok"
    _, first = added(load_sample(NOW), tmp_path / "a.txt", text=text)
    _, second = added(load_sample(NOW), tmp_path / "b.txt", text=text + "\n31/12/24, 22:16 - Ana: ya")
    uids = [message["uid"] for message in second["messages"]]
    assert [message["uid"] for message in first["messages"]] == uids[:2]
    assert len(set(uids)) == 3


def test_a_file_beside_the_text_gives_the_size_of_the_attachment(world, tmp_path):
    (tmp_path / "foto.jpg").write_bytes(b"x" * 1234)
    _, chat = added(world, tmp_path / "Chat de WhatsApp con Ana Restrepo.txt")
    assert chat["messages"][2]["attachment"] == {"filename": "foto.jpg", "size": 1234, "mimetype": "image/jpeg"}
    assert chat["messages"][2]["text"] is None


def test_one_phone_has_one_chat_on_each_connected_number(world, tmp_path):
    accounts = {added(world, tmp_path / f"{n}.txt")[1]["whatsapp_account_id"] for n in range(5)}
    assert len(accounts) == 5
    with pytest.raises(ValueError, match="already"):
        added(world, tmp_path / "6.txt")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Dear diary", "diary.txt is no exported WhatsApp chat: line 1 "),
        ("31/12/24, 09:00 - Ana: This message was deleted", "diary.txt holds no message"),
        ("31/12/25, 09:00 - Ana: hi", "diary.txt holds messages of the future"),
    ],
)
def test_a_refused_file_is_named_in_one_sentence_and_the_world_stays(world, tmp_path, text, why):
    with pytest.raises(ValueError, match=why):
        added(world, tmp_path / "diary.txt", text=text)
    assert len(world["timelines"]["chats"]) == 80


def test_bytes_that_are_no_text_are_refused(world, tmp_path):
    path = tmp_path / "chat.txt"
    path.write_bytes(b"\xff\xfe\x00PK")
    with pytest.raises(ValueError, match=r"chat\.txt is no exported WhatsApp chat: it is not UTF-8 text"):
        add_chat_export(world, path, "+573105550777", NOW)


def test_a_phone_without_its_country_is_refused(world, tmp_path):
    path = tmp_path / "chat.txt"
    path.write_text(TALK, encoding="utf-8")
    with pytest.raises(ValueError, match="country"):
        add_chat_export(world, path, "310 555 0777", NOW)
