"""Reading every record of a module, or what changed in it, however many there are and wherever an earlier try stopped.

Zoho pages by number reach 2,000 rows, page tokens 100,000 and a day. Where they end, the list is asked again in the order of
Modified_Time, from the last time seen: the question every tick asks for changes, which needs no further right. Only where more
rows carry one and the same second than a list gives, COQL goes on by id.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from chatledger.clients import ZohoClient
from chatledger.delivery.endless_lists import PagesInARow
from chatledger.errors import NotPermitted, Rejected, SchemaDrift
from chatledger.ledger.tables import IndexState
from chatledger.models import Page

Rows = Page[dict[str, Any]]

COQL_ROWS = 200
_STEP_BACK = timedelta(seconds=1)
_LEAD_FIELDS = ("Converted__s", "Converted_Contact", "Converted_Date_Time")


class CrowdedSecond(Exception):
    """More rows were modified within one second than a list reaches."""


def index_fields(module: str, phone_field: str) -> list[str]:
    """Return the fields the index is made from."""
    known = ["id", phone_field, "Owner", "Created_Time", "Modified_Time"]
    return [*known, *_LEAD_FIELDS] if module == "Leads" else known


def converted_too(module: str) -> str | None:
    """Zoho hides converted leads unless asked for both kinds; other modules do not know the parameter."""
    return "both" if module == "Leads" else None


def row_moment(value: Any) -> datetime | None:
    """Read a time of a row; None for whatever is no time with a zone."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


async def all_pages(zoho: ZohoClient, state: IndexState) -> AsyncIterator[Rows]:
    """Yield every record of a module, some perhaps twice, going on where `state` says that an earlier try stopped.

    `state` is moved on with every page; whoever stores it together with the page's rows loses nothing. Raises OutsideError.
    """
    if state.last_id is None and state.walked_to is None:
        more = True
        async for page in _by_token(zoho, state):
            more = page.more
            yield page
        if not more:
            return
    if state.last_id is None:
        try:
            async for page in _by_time(zoho, state, state.walked_to - _STEP_BACK if state.walked_to else None):
                state.walked_to = _newest(page, state.walked_to)
                yield page
        except CrowdedSecond:
            state.last_id = "0"
        else:
            return
    async for page in _by_query(zoho, state):
        yield page


async def changed_pages(zoho: ZohoClient, state: IndexState, since: datetime | None) -> AsyncIterator[Rows]:
    """Yield what was modified since, everything where that cannot be told. Raises OutsideError."""
    try:
        async for page in _by_time(zoho, state, since):
            yield page
    except CrowdedSecond:
        whole = IndexState(
            organisation_id=state.organisation_id, module=state.module, phone_field=state.phone_field, region=state.region,
            last_id="0",
        )  # fmt: skip
        async for page in _by_query(zoho, whole):
            yield page


async def _by_token(zoho: ZohoClient, state: IndexState) -> AsyncIterator[Rows]:
    """Yield pages by id as long as Zoho gives tokens and takes them; the last one yielded may promise more."""
    fields = index_fields(state.module, state.phone_field)
    pages = PagesInARow(state.module)
    while True:
        try:
            page = await zoho.records(state.module, fields, converted=converted_too(state.module), page_token=state.page_token)
        except Rejected:
            if state.page_token is None:
                raise
            state.page_token = None
            return
        state.page_token = page.next_token if page.more else None
        yield page
        if state.page_token is None:
            return
        pages.came(str(row["id"]) for row in page.items)


async def _by_time(
    zoho: ZohoClient, state: IndexState, since: datetime | None, *, converted: str | None = None
) -> AsyncIterator[Rows]:
    """Yield what was modified since, in the order of the change. Raises CrowdedSecond where one second holds too many rows.

    Goes on by page token; without one, or where it is refused, anew from the last time seen, some rows repeated.
    """
    fields = index_fields(state.module, state.phone_field)
    token, number, seen = None, 1, since
    pages = PagesInARow(state.module)
    while True:
        try:
            page = await zoho.records(
                state.module, fields, changed_since=since, converted=converted or converted_too(state.module),
                sort_by="Modified_Time", page_token=token, page=number,
            )  # fmt: skip
        except Rejected as error:
            if token is None and number == 1:
                raise
            since, number, token = _moved_on(since, seen, error), 1, None
            continue
        yield page
        if not page.more:
            return
        pages.came(str(row["id"]) for row in page.items)
        seen, token = _newest(page, seen), page.next_token
        if token is None and _further(since, seen):
            since, number = _moved_on(since, seen, None), 1
        else:
            number += 1


def _further(since: datetime | None, seen: datetime | None) -> bool:
    return seen is not None and (since is None or seen - _STEP_BACK > since)


def _moved_on(since: datetime | None, seen: datetime | None, error: Exception | None) -> datetime:
    """Return the time to ask from next: a second back, because rows of the last second may follow on the next page."""
    if seen is None or not _further(since, seen):
        raise CrowdedSecond from error
    return seen - _STEP_BACK


def _newest(page: Rows, before: datetime | None) -> datetime | None:
    moments = [moment for row in page.items if (moment := row_moment(row.get("Modified_Time")))]
    return max([*moments, *([before] if before else [])], default=None)


async def _by_query(zoho: ZohoClient, state: IndexState) -> AsyncIterator[Rows]:
    """Yield every row by COQL in the order of the ids, and then the converted leads once more by list.

    COQL is reported to show converted leads too; that is not documented, so it is not relied upon.
    """
    columns = ", ".join(index_fields(state.module, state.phone_field))
    more = True
    while more:
        wanted = f"where id > {state.last_id} order by id limit {COQL_ROWS}"
        try:
            page = await zoho.coql(f"select {columns} from {state.module} {wanted}")  # noqa: S608 - names and an id of Zoho's
        except (NotPermitted, Rejected) as error:
            raise _unreadable(state.module, error) from error
        ids = [int(row["id"]) for row in page.items]
        if ids != sorted(ids) or (ids and ids[0] <= int(state.last_id or 0)):
            text = f"Zoho CRM gave the rows of {state.module} in another order than asked for; its phone index is incomplete."
            raise SchemaDrift(text, system="Zoho CRM")
        more = page.more and bool(ids)
        state.last_id = str(ids[-1]) if ids else state.last_id
        yield page
    if converted_too(state.module):
        async for page in _by_time(zoho, state, None, converted="true"):
            yield page


def _unreadable(module: str, error: NotPermitted | Rejected) -> NotPermitted:
    text = (
        f"{module} holds more rows of one second than Zoho lists, and its query language was refused ({error.code}): grant "
        "the scope ZohoCRM.coql.READ by connecting again."
    )
    return NotPermitted(text, system="Zoho CRM", status=error.status, code=error.code)
