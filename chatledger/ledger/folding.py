"""Names as they are searched: without accents, case and surplus spaces."""

import unicodedata


def folded(text: str) -> str:
    """Return a text in the form that names are stored and looked for in; folding twice changes nothing more."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold().split())
