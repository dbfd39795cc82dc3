"""Searching by what a reason says, in the reader's language."""

from chatledger.ledger.folding import folded
from chatledger.web.wording import wording

LEAST_LETTERS = 4


def reasons_that_say(text: str, language: str) -> tuple[str, ...]:
    """Return the codes of the reasons that are called like this, or whose words hold this text."""
    wanted = folded(text)
    if len(wanted) < LEAST_LETTERS:
        return ()
    words = wording("sync_log", language)["reasons"]
    return tuple(
        code
        for code, said in words.items()
        if wanted == code or wanted in folded(" ".join([said["name"], said["meaning"], code]))
    )
