"""docs/analysis.md runs as it stands."""

import re
from pathlib import Path

import pytest

from tests.stage import ORGANISATION

PAGE = Path(__file__).parents[1] / "docs" / "analysis.md"
BLOCKS = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.fixture
def home(stage, tmp_path, monkeypatch):
    """A state folder in which a few messages were synced, parked and skipped."""
    stage.activate()
    stage.receive("hola", name="Ana")
    stage.receive("buenas", from_me=True)
    stage.receive("grupo", phone=None, jid="120363025246125486@g.us")
    stage.tick()
    stage.zoho.make_mandatory("Leads", "Industry")
    stage.receive("otra", phone="+573004445566")
    stage.tick()
    stage.ledger.close()
    (tmp_path / "home").mkdir()
    (tmp_path / "stage.db").rename(tmp_path / "home" / "ledger.db")
    monkeypatch.setenv("CHATLEDGER_HOME", str(tmp_path / "home"))


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_every_block_of_the_page_runs_and_tells_the_truth(capsys):
    blocks = BLOCKS.findall(PAGE.read_text("utf-8"))
    names: dict[str, object] = {}

    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)

    said = capsys.readouterr().out
    assert len(blocks) == 7
    assert "4 messages, 2 runs" in said
    assert "mandatory_field_missing MANDATORY_NOT_FOUND Industry" in " ".join(said.split())
    assert set(names["messages"]["organisation_id"]) == {ORGANISATION}
