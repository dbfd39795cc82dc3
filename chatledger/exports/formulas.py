"""Texts from outside as spreadsheets may see them: a cell that would be taken for a formula is set off with an apostrophe."""

import re
import unicodedata

# Excel, LibreOffice and Google Sheets begin a formula with these: https://owasp.org/www-community/attacks/CSV_Injection
_STARTS = frozenset("=+-@")
_PHONE = re.compile(r"\+\d{1,20}", re.ASCII)
_UNSEEN = frozenset(["Cc", "Cf", "Zs", "Zl", "Zp"])


def harmless(text: str) -> str:
    """Return a text with an apostrophe before it where a spreadsheet would calculate it, else as it is.

    White space, control and format characters before the first visible one do not count, because spreadsheets skip some of
    them. A phone number in international form is left alone: a plus sign and digits calculate nothing.
    """
    visible = next((letter for letter in text if unicodedata.category(letter) not in _UNSEEN), "")
    # in East Asian settings the wide forms of these signs count as well
    starts_formula = unicodedata.normalize("NFKC", visible) in _STARTS
    return f"'{text}" if starts_formula and not _PHONE.fullmatch(text) else text
