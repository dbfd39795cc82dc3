"""Phone keys: one canonical spelling (`+573001234567`) for a number however people and systems write it.

A number that says it is international (`+`, `00`, a jid, a WhatsApp link) gets a key when its length is possible in its
country, because WhatsApp numbers may be newer than the numbering plans of the `phonenumbers` library. Bare digits are read in
this order, and the first reading that is in a numbering plan wins: national in the default region if written as people there
write it, as international without its plus, national all the same, as dialled with 011, without a zero that does not belong
there. Only then a national number counts that merely has the shape of a mobile of the default region.
Two numbers are the same only if their keys are equal; nothing here compares trailing digits.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

from chatledger.errors import UsageError

# E.164 allows 15 digits; with fewer than 7, country code included, there is no subscriber (design: skipped `no_phone`).
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15
# Trunk zeros and Argentina's 15 come on top of the 15 digits before they are understood.
_MOST_DIGITS_WRITTEN = 18
# National numbers of the smallest plans (Andorra, Faroe Islands); area codes are shorter.
_FEWEST_DIGITS_OF_A_FIRST_NUMBER = 6
# A field with more text than the library itself would look at holds prose, not a number.
_LONGEST_TEXT = 250
# The default of Zoho's Phone and Mobile fields.
_ZOHO_PHONE_LENGTH = 30

# `<number>[.<agent>][:<device>]@s.whatsapp.net`; `c.us` is the older spelling. LIDs, groups and channels have other servers.
_NUMBER_JID = re.compile(r"\+?(\d+)(?:[._]\d+)?(?::\d+)?@(?:s\.whatsapp\.net|c\.us)")
_ADDRESS = re.compile(r"\S*@\S*")
_WHATSAPP_LINK = re.compile(r"(?:wa\.me/|[?&]phone=)[\s+]*(\d[\d\s().-]*)")
_URI_SCHEME = re.compile(r"^\s*(?:tel|callto|sms|smsto|whatsapp):(?://)?([^?]*).*$", re.DOTALL)
_PHONE_CONTEXT = re.compile(r"^([^;+]*);.*?phone-context=(\+[\d-]+).*$")

_LABEL = re.compile(
    r"\b(?:tel(?:efono?s?|efones?|ephone|f|ef)?|tlfn?o?|tfno|cel(?:ular(?:es)?|l|lulare)?|movil(?:es)?|movel|mob(?:ile?|iltelefon)?"
    r"|phone|ph|fono|fone|whats?(?:app)?|wsp|wpp|wa|zap|handy|gsm|fijo|fixo|casa|home|oficina|office|work|trabajo|contacto|numero"
    r"|num|main|pbx|(?<!\.)[tmcphw](?=[.:]\s*[\d(+]))\b[\s.:=#-]*"
)
_REMARK = re.compile(r"\([^()\d+]*[^\W\d][^()\d+]*\)")
_EXTENSION = re.compile(
    r"(?<=[\d)\s])[\s.,;(/-]*(?:e?xt(?:n|ension|ensao)?|x|int(?:erno?)?|ramal|r(?:ml?)?|anexo|anx|opt(?:ion|cion)?|poste|dw|durchwahl"
    r"|nst|wew|доб|вн|inner|#)[\s.:=#-]*\d{1,7}(?!\d)\)?"
)
_BRAZILIAN_CARRIER_BLANK = re.compile(r"(?<!\d)0xx(?=[\s)(-]*\d)")
_BETWEEN_NUMBERS = re.compile(r"[,;|\n]|\s(?:y|o|u|e|ou|or|and|et|und|oder)\s|&")
_BETWEEN_NUMBERS_PERHAPS = (re.compile(r"/"), re.compile(r"\s-+\s|(?<=\d{7})-(?=\d{7})"), re.compile(r"\s+(?=\(|\d{7})"))
_OPTIONAL_ZERO = re.compile(r"[(\[]\s*0\s*[)\]]")
_ONLY_A_NUMBER = re.compile(r"[\d\s+()\[\]./-]*")
_PLUS_NUMBER = re.compile(r"\+[\d\s().-]*\d(?!\w)")
_QUOTED = " \t\"'`=*_~.:<>-"
_SPREADSHEET_DECIMALS = re.compile(r"^(\+?\d{7,})\.0+$")
_NOT_A_PHONE = re.compile(
    r"(?:19|20)\d\d([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"  # 2024-01-31
    r"|(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d\d"  # 31/01/2024 and 01/31/2024
    r"|\d{1,3}(?:\.\d{3})+,\d\d|\d{1,3}(?:,\d{3})+(?:\.\d\d?)?"  # prices
    r"|\d{1,3}\.\d{3}\.\d{3}-\d{1,2}|\d\d\.\d{3}\.\d{3}/\d{4}-\d\d"  # CPF, CNPJ, NIT, RUT
    r"|(?:2[0347]|3[034])-\d{8}-\d|\d{3}-\d\d-\d{4}"  # CUIT, social security number
)

# Area codes of Anatel's plan; landlines begin with 2 to 5.
_BRAZILIAN_MOBILE_OF_EIGHT = re.compile(r"\+55([14689][1-9]|2[12478]|3[1-578]|5[1345]|7[134579])([6-9]\d{7})")
_MEXICAN_MOBILE_OF_ELEVEN = re.compile(r"\+521(\d{10})")
_ARGENTINE_MOBILE = re.compile(r"\+549(\d{10})")
# Prefixes a plan dropped (Mexico in 2019) or that are said twice (Argentina's 9 and 15), still common in address books.
_OUTDATED_PREFIX = ((re.compile(r"520(?:1|4[45])(\d{10})"), r"52\1"), (re.compile(r"549(\d{12})"), r"54\1"))
_MEXICAN_TRUNK = re.compile(r"0(?:1|4[45])(\d{10})")
_SUBSCRIBER_TYPES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
_MOBILE_TYPES = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}


def phone_key(raw: str | None, default_region: str) -> str | None:
    """Return the key of the first number in `raw`, None where there is none; never raises.

    `default_region` is the ISO 3166 code of the country in which national numbers are meant. Extensions are ignored.
    """
    return next(iter(phone_keys(raw, default_region)), None)


@lru_cache(maxsize=10_000)  # the same numbers come with every page of chats and of records
def phone_keys(raw: str | None, default_region: str) -> tuple[str, ...]:
    """Return the keys of all numbers in `raw`, in the order written, each once."""
    if raw is None or len(raw) > _LONGEST_TEXT:
        return ()
    region = default_region.upper()
    return tuple(dict.fromkeys(key for part in _parts(_plain(raw)) for key in _keys_of_part(part, region)))


def chat_phone_key(jid: str, phone: str | None, default_region: str) -> str | None:
    """Return the key of the person a direct chat is with, None where WhatsApp hides the number.

    The number comes from the jid: TimelinesAI fills `phone` of an `@lid` chat with the digits of the LID, and of the system
    chat `0@s.whatsapp.net` with `+0`. Only while no jid is known `phone` is read, as international with or without its plus.
    """
    if jid.strip():
        return phone_key(jid, default_region) if _NUMBER_JID.fullmatch(jid.strip().lower()) else None
    number = (phone or "").strip()
    return phone_key(number if number.startswith("+") else f"+{number}", default_region)


def alias_key(key: str) -> str:
    """Return the representative of all keys that may be the same subscriber: two keys are aliases iff theirs are equal.

    Brazilian mobiles with and without the ninth digit, Mexico 52 and 521, Argentina 54 and 549; any other key is its own.
    """
    if brazilian := _BRAZILIAN_MOBILE_OF_EIGHT.fullmatch(key):
        return f"+55{brazilian[1]}9{brazilian[2]}"
    if mexican := _MEXICAN_MOBILE_OF_ELEVEN.fullmatch(key):
        return f"+52{mexican[1]}"
    if argentine := _ARGENTINE_MOBILE.fullmatch(key):
        return f"+54{argentine[1]}"
    return key


def written_form(key: str, field_length: int | None) -> str:
    """Return what is written into a phone field of `field_length` characters (30 where unknown); it reads back as `key`.

    Raises UsageError when the field is too short: a cut number would be somebody else's.
    """
    if len(key) > (_ZOHO_PHONE_LENGTH if field_length is None else field_length):
        raise UsageError(f"The phone field holds only {field_length} characters; choose one with room for 16.")
    return key


def masked(key: str) -> str:
    """Return what a log may show of a number: its last three digits."""
    return f"…{key[-3:]}"


def _plain(raw: str) -> str:
    """Undo typography: any script's digits, wide signs, accents, invisible marks, emoji, kinds of dashes and spaces."""
    return "".join(_plain_character(character) for character in unicodedata.normalize("NFKD", raw)).lower()


def _plain_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category in {"Cf", "Mn", "Me", "So", "Cs"}:
        return ""
    if category == "Pd" or character in "\u2212\u30fc":
        return "-"
    if character in "\u00b7\u2022\u30fb":
        return "."
    if character in "\r\n\v\f\u2028\u2029":
        return "\n"
    return " " if category in {"Zs", "Cc"} else character


def _parts(text: str) -> Iterator[str]:
    """Cut a field into the pieces that may each be a number, with labels, remarks and extensions gone."""
    if jid := _NUMBER_JID.fullmatch(text.strip()):
        yield f"+{jid[1]}"
        return
    text = _ADDRESS.sub(" ", text)
    if link := _WHATSAPP_LINK.search(unquote(text)):
        yield f"+{link[1]}"
        return
    text = _PHONE_CONTEXT.sub(r"\2\1", _URI_SCHEME.sub(r"\1", unquote(text)))
    if _NOT_A_PHONE.fullmatch(text.strip(_QUOTED + "$ ")):
        return
    text = _EXTENSION.sub(" ", _LABEL.sub(" ", _REMARK.sub(" ", _BRAZILIAN_CARRIER_BLANK.sub("0", text))))
    for piece in _BETWEEN_NUMBERS.split(text):
        trimmed = piece.strip(_QUOTED)
        if _ONLY_A_NUMBER.fullmatch(trimmed):
            yield from re.split(r"(?<=\d)[^\d+]*(?=\+)", trimmed)
        else:
            yield from _PLUS_NUMBER.findall(trimmed)


def _keys_of_part(part: str, region: str) -> Iterator[str]:
    part = _SPREADSHEET_DECIMALS.sub(r"\1", part.strip())
    if _NOT_A_PHONE.fullmatch(part):
        return
    if key := _read(part, region):
        yield key
        return
    for border in _BETWEEN_NUMBERS_PERHAPS:
        pieces = border.split(part)
        # An area code on its own shows that the border is inside one number.
        if len(pieces) > 1 and len(re.sub(r"\D", "", pieces[0])) >= _FEWEST_DIGITS_OF_A_FIRST_NUMBER:
            keys = [key for piece in pieces for key in _keys_of_part(piece, region)]
            if keys:
                yield from keys
                return


def _read(part: str, region: str) -> str | None:
    """Return the key of a piece that holds one number and nothing else."""
    digits = re.sub(r"\D", "", part)
    if len(digits) > _MOST_DIGITS_WRITTEN:
        return None
    if "+" in part and not digits.startswith("00"):
        return _international(digits, re.sub(r"\D", "", _OPTIONAL_ZERO.sub("", part)))
    if digits.startswith("00"):
        return _dialled_abroad(digits, region)
    return _key(_bare(digits, region))


def _international(*spellings: str) -> str | None:
    """Read digits that begin with a country code: the first reading in a numbering plan, else of possible length."""
    current = [rule.sub(form, digits) for digits in spellings for rule, form in _OUTDATED_PREFIX if rule.fullmatch(digits)]
    numbers = [_parsed(f"+{digits}", None) for digits in (*spellings, *current)]
    readings = [*numbers, *map(_without_kept_zero, numbers)]
    known = next((number for number in readings if _known(number)), None)
    return _key(known or next((number for number in numbers if _possible(number)), None))


def _without_kept_zero(number: PhoneNumber | None) -> PhoneNumber | None:
    """Drop a zero people dial, or once dialled, in front of a number that has none (`+56 09 …`, `+34 (0) …`).

    None where the zero may belong: a number as long as the country's own is not somebody else's shorter one.
    """
    significant = phonenumbers.national_significant_number(number) if number else ""
    if number is None or not significant.startswith("0") or any(_possible(number, kind) for kind in _SUBSCRIBER_TYPES):
        return None
    return _parsed(f"+{number.country_code}{significant[1:]}", None)


def _dialled_abroad(digits: str, region: str) -> str | None:
    """Read digits that begin with 00, unless the region dials abroad with a longer prefix (009 in Nigeria, 0021 in Brazil)."""
    usual, local = _parsed(f"+{digits[2:]}", None), _parsed(digits, region)
    home = usual is not None and usual.country_code == phonenumbers.country_code_for_region(region) and _possible(usual)
    return _international(digits[2:]) if home or _known(usual) or not _known(local) else _key(local)


def _bare(digits: str, region: str) -> PhoneNumber | None:
    """Read digits without any mark, in the order the module promises."""
    national = _national(digits, region)
    abroad = _parsed(f"+{digits}", None)
    readings = [national, abroad] if national and _written_as_at_home(digits, national, region) else [abroad, national]
    if digits.startswith("011"):
        readings.append(_parsed(f"+{digits[3:]}", None))
    readings.append(_without_kept_zero(national))
    known = next((number for number in readings if _known(number)), None)
    return known or (national if _shaped_like_a_mobile(national, region) else None)


def _national(digits: str, region: str) -> PhoneNumber | None:
    outdated = _MEXICAN_TRUNK.fullmatch(digits) if region == "MX" else None
    return _parsed(outdated[1] if outdated else digits, region)


def _written_as_at_home(digits: str, national: PhoneNumber, region: str) -> bool:
    """Say whether people of the region write a number like this: with its trunk zero where there is one.

    Mobiles are often written without it, and so are numbers of a plan with one length. Where lengths vary (Germany, Austria)
    almost any international number would otherwise pass for a landline without its zero.
    """
    metadata = PhoneMetadata.metadata_for_region(region)
    lengths = metadata.fixed_line.possible_length if metadata and metadata.fixed_line else ()
    as_formatted = re.sub(r"\D", "", phonenumbers.format_number(national, PhoneNumberFormat.NATIONAL))
    return digits == as_formatted or phonenumbers.number_type(national) in _MOBILE_TYPES or lengths == (len(digits),)


def _parsed(digits: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(digits, region)
    except NumberParseException:
        return None


def _known(number: PhoneNumber | None) -> bool:
    """Say whether a numbering plan has the number, as it is or as its alias (old mobile forms are only known that way)."""
    if number is None or phonenumbers.is_valid_number(number):
        return number is not None
    key = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    alias = _parsed(alias_key(key), None) if alias_key(key) != key else None
    return alias is not None and phonenumbers.is_valid_number(alias)


def _possible(number: PhoneNumber | None, kind: int = PhoneNumberType.UNKNOWN) -> bool:
    """Say whether the length is one of the country's; numbers without their area code are not."""
    possible = ValidationResult.IS_POSSIBLE
    return number is not None and phonenumbers.is_possible_number_for_type_with_reason(number, kind) == possible


def _shaped_like_a_mobile(number: PhoneNumber | None, region: str) -> bool:
    """Say whether a number in no numbering plan has the length of a mobile of the region and begins like its numbers."""
    metadata = PhoneMetadata.metadata_for_region(region)
    if number is None or metadata is None or number.country_code != metadata.country_code or metadata.general_desc is None:
        return False
    pattern = metadata.general_desc.national_number_pattern or ""
    significant = phonenumbers.national_significant_number(number)
    return _possible(number, PhoneNumberType.MOBILE) and re.fullmatch(pattern, significant) is not None


def _key(number: PhoneNumber | None) -> str | None:
    if number is None:
        return None
    key = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    # A trunk zero too many can survive one reading; a key must read as itself.
    again = _parsed(key, None)
    settled = again is not None and phonenumbers.format_number(again, PhoneNumberFormat.E164) == key
    return key if settled and _FEWEST_DIGITS <= len(key) - 1 <= _MOST_DIGITS else None
