"""The audit trail, for those who answer for other people's data."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from chatledger.ledger import Session, audit_trail, organisations
from chatledger.ledger.tables import AuditEntry
from chatledger.phones import phone_key
from chatledger.web.parts import WebParts
from chatledger.web.rendering import render
from chatledger.web.roles import require
from chatledger.web.sync_log import asking
from chatledger.web.sync_log.asking import ROWS

LARGEST_ID = 2**63 - 1


async def entries(request: Request) -> Response:
    """Show who did what, of one number when asked for."""
    require(request, "admin")
    rows, zone, unknown = await run_in_threadpool(_read, asking.parts_of(request), request)
    shown = rows[:ROWS]
    return render(
        request,
        "sync_log/trail.html",
        entries=shown,
        zone=zone,
        unknown=unknown,
        query=request.query_params,
        older=asking.address(request, before=str(shown[-1].id)) if len(rows) > ROWS else None,
        newest=asking.address(request, before=None) if "before" in request.query_params else None,
    )


def _read(parts: WebParts, request: Request) -> tuple[list[AuditEntry], str, bool]:
    text, organisation = request.query_params.get("phone", "").strip(), parts.organisation_id
    before = request.query_params.get("before", "")
    with parts.ledger.reading() as session:
        zone = asking.zone_of(session, organisation)
        key = _key(session, organisation, text)
        person = audit_trail.person_hash(parts.ledger, key)
        if text and person is None:
            return [], zone, True
        position = min(int(before), LARGEST_ID) if before.isascii() and before.isdigit() else None
        found = audit_trail.page(session, organisation, person=person, before=position, limit=ROWS + 1)
        return list(found), zone, False


def _key(session: Session, organisation_id: str, text: str) -> str | None:
    try:
        region = organisations.current_settings(session, organisation_id).default_region
    except LookupError:
        region = "CO"
    return phone_key(text, region) if text else None
