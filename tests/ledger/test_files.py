"""What must not happen to the ledger's file beside SQLite."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import SECRET_KEY

OPEN_AND_CLOSE = """
import sys
from pathlib import Path
from chatledger.ledger.database import open_ledger
ledger = open_ledger(sys.argv[1], home=Path(sys.argv[2]), secret_key=sys.argv[3])
ledger.now()
ledger.close()
"""


def test_second_opening_in_a_process_keeps_the_locks_of_the_first(tmp_path, opened):
    """Otherwise another process takes itself for the only user and removes the log that the first one goes on writing."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    first = opened(url)
    with first.reading() as session:
        session.connection().exec_driver_sql("SELECT count(*) FROM run").scalar_one()
        opened(url).close()
        subprocess.run([sys.executable, "-c", OPEN_AND_CLOSE, url, str(tmp_path), SECRET_KEY], check=True)

        assert Path(tmp_path / "ledger.db-wal").exists()
