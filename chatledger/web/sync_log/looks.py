"""Writing down who looked at a person's messages."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from chatledger.ledger import audit_trail
from chatledger.ledger.audit_trail import Act
from chatledger.ledger.tables import Person
from chatledger.web.sync_log.asking import parts_of


async def looked(request: Request, person: Person, kind: str, subject: str, phone_key: str | None = None) -> None:
    """Write down that a person looked at something that shows one contact."""
    await done(request, Act(person.email, "looked", kind, subject, phone_key))


async def done(request: Request, act: Act) -> None:
    """Write an act down."""
    parts = parts_of(request)
    await run_in_threadpool(audit_trail.write, parts.ledger, parts.organisation_id, act)
