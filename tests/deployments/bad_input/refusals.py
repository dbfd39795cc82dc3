"""What a refused command may say, and what must be there once the fault is gone."""

from tests.conftest import SECRET_KEY
from tests.stage import ANA

TEXT = "el código secreto es canario-4711"
NAME = "Ana Canaria"
PRIVATE = (TEXT, "canario-4711", ANA, ANA.removeprefix("+"), NAME, "tl-token", "1000.r", SECRET_KEY)
CLOSED = "http://127.0.0.1:9"


def sentence(ran):
    """Return the one line a refused command said, without anything private in all it printed."""
    printed = ran.out + ran.err
    assert [word for word in PRIVATE if word in printed] == []
    assert "Traceback" not in printed
    (line,) = ran.err.splitlines()
    assert line.startswith("chatledger: ")
    assert line.endswith(".")
    return line


def nothing_is_lost(stage):
    """Let a tick an hour later, with the fault gone, bring everything to an end."""
    stage.advance(3600)
    assert stage.tick()["state"] == "completed"
    (lead,) = stage.leads()
    (note,) = stage.notes(lead["id"])
    assert TEXT in note["Note_Content"]
    assert len(stage.notes()) == 1
