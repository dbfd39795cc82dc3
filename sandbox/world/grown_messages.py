"""Messages of generated chats: mostly plain talk, some of every oddity that real chats hold."""

from typing import Any

from sandbox.world.growth import Growth, Talk

ODD_TEXTS = (
    "👨‍👩‍👧‍👦 somos cuatro 🇨🇴🇧🇷 👍🏽",
    "שלום, אפשר לקבל מחיר? 20 ק״ג",
    "مرحبا، هل عندكم بن كولومبي؟",
    "factura\u202efdp.exe",
    "<b>URGENTE</b> <script>alert(1)</script> & más",
    "crm[user#5725767000000411001]crm gracias",
    "línea con\u0007campana y\u000btabulador",
    "=HYPERLINK(1+1)\n\n\nok",
    "🙂" * 400,
    "Catálogo: " + "café en grano tostado medio, bolsa de 500 g; " * 200,
)
FILES = (
    ("comprobante.jpg", 240_113, "image/jpeg"),
    ("cotización_ñandú.pdf", 88_402, "application/pdf"),
    ("PTT-0001.ogg", 21_750, "audio/ogg"),
    ("video_tour.mp4", 26_214_400, "video/mp4"),
    ("lista.xlsx", 15_004, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
)
FAILURE = {"code": 131026, "title": "Message undeliverable", "details": "The recipient could not be reached."}
ODD_SHARE = 0.17


def conversation(growth: Growth, talk: Talk, per_chat: int) -> list[dict[str, Any]]:
    """Return the messages of a chat, oldest first: on average `per_chat`, none where its kind is empty."""
    count = 0 if talk.kind == "empty" else growth.random.randint(1, 2 * per_chat - 1)
    distances = sorted((growth.seconds_ago() for _ in range(count)), reverse=True)
    return [
        message(growth, talk, distance, talk.kind == "outgoing_only" or growth.random.random() < 0.5) for distance in distances
    ]


def message(growth: Growth, talk: Talk, seconds_ago: int, from_me: bool) -> dict[str, Any]:
    """Return one message of a chat; `ODD_SHARE` of them are odd in one way."""
    account = talk.account
    plain: dict[str, Any] = {
        "uid": growth.uid(),
        "timestamp": growth.at(seconds_ago),
        "received_timestamp": growth.at(seconds_ago - 1),
        "from_me": from_me,
        "text": growth.random.choice(growth.phrases[talk.language]),
        "sender_name": account["owner_name"] if from_me else talk.contact,
        "created_by": f"{account['owner_name']} ({account['owner_email']})" if from_me else "",
        "status": "Read" if from_me else "Delivered",
        "origin": "Shared Inbox" if from_me else "synced from WhatsApp",
        "message_type": "whatsapp",
        "attachment": None,
        "reactions": {},
        "failure_reason": None,
    }
    if growth.random.random() < ODD_SHARE:
        plain |= growth.random.choice(_oddities(growth, seconds_ago, from_me))
    return plain


def _oddities(growth: Growth, seconds_ago: int, from_me: bool) -> list[dict[str, Any]]:
    either_way: list[dict[str, Any]] = [
        {"attachment": _file(growth), "text": None},
        {"attachment": _file(growth), "text": "📎"},
        {"message_type": "whatsapp_call", "status": "answered" if from_me else "missed", "text": None},
        {"text": None},
        {"reactions": {"👍": 1, "❤️": growth.random.randint(1, 3)}},
        {"text": growth.random.choice(ODD_TEXTS)},
        {"received_timestamp": growth.at(seconds_ago - growth.random.randint(600, 7_200))},
    ]
    if from_me:
        return [*either_way, {"message_type": "note"}, {"status": "Failed", "failure_reason": FAILURE}]
    return [*either_way, {"status": "Not connected"}, {"message_type": "email"}]


def _file(growth: Growth) -> dict[str, Any]:
    filename, size, mimetype = growth.random.choice(FILES)
    return {"filename": filename, "size": size, "mimetype": mimetype}
