"""How messages are shown: by day, with their ticks, files, reactions and kinds, and never as markup."""

from datetime import timedelta

import pytest

from sandbox.timelines.faults import Failure
from tests.stage import ANA, NUMBER


def page(live, **more):
    return live.seller().get(live.address(**more)).text


def test_messages_stand_by_day_in_the_settings_zone(serve_chat, stage):
    live = serve_chat()
    stage.activate()
    midnight = stage.now().replace(hour=5, minute=0, second=0, microsecond=0)
    stage.receive("de noche", at=(midnight - timedelta(minutes=1)).isoformat())
    stage.receive("de día", at=(midnight + timedelta(minutes=1)).isoformat())
    shown = page(live)

    assert shown.count('class="day"') == 2
    assert ">23:59<" in shown
    assert ">00:01<" in shown


def test_without_an_activated_sync_the_browser_names_the_zone(serve_chat, stage):
    live = serve_chat()
    moment = stage.now().replace(hour=12, minute=34, second=0, microsecond=0) - timedelta(days=1)
    stage.receive("hola", at=moment.isoformat())

    assert ">12:34<" in page(live)
    assert ">07:34<" in page(live, zone="America/Bogota")
    assert ">12:34<" in page(live, zone="../../etc/passwd")


@pytest.mark.parametrize(
    ("status", "label"), [("Sent", "Sent"), ("Delivered", "Delivered"), ("Read", "Read"), ("Failed", "Failed")]
)
def test_ticks_are_told_in_words(serve_chat, stage, status, label):
    live = serve_chat()
    stage.receive("hola", from_me=True, status=status)

    assert f'role="img" aria-label="{label}"' in page(live)


def test_an_unknown_status_shows_no_tick(serve_chat, stage):
    live = serve_chat()
    stage.receive("hola", from_me=True, status="Not connected")

    assert 'class="tick' not in page(live)


def test_notes_and_calls_are_marked_as_such(live):
    live.stage.receive("cliente difícil", from_me=True, message_type="note")
    live.stage.receive(None, message_type="whatsapp_call", status="missed")
    shown = page(live)

    assert '<span class="badge warn">Private note</span>' in shown
    assert '<span class="badge calm">Call · missed</span>' in shown
    assert 'class="tick' not in shown.partition("Private note")[2].partition("</li>")[0]


def test_voice_notes_are_played_and_pictures_shown(live):
    live.stage.receive(None, attachment={"filename": "nota.ogg", "size": 5, "mimetype": "audio/ogg", "content": b"OggS"})
    live.stage.receive(None, attachment={"filename": "foto.jpg", "size": 5, "mimetype": "image/jpeg", "content": b"x"})
    live.stage.receive(None, attachment={"filename": "lista.pdf", "size": 5, "mimetype": "application/pdf", "content": b"x"})
    shown = page(live)

    assert 'aria-label="Voice note or sound: nota.ogg"' in shown
    assert 'alt="Picture: foto.jpg"' in shown
    assert 'aria-label="Save lista.pdf"' in shown


HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "{{7*7}}{% raw %}", "${7*7}",
    "javascript:alert(1)", '"><iframe srcdoc="<script>alert(1)</script>">', "</textarea><script>alert(1)</script>",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_only_text(live, text):
    live.stage.receive(text, name=text)
    shown = page(live)

    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert "<iframe" not in shown
    assert "<svg/onload" not in shown
    assert 'href="javascript' not in shown
    assert "49" not in [part.strip() for part in shown.split(">")]


def test_only_web_addresses_become_links(live):
    live.stage.receive("ver https://example.com/a?b=1&c=2. y javascript:alert(1)")
    shown = page(live)

    assert 'href="https://example.com/a?b=1&amp;c=2"' in shown
    assert 'rel="noreferrer noopener nofollow"' in shown


def test_marks_that_turn_the_direction_are_dropped(live):
    live.stage.receive("fact\u202egpj.exe")

    assert "\u202e" not in page(live)


def test_older_messages_come_before_the_page(serve_chat, stage):
    live = serve_chat()
    for number in range(60):
        stage.receive(f"mensaje {number:02}", at=(stage.now() - timedelta(minutes=90 - number)).isoformat())
    seller = live.seller()
    first = seller.get(live.address()).text
    cursor = first.partition('data-older="')[2].partition('"')[0]
    older = seller.get(live.address(f"/live-chat/chats/{live.chat_id()}/older", before=cursor)).text

    assert "mensaje 10" in first
    assert "mensaje 09" not in first
    assert "mensaje 09" in older
    assert "mensaje 10" not in older
    assert "data-next-older" not in older


def test_without_scripts_older_messages_are_a_link_away(serve_chat, stage):
    live = serve_chat()
    for number in range(60):
        stage.receive(f"mensaje {number:02}", at=(stage.now() - timedelta(minutes=90 - number)).isoformat())
    seller = live.seller()
    cursor = seller.get(live.address()).text.partition('data-older="')[2].partition('"')[0]

    assert "mensaje 05" in seller.get(live.address(before=cursor, chat=live.chat_id())).text


def test_chats_of_all_numbers_are_listed_and_opened(live):
    live.stage.receive("otro número", account="573105550900@s.whatsapp.net")
    shown = page(live)

    assert "Laura · +573105550100" in shown
    assert "Pedro · +573105550900" in shown
    first = next(chat["id"] for chat in live.timelines.state()["chats"] if chat["whatsapp_account_id"] == NUMBER)
    assert "quiero el catálogo" in page(live, chat=first)


def test_the_ledger_s_chats_are_listed_while_timelines_is_down(serve_chat, stage):
    live = serve_chat()
    stage.activate()
    stage.receive("hola")
    stage.tick()
    stage.timelines.faults.failures.append(Failure(path="/chats|/whatsapp_accounts", times=99, status=404, body="html"))
    shown = page(live)

    assert "only the chats our sync knows are listed" in shown
    assert ANA in shown
