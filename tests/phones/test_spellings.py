"""Every country's numbers in the spellings people and systems use; the number put in is the number expected back.

Trunk and international prefixes come from a table written by hand (data/phones/dialling.csv), the spellings from the functions
below: nothing here asks the parsing library what it makes of a spelling.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from chatledger.phones import alias_key, phone_key, written_form

DIALLING = Path(__file__).parents[2] / "data" / "phones" / "dialling.csv"
VARIED_ENDINGS = ("", "482")


class Subscriber(NamedTuple):
    region: str
    code: str
    trunk: str
    abroad: str
    national: str

    @property
    def key(self) -> str:
        return f"+{self.code}{self.national}"

    @property
    def at_home(self) -> str:
        """The digits a person of the country writes; Argentine mobiles are 0 + area + 15 + number at home."""
        if self.region == "AR" and self.national.startswith("911"):
            return f"01115{self.national[3:]}"
        return self.trunk + self.national


def grouped(digits: str, mark: str, size: int = 3) -> str:
    return mark.join(digits[start : start + size] for start in range(0, len(digits), size))


def area_in_brackets(digits: str, area: int) -> str:
    return f"({digits[:area]}) {grouped(digits[area:], '-', 4)}"


def in_script(text: str, zero: str) -> str:
    return "".join(chr(ord(zero) + int(character)) if character.isdigit() else character for character in text)


NATIONAL: dict[str, Callable[[Subscriber], str]] = {
    "plain": lambda s: s.at_home,
    "spaces": lambda s: grouped(s.at_home, " "),
    "pairs": lambda s: grouped(s.at_home, " ", 2),
    "dashes": lambda s: grouped(s.at_home, "-", 4),
    "dots": lambda s: grouped(s.at_home, "."),
    "brackets": lambda s: area_in_brackets(s.at_home, 3),
    "slash": lambda s: f"{s.at_home[:4]}/{s.at_home[4:]}",
    "extension": lambda s: f"{s.at_home} ext. 123",
    "short extension": lambda s: f"{grouped(s.at_home, ' ')} x12",
    "no-break spaces": lambda s: grouped(s.at_home, "\u00a0"),
    "label": lambda s: f"Tel.: {s.at_home}",
    "full-width": lambda s: in_script(s.at_home, "\uff10"),
    "own code, no plus": lambda s: f"{s.code}{s.national}",
    "own code, no plus, spaces": lambda s: f"{s.code} {grouped(s.national, ' ')}",
    "own exit code": lambda s: f"{s.abroad} {s.code} {s.national}",
}

INTERNATIONAL: dict[str, Callable[[Subscriber], str]] = {
    "e164": lambda s: s.key,
    "spaces": lambda s: f"+{s.code} {grouped(s.national, ' ')}",
    "pairs": lambda s: f"+{s.code} {grouped(s.national, ' ', 2)}",
    "dashes": lambda s: f"+{s.code}-{grouped(s.national, '-')}",
    "dots": lambda s: f"+{s.code}.{grouped(s.national, '.')}",
    "slash": lambda s: f"+{s.code}/{s.national}",
    "code in brackets": lambda s: f"(+{s.code}) {s.national}",
    "area in brackets": lambda s: f"+{s.code} {area_in_brackets(s.national, 2)}",
    "square brackets": lambda s: f"[+{s.code}] {s.national}",
    "00": lambda s: f"00{s.code}{s.national}",
    "00 spaces": lambda s: f"00 {s.code} {grouped(s.national, ' ')}",
    "00 brackets": lambda s: f"00({s.code}) {s.national}",
    "ext": lambda s: f"{s.key} ext 12",
    "x": lambda s: f"{s.key}x123",
    "rfc3966 ext": lambda s: f"tel:+{s.code}-{grouped(s.national, '-')};ext=12",
    "hash": lambda s: f"{s.key} #123",
    "ramal": lambda s: f"{s.key} ramal 12",
    "interno": lambda s: f"{s.key} int. 4",
    "tel": lambda s: f"tel:{s.key}",
    "wa.me": lambda s: f"https://wa.me/{s.code}{s.national}",
    "api link": lambda s: f"https://api.whatsapp.com/send?phone={s.code}{s.national}&text=hola",
    "jid": lambda s: f"{s.code}{s.national}@s.whatsapp.net",
    "jid with device": lambda s: f"{s.code}{s.national}:12@s.whatsapp.net",
    "old jid": lambda s: f"{s.code}{s.national}@c.us",
    "no-break spaces": lambda s: f"+{s.code}\u00a0{grouped(s.national, chr(0xA0))}",
    "bidi marks": lambda s: f"\u202a+{s.code} {s.national}\u202c",
    "left-to-right mark": lambda s: f"\u200e+{s.code}\u200e{s.national}",
    "non-breaking hyphens": lambda s: f"+{s.code}\u2011{grouped(s.national, chr(0x2011))}",
    "full-width": lambda s: in_script(f"\uff0b{s.code} {s.national}", "\uff10"),
    "arabic-indic": lambda s: in_script(f"+{s.code} {s.national}", "\u0660"),
    "white space around": lambda s: f"\t {s.key} \r\n",
    "spreadsheet text": lambda s: f"'{s.key}",
    "first of two": lambda s: f"{s.key} / +{s.code} {s.national[:-1]}{(int(s.national[-1]) + 1) % 10}",
    "with a name": lambda s: f"Ana {s.key}",
}

TRUNK_KEPT: dict[str, Callable[[Subscriber], str]] = {
    "bracketed": lambda s: f"+{s.code} ({s.trunk}){grouped(s.national, ' ')}",
    "bare": lambda s: f"+{s.code} {s.trunk}{grouped(s.national, '-', 4)}",
    "after 00": lambda s: f"00{s.code} {s.trunk}{s.national}",
}


def subscribers() -> Iterator[Subscriber]:
    with DIALLING.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE):
                example = phonenumbers.example_number_for_type(row["region"], kind)
                if example is None:
                    continue
                digits = phonenumbers.format_number(example, PhoneNumberFormat.E164)[1:]
                assert digits.startswith(row["country_code"])
                national = digits.removeprefix(row["country_code"])
                for ending in VARIED_ENDINGS:
                    changed = national[: len(national) - len(ending)] + ending
                    yield Subscriber(row["region"], row["country_code"], row["trunk"], row["abroad"], changed)


SUBSCRIBERS = tuple(subscribers())


def spelled(subscriber: Subscriber) -> Iterator[tuple[str, str, str]]:
    """Yield (name of the spelling, text, default region)."""
    for name, spelling in NATIONAL.items():
        yield f"national {name}", spelling(subscriber), subscriber.region
    for name, spelling in INTERNATIONAL.items():
        yield f"international {name}", spelling(subscriber), "DE" if subscriber.region == "CO" else "CO"
    if subscriber.trunk:
        for name, spelling in TRUNK_KEPT.items():
            yield f"trunk {name}", spelling(subscriber), "US"


def test_every_region_of_the_library_is_in_the_table():
    assert {s.region for s in SUBSCRIBERS} == set(phonenumbers.SUPPORTED_REGIONS)


def test_every_number_is_tried_in_more_than_forty_spellings():
    assert len(NATIONAL) + len(INTERNATIONAL) > 40


def test_999_of_1000_spellings_give_the_number_that_was_written():
    tried, misses = 0, []
    for subscriber in SUBSCRIBERS:
        for name, text, region in spelled(subscriber):
            tried += 1
            if phone_key(text, region) != subscriber.key:
                misses.append((subscriber.region, name, text))

    assert len(misses) <= tried / 1000, f"{len(misses)} of {tried}: {Counter(miss[0] for miss in misses)} {misses[:20]}"


def test_what_is_written_reads_back_as_the_key_it_was_made_from():
    for subscriber in SUBSCRIBERS:
        for key in (subscriber.key, alias_key(subscriber.key)):
            written = written_form(key, 30)
            assert len(written) <= 16
            assert phone_key(written, "CO") == phone_key(written, subscriber.region) == key


def test_digits_without_plus_are_read_in_a_foreign_country_unless_they_are_a_number_at_home():
    def colombian_at_home(digits: str) -> bool:
        return len(digits) == 10 and digits.startswith(("3", "60"))

    foreign = [s for s in SUBSCRIBERS if s.code != "57" and not colombian_at_home(s.code + s.national)]
    misses = [s for s in foreign if phone_key(s.code + s.national, "CO") != s.key]

    assert len(misses) <= len(foreign) / 100, misses
