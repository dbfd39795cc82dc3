"""Runs that configure an organisation or switch it off: an admin opens them in the pages, and each asks here whether one did.

What was opened stands in the audit trail, so that the answer is kept where people look for who did what.
"""

from datetime import timedelta

from sqlmodel import col, select

from chatledger.ledger import audit_trail, people
from chatledger.ledger.audit_trail import Act
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import AuditEntry

OPENED, RUN = "opened", "flow_run"
LIFE = timedelta(hours=1)
"""How long after its opening a run may begin: retried later, it needs an admin again."""


def write_down(ledger: Ledger, organisation_id: str, flow_run_id: str, *, flow: str, by: str) -> None:
    """Write down who opened a run."""
    audit_trail.write(ledger, organisation_id, Act(by, OPENED, RUN, flow_run_id, details={"flow": flow}))


def may_begin(ledger: Ledger, organisation_id: str, flow_run_id: str) -> bool:
    """Say whether a run may begin: somebody who is an admin opened it within the last hour, or there is no admin at all."""
    opened = select(AuditEntry.actor).where(
        AuditEntry.organisation_id == organisation_id,
        col(AuditEntry.at) > ledger.now() - LIFE,
        AuditEntry.act == OPENED,
        AuditEntry.subject_kind == RUN,
        AuditEntry.subject == flow_run_id,
    )
    with ledger.reading() as session:
        admins = {person.email for person in people.admins(session, organisation_id)}
        return not admins or not admins.isdisjoint(session.exec(opened).all())
