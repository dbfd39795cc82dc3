"""The verifications: where every message of a period stands, what was found, and the expectations of the nightly audit."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chatledger.ledger import verifications
from chatledger.ledger.tables import Finding, Verification
from chatledger.ledger.verifications import FoundCount
from chatledger.web.parts import WebParts
from chatledger.web.rendering import render
from chatledger.web.roles import require
from chatledger.web.sync_log import asking
from chatledger.web.sync_log.links import links

SHOWN = 200


@dataclass(frozen=True, slots=True)
class _Proof:
    row: Verification
    counted: dict[str, FoundCount]
    findings: list[Finding]
    zone: str


async def proof_list(request: Request) -> Response:
    """Show the newest verifications."""
    require(request, "viewer")
    rows, zone = await run_in_threadpool(_read_all, asking.parts_of(request))
    return render(request, "sync_log/proofs.html", proofs=rows, zone=zone)


def _read_all(parts: WebParts) -> tuple[list[Verification], str]:
    with parts.ledger.reading() as session:
        return verifications.latest(session, parts.organisation_id), asking.zone_of(session, parts.organisation_id)


async def one_proof(request: Request) -> Response:
    """Show one verification: its shares, which sum to 100 %, and up to 200 findings, by kind."""
    require(request, "viewer")
    found = await run_in_threadpool(_read, asking.parts_of(request), request.path_params["verification_id"])
    return render(
        request,
        "sync_log/proof.html",
        proof=found.row,
        standings=_shares(found.row),
        counted=found.counted,
        findings=found.findings,
        not_shown=max(0, found.row.found - len(found.findings)),
        unmet=[row for row in found.row.expectations or () if not row["met"]],
        zone=found.zone,
        links=await links(request),
    )


def _read(parts: WebParts, verification_id: str) -> _Proof:
    with parts.ledger.reading() as session:
        row = verifications.find(session, parts.organisation_id, verification_id)
        if row is None:
            raise HTTPException(404)
        return _Proof(
            row,
            verifications.found_by_kind(session, row.id),
            verifications.findings(session, parts.organisation_id, row.id, limit=SHOWN),
            asking.zone_of(session, parts.organisation_id),
        )


def _shares(row: Verification) -> list[tuple[str, int, float]]:
    """Return each standing that occurs with its count and percentage; hundredths are given out so that they sum to 100."""
    counts = [(name, count) for name, count in row.standings.items() if count]
    exact = [count * 10_000 / row.messages for _, count in counts]
    given = [int(share) for share in exact]
    by_rest = sorted(range(len(exact)), key=lambda place: given[place] - exact[place])
    for place in by_rest[: 10_000 - sum(given)]:
        given[place] += 1
    return [(name, count, share / 100) for (name, count), share in zip(counts, given, strict=True)]
