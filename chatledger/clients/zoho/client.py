"""The Zoho CRM client: records, deletions and queries; notes and metadata come from its base classes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from chatledger.clients.answers import Asked
from chatledger.clients.sending import Query, as_json
from chatledger.clients.zoho.answers import rows_of
from chatledger.clients.zoho.connection import Call, Guard
from chatledger.clients.zoho.metadata import MetadataCalls
from chatledger.clients.zoho.notes import NoteCalls
from chatledger.clients.zoho.payloads import PAGE_SIZE, read_deleted, read_page, read_record
from chatledger.clients.zoho.prices import price
from chatledger.clients.zoho.rows import read_rows
from chatledger.models import DeletedRecord, Page, RowResult


class ZohoClient(NoteCalls, MetadataCalls):
    """Asks and writes one Zoho organisation.

    `api_url` overrides the host that the token answer names, which is wrong for sandboxes. Every method raises errors of
    `chatledger.errors`. Requests are counted in `count`, wait for `budget` (by default the one this process keeps for the
    connected app) and end after `timeout` seconds in total. Reads are asked again a bounded number of times, writes are sent
    once; a write's error says with `outcome_unknown` whether it may have been done.
    """

    async def records(
        self,
        module: str,
        fields: Sequence[str],
        *,
        changed_since: datetime | None = None,
        ids: Sequence[str] = (),
        page_token: str | None = None,
        page: int = 1,
        converted: str | None = None,
        sort_by: str = "id",
        sort_order: str = "asc",
    ) -> Page[dict[str, Any]]:
        """Return up to 200 rows of a module with at most 50 `fields`; every `id` in them is a string.

        `changed_since` is by Zoho's Modified_Time, in whole seconds; at most 50 `ids`; `converted` is "true", "false" or
        "both" and only Leads understand it. Beyond 2,000 rows Zoho wants the `next_token` of the page before, not `page`.
        """
        query: dict[str, str | int] = {
            "fields": ",".join(fields),
            "per_page": PAGE_SIZE,
            "sort_by": sort_by,
            "sort_order": sort_order,
            **({"page_token": page_token} if page_token else {"page": page}),
            **({"ids": ",".join(ids)} if ids else {}),
            **({"converted": converted} if converted else {}),
        }
        what = f"a page of {module}"
        payload = await self._get(what, f"/{quote(module, safe='')}", query, _modified_since(changed_since))
        return read_page(payload, rows_of(payload, "data", Asked("Zoho CRM", what)), read_record)

    async def record(self, module: str, record_id: str) -> dict[str, Any] | None:
        """Return a record with all fields the connecting user may see; None when it is gone or hidden from that user.

        A converted lead is found as well: Zoho answers 204 for it unless it is asked for as such.
        """
        what, path = f"record {record_id} of {module}", f"/{quote(module, safe='')}/{quote(record_id, safe='')}"
        queries: list[Query] = [{}, {"converted": "true"}] if module == "Leads" else [{}]
        for query in queries:
            payload = await self._get(what, path, query)
            if rows := rows_of(payload, "data", Asked("Zoho CRM", what)):
                return read_record(rows[0])
        return None

    async def deleted(self, module: str, *, since: datetime | None = None, page: int = 1) -> Page[DeletedRecord]:
        """Return up to 200 deleted records of a module, in the recycle bin or gone for good, merged-away ones too."""
        query: dict[str, str | int] = {"type": "all", "per_page": PAGE_SIZE, "page": page}
        what = f"the deleted records of {module}"
        payload = await self._get(what, f"/{quote(module, safe='')}/deleted", query, _modified_since(since))
        return read_page(payload, rows_of(payload, "data", Asked("Zoho CRM", what)), lambda raw: read_deleted(raw, module))

    async def create_records(
        self, module: str, rows: Sequence[dict[str, Any]], *, run_automations: bool = True, guard: Guard | None = None
    ) -> list[RowResult]:
        """Create at most 100 records and return one result per row, in order; without automations no workflow runs."""
        body = {"data": list(rows), **_trigger(run_automations=run_automations)}
        return await self._write_rows(
            f"the creation of {len(rows)} rows in {module}", "POST", f"/{quote(module, safe='')}", body, guard=guard
        )

    async def delete_records(self, module: str, record_ids: Sequence[str]) -> list[RowResult]:
        """Delete up to 100 records, into the recycle bin, without workflows; return what became of each."""
        asked = Asked("Zoho CRM", f"the removal of rows in {module}", write=True)
        path = f"/{quote(module, safe='')}"
        query: dict[str, str | int] = {"ids": ",".join(record_ids), "wf_trigger": "false"}
        call = Call(asked, "DELETE", path, query=query, credits=price("DELETE", path))
        return read_rows(await self._once(call), asked, sent_ids=list(record_ids), action="delete")

    async def coql(self, select_query: str) -> Page[dict[str, Any]]:
        """Return the rows of a COQL query (a WHERE clause is mandatory, at most 200 rows); it sees new rows at once."""
        asked = Asked("Zoho CRM", "a COQL query")
        cost = price("POST", "/coql", select_query=select_query)
        payload = await self._read(Call(asked, "POST", "/coql", content=as_json({"select_query": select_query}), credits=cost))
        return read_page(payload, rows_of(payload, "data", asked), _read_plain)


def _read_plain(raw: Any) -> dict[str, Any]:
    """Return a COQL row, which has an id only when the query names it."""
    return read_record(raw) if isinstance(raw, dict) and "id" in raw else dict(raw)


def _modified_since(moment: datetime | None) -> dict[str, str]:
    """Zoho takes ISO 8601 here, without fractions of a second."""
    return {"If-Modified-Since": moment.astimezone(UTC).replace(microsecond=0).isoformat()} if moment else {}


def _trigger(*, run_automations: bool) -> dict[str, list[str]]:
    return {} if run_automations else {"trigger": []}
