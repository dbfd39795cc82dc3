"""The overview: what happened in a period, as charts, tables and numbers to take along."""

import csv
import io
import time
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chatledger.exports.formulas import harmless
from chatledger.ledger import chats
from chatledger.ledger import figures as counting
from chatledger.ledger.figures import LAG_BOUNDS, buckets
from chatledger.ledger.reasons import reasons_in_words
from chatledger.web.parts import WebParts
from chatledger.web.rendering import render
from chatledger.web.roles import require
from chatledger.web.sync_log import asking
from chatledger.web.sync_log.summing import OUTCOMES, Overview
from chatledger.web.wording import language_of, wording

PERIODS = (7, 30, 90, 180)
DEFAULT_DAYS = 30
MOST_DAYS = 186
"""Longer periods are a matter for SQL and exports: everything here is counted while somebody waits."""
DAYS_SHOWN_SINGLY = 45
FRESH_SECONDS = 60
MOST_KEPT = 32

TIMELINES_CALLS_A_MONTH = 200_000
ZOHO_CREDITS_A_DAY = 50_000
"""What every paid edition of Zoho CRM has at least, before what comes with its users.
https://www.zoho.com/crm/developer/docs/api/v8/api-limits.html"""


@dataclass(frozen=True, slots=True)
class Look:
    """How a chart is drawn: for a light or a dark page, as wide as the page or not."""

    theme: str
    wide: bool


async def figures(request: Request) -> Response:
    """Show the figures of a period."""
    require(request, "viewer")
    shown, zone = await run_in_threadpool(_overview, asking.parts_of(request), request)
    words = wording("sync_log", language_of(request))
    return render(
        request,
        "sync_log/overview.html",
        shown=shown,
        outcomes=OUTCOMES,
        sample=counting.SAMPLE,
        periods=PERIODS,
        chosen_days=(shown.last - shown.first).days + 1,
        period=f"from={shown.first.isoformat()}&to={shown.last.isoformat()}",
        credits_limit=ZOHO_CREDITS_A_DAY * shown.days,
        calls_limit=TIMELINES_CALLS_A_MONTH,
        zone=zone,
        report=_report(shown, words),
    )


async def chart(request: Request) -> Response:
    """Draw one chart of a period; the browser may keep it for a minute."""
    require(request, "viewer")
    theme = "dark" if request.query_params.get("theme") == "dark" else "light"
    look = Look(theme, wide=request.query_params.get("size") == "wide")
    name, language = request.path_params["chart"], language_of(request)
    if name not in CHARTS:
        raise HTTPException(404)
    shown, _ = await run_in_threadpool(_overview, asking.parts_of(request), request)
    key = (name, look, language, id(shown))
    drawn = _kept(request, key)
    if drawn is None:
        drawn = await run_in_threadpool(CHARTS[name], shown, wording("sync_log", language), look)
        _keep(request, key, drawn)
    return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": f"private, max-age={FRESH_SECONDS}"})


async def as_csv(request: Request) -> Response:
    """Give the figures as a table: one line for each stretch of days, number and reason."""
    require(request, "viewer")
    shown, _ = await run_in_threadpool(_overview, asking.parts_of(request), request)
    numbers = {number.id: number for number in shown.numbers}
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(["from_day", "number", "owner", "outcome", "reason", "messages"])
    for count in shown.counts:
        number = numbers[count.account_id]
        outcome = reasons_in_words()[count.reason].outcome.value
        day = shown.buckets[count.bucket].day.isoformat()
        writer.writerow([day, harmless(number.phone), harmless(number.owner_name), outcome, count.reason, count.messages])
    name = f"chatledger-{shown.first.isoformat()}-{shown.last.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(written.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _overview(parts: WebParts, request: Request) -> tuple[Overview, str]:
    with parts.ledger.reading() as session:
        zone = asking.zone_of(session, parts.organisation_id)
        today = asking.today(parts.ledger.now(), zone)
    first, last = _period(request, today)
    kept = _kept(request, (first, last, zone))
    if kept is None:
        kept = _read(parts, first, last, zone)
        _keep(request, (first, last, zone), kept)
    return kept, zone


def _period(request: Request, today: date) -> tuple[date, date]:
    query = request.query_params
    days = query.get("days", "")
    length = int(days) if days in map(str, PERIODS) else DEFAULT_DAYS
    last = min(asking.day(query, "to") or today, today)
    first = asking.day(query, "from") or last - timedelta(days=length - 1)
    return max(min(first, last), last - timedelta(days=MOST_DAYS - 1)), last


def _read(parts: WebParts, first: date, last: date, zone: str) -> Overview:
    organisation = parts.organisation_id
    days = 1 if (last - first).days < DAYS_SHOWN_SINGLY else 7
    period = buckets(first, last, zone, days)
    with parts.ledger.reading() as session:
        numbers = sorted(chats.accounts(session, organisation).values(), key=lambda number: number.phone)
        return Overview(
            first=first,
            last=last,
            days=days,
            buckets=period,
            counts=counting.counts(session, organisation, period, [number.id for number in numbers]) if numbers else [],
            costs=counting.costs(session, organisation, period),
            lag=counting.lag(session, organisation, period[0].start, period[-1].end),
            numbers=numbers,
            unreadable=counting.unreadable(session, organisation),
        )


def _kept(request: Request, key: tuple[Any, ...]) -> Any:
    """Return what was worked out within the last minute: a page and its charts ask for the same figures."""
    found = _shelf(request).get(key)
    return found[1] if found and time.monotonic() - found[0] < FRESH_SECONDS else None


def _keep(request: Request, key: tuple[Any, ...], value: Any) -> None:
    shelf = _shelf(request)
    while len(shelf) >= MOST_KEPT:
        shelf.pop(next(iter(shelf)), None)
    shelf[key] = (time.monotonic(), value)


def _shelf(request: Request) -> dict[tuple[Any, ...], tuple[float, Any]]:
    state = request.app.state
    if not hasattr(state, "overview"):
        state.overview = {}
    shelf: dict[tuple[Any, ...], tuple[float, Any]] = state.overview
    return shelf


def _report(shown: Overview, words: dict[str, Any]) -> str:
    """Return the figures as plain lines that can be pasted anywhere."""
    said, outcomes, cost = words["report"], shown.outcomes, shown.cost
    lines = [said["title"].format(first=shown.first.isoformat(), last=shown.last.isoformat())]
    lines.append(said["messages"].format(total=shown.total))
    lines += [
        f"  {words['outcomes'][outcome]}: {outcomes[outcome]:,} ({_share(outcomes[outcome], shown.total)})"
        for outcome in OUTCOMES
    ]
    if shown.lag.median is not None:
        fast = sum(shown.lag.groups[: LAG_BOUNDS.index(300) + 1])
        lines.append(said["lag"].format(share=_share(fast, shown.lag.looked_at)))
    lines.append(said["runs"].format(runs=cost.runs, failed=cost.failed))
    lines.append(said["credits"].format(credits=cost.credits, zoho=cost.calls_zoho, timelines=cost.calls_timelines))
    for owner, tally in shown.by_owner:
        lines.append(said["owner"].format(owner=owner, total=tally.total(), synced=tally["synced"], parked=tally["parked"]))
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _chart_messages(shown: Overview, words: dict[str, Any], look: Look) -> bytes:
    from chatledger.exports import charts

    series = {words["outcomes"][name]: [tally[name] for tally in shown.by_bucket] for name in OUTCOMES}
    return charts.stacked(shown.labels(), series, look.theme, wide=look.wide)


def _chart_reasons(shown: Overview, words: dict[str, Any], look: Look) -> bytes:
    from chatledger.exports import charts

    return charts.bars([(words["reasons"][code]["name"], number) for code, number in shown.reasons], look.theme)


def _chart_lag(shown: Overview, words: dict[str, Any], look: Look) -> bytes:
    from chatledger.exports import charts

    return charts.bars(list(zip(words["lag_groups"], shown.lag.groups, strict=True)), look.theme)


def _chart_numbers(shown: Overview, _words: dict[str, Any], look: Look) -> bytes:
    from chatledger.exports import charts

    return charts.bars(
        [(f"{number.phone} {number.owner_name}", tally.total()) for number, tally in shown.by_number], look.theme
    )


def _chart_credits(shown: Overview, words: dict[str, Any], look: Look) -> bytes:
    from chatledger.exports import charts

    limit = ZOHO_CREDITS_A_DAY * shown.days
    name = words["charts"]["limit"].format(limit=f"{limit:,}")
    return charts.against_limit(shown.labels(), [cost.credits for cost in shown.costs], limit, name, look.theme)


CHARTS = {
    "messages": _chart_messages,
    "reasons": _chart_reasons,
    "lag": _chart_lag,
    "numbers": _chart_numbers,
    "credits": _chart_credits,
}
