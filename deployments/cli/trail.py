"""What a command did for the audit trail, under the name of whoever runs it."""

import getpass
import os
from typing import Any

from chatledger.ledger import audit_trail
from chatledger.ledger.audit_trail import Act
from chatledger.ledger.database import Ledger


def actor() -> str:
    """Return who runs this command, as the operating system knows them."""
    try:
        return f"command line ({getpass.getuser()})"
    except (KeyError, OSError):  # a container whose user has no name
        return f"command line ({os.getuid()})"


def write_down(
    ledger: Ledger,
    organisation: str,
    act: str,
    subject_kind: str = "",
    subject: str = "",
    *,
    phone_key: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Write an act of this command down: a verb in the past and an id, never a number or a name."""
    done = Act(actor(), act, subject_kind, subject, phone_key=phone_key, details=details or {})
    audit_trail.write(ledger, organisation, done)
