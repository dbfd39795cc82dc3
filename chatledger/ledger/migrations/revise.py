"""For developers: write the next migration from the tables, `python -m chatledger.ledger.migrations.revise "what changes"`.

Read the result before it is committed: Alembic sees new and dropped things, but not renamed ones.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from alembic import command
from alembic.config import Config
from sqlalchemy.types import String
from sqlmodel.sql.sqltypes import AutoString

from chatledger.ledger.engines import connect, parse_url
from chatledger.ledger.migrating import MIGRATIONS, known_versions
from chatledger.ledger.tables import UtcTime


def revise(message: str) -> None:
    """Compare the tables with the newest version and write the difference as `versions/NNNN_message.py`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    # SQLite can alter a table only by building it anew, which Alembic calls a batch; the first version alters none.
    config.attributes["rendering"] = {"render_item": _plain_types, "render_as_batch": bool(known_versions())}
    with TemporaryDirectory() as folder:
        engine = connect(parse_url(f"sqlite:///{Path(folder) / 'ledger.db'}"))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            if known_versions():
                command.upgrade(config, "head")
            command.revision(config, message, autogenerate=True, rev_id=f"{len(known_versions()) + 1:04}")
        engine.dispose()
    _drop_comments(max((MIGRATIONS / "versions").glob("[0-9]*.py")))


def _plain_types(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Name the database's types, so that old migrations do not change with today's classes."""
    if kind == "type" and isinstance(item, UtcTime):
        return "sa.DateTime()"
    if kind == "type" and isinstance(item, AutoString):
        return repr(String(item.length)).replace("String", "sa.String")
    return False


def _drop_comments(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.lstrip().startswith("# ###")), "utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004
        sys.exit('usage: python -m chatledger.ledger.migrations.revise "what changes"')
    revise(sys.argv[1])
