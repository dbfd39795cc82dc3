"""Numbers of things, as sentences name them."""


def counted(number: int, noun: str) -> str:
    """Return `1 chat`, `2 chats`, `1,000 chats` for a noun that takes an s."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
