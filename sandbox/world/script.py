"""Conversations as they are written down in the data files, turned into message drafts.

A script is text. `== DAYS_AGO HH:MM[:SS]` sets the clock for the next message; `<` begins an incoming and `>` an outgoing
message; any other line continues the message above it. A JSON object right after the arrow sets what the text cannot say:
`type`, `status`, `file` with `size` (bytes) and `mimetype`, `by` (who typed it), `sender`, `origin`, `reactions`,
`failure_reason`, `late` (seconds until TimelinesAI heard of it), `repeat` (how often the text is repeated) and `text` (for
characters that a file cannot hold).
"""

import json
import mimetypes
import zlib
from dataclasses import dataclass, field
from typing import Any

from sandbox.world.moments import DAY_SECONDS, Moment, moment

ARROWS = {"<": False, ">": True}


@dataclass(slots=True)
class Draft:
    """A message that has no time yet, only a moment."""

    when: Moment
    from_me: bool
    text: str
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def attachment(self) -> dict[str, Any] | None:
        """The file of the message as the world describes it."""
        name = self.said.get("file")
        if name is None:
            return None
        mimetype = self.said.get("mimetype") or mimetypes.guess_type(name)[0] or "application/octet-stream"
        return {"filename": name, "size": self.said.get("size", 48_213), "mimetype": mimetype}

    @property
    def body(self) -> str | None:
        """The whole text, None where there is none."""
        return self.said.get("text", self.text) * self.said.get("repeat", 1) or None


def drafts(script: str) -> list[Draft]:
    """Read a script; raises ValueError for a line that belongs to nothing."""
    found: list[Draft] = []
    clock: Moment | None = None
    for number, line in enumerate(script.strip("\n").splitlines(), 1):
        if line.startswith("== "):
            days_ago, at = line[3:].split()
            clock = moment(int(days_ago), at)
        elif line[:1] in ARROWS and line[1:2] in {"", " "}:
            said, text = _said_and_text(line[2:])
            clock = _after(found[-1]) if clock is None and found else clock
            if clock is None:
                raise ValueError(f"line {number} of the script comes before any clock time")
            found.append(Draft(clock, ARROWS[line[0]], text, said))
            clock = None
        elif found:
            found[-1].text += "\n" + line
        else:
            raise ValueError(f"line {number} of the script belongs to no message")
    return found


def _said_and_text(rest: str) -> tuple[dict[str, Any], str]:
    if not rest.startswith('{"'):
        return {}, rest
    said, end = json.JSONDecoder().raw_decode(rest)
    return said, rest[end:].removeprefix(" ")


def _after(before: Draft) -> Moment:
    # People take longer to answer than to go on writing; the checksum makes the pause uneven yet the same every time.
    pause = 15 + zlib.crc32(before.text.encode()) % 200
    return Moment(before.when.days_ago, min(before.when.second + pause, DAY_SECONDS - 1))
