"""Phone numbers as TimelinesAI takes them in."""

import re

_PUNCTUATION = re.compile(r"[\s().\-]")
_SENDABLE = re.compile(r"\+?[1-9]\d{6,14}")


def sanitised(phone: str) -> str:
    """Drop spaces and punctuation; a leading plus stays."""
    return _PUNCTUATION.sub("", phone)


def sendable(phone: str) -> str | None:
    """Bring a number to `+digits`, or give None when nobody could be reached under it."""
    bare = sanitised(phone)
    return f"+{bare.removeprefix('+')}" if _SENDABLE.fullmatch(bare) else None


def matches_phone_filter(stored: str | None, wanted: str) -> bool:
    """Apply the `phone` filter: with a plus exactly, else as a part of the stored number without leading zeroes."""
    bare = sanitised(wanted)
    if not stored:
        return False
    return stored == bare if bare.startswith("+") else bare.lstrip("0") in stored


def same_contact(stored: str | None, wanted: str) -> bool:
    """Apply the `whatsapp_phone` filter: the same digits, or a leading zero in place of the country code."""
    digits = (stored or "").removeprefix("+")
    bare = sanitised(wanted).removeprefix("+")
    if not digits or not bare:
        return False
    return digits == bare or (bare.startswith("0") and digits.endswith(bare.lstrip("0")))
