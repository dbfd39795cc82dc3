"""Files of messages: harmless media in place, everything else only to be saved, nothing to whoever may not see it."""

import re

import pytest

from chatledger.ledger import people
from tests.stage import ORGANISATION

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 40
OGG = b"OggS\0\x02" + b"\0" * 22 + b"OpusHead" + b"\0" * 40
ADDRESS = re.compile(r'(?:src|href)="(/live-chat/files/[^"?]+)')


def received(live, filename, content, mimetype="application/octet-stream"):
    """Receive a file; gives a seller and the address the page has for it."""
    live.stage.receive(None, attachment={"filename": filename, "size": len(content), "mimetype": mimetype, "content": content})
    seller = live.seller()
    return seller, ADDRESS.findall(seller.get(live.address()).text)[-1]


@pytest.mark.parametrize(
    ("filename", "content", "served"),
    [("foto.png", PNG, "image/png"), ("nota.ogg", OGG, "audio/ogg"), ("kein-bild.jpg", PNG, "image/png")],
)
def test_media_are_shown_in_place_by_their_content(live, filename, content, served):
    seller, address = received(live, filename, content)
    answer = seller.get(address)

    assert (answer.status_code, answer.headers["Content-Type"], answer.content) == (200, served, content)
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        ("dibujo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("foto.png", b"<!DOCTYPE html><script>alert(1)</script>"), ("lista.pdf", b"%PDF-1.4\n"),
        ("pagina.html", b"<html><script>alert(1)</script></html>"), ("vacio.png", b""),
    ],
)  # fmt: skip
def test_everything_else_is_only_saved(live, filename, content):
    seller, address = received(live, filename, content, mimetype="image/png")
    answer = seller.get(address)

    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{filename}"


def test_a_picture_can_be_saved_as_well(live):
    seller, address = received(live, "foto.png", PNG)

    assert seller.get(f"{address}?save").headers["Content-Disposition"].startswith("attachment")


def test_a_player_gets_the_part_it_asks_for(live):
    seller, address = received(live, "nota.ogg", OGG)
    answer = seller.get(address, headers={"Range": "bytes=4-7"})

    assert (answer.status_code, answer.content) == (206, OGG[4:8])
    assert answer.headers["Content-Range"] == f"bytes 4-7/{len(OGG)}"
    assert seller.get(address, headers={"Range": "bytes=9999-"}).status_code == 416


def test_a_forged_address_leads_nowhere(live):
    seller, address = received(live, "foto.png", PNG)

    assert seller.get(address[:-3] + "abc").status_code == 404
    assert seller.get("/live-chat/files/WzEsMiwzLDRd.x.y").status_code == 404


def test_an_address_ends_with_the_person_it_was_made_for(live):
    seller, address = received(live, "foto.png", PNG)
    with live.stage.ledger.transaction() as session:
        people.remove(session, people.find_by_email(session, ORGANISATION, "seller@example.com"))

    assert seller.get(address).status_code == 404


def test_a_file_that_is_gone_at_timelines_is_not_found(live):
    seller, address = received(live, "foto.png", PNG)
    [uid] = [one.uid for one in live.timelines.workspace.messages.values() if one.attachment]
    live.timelines.delete_message(uid)

    assert seller.get(address).status_code == 404
