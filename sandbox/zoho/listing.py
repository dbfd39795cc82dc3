"""Reading records: lists with pages, single records, and the list of deleted ones."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from starlette.datastructures import QueryParams
from starlette.responses import Response

from sandbox.zoho.calls import Call
from sandbox.zoho.envelopes import Refusal, invalid_id, missing_param, no_content
from sandbox.zoho.paging import Bookmark, cut, page_number, per_page
from sandbox.zoho.store import SORT_KEYS, Record
from sandbox.zoho.validation import as_id

MAX_FIELDS = 50
_MAX_IDS = 100
_LONGEST_ID_LIST = 1024


def read_list(call: Call) -> Response:
    """GET /{module}: the rows the parameters ask for, 204 for none, 304 when nothing changed since."""
    module, query = call.module, call.query
    names = wanted_fields(query)
    by, descending = sorting(query)
    fits = converted_filter(query)
    bookmark = call.crm.page_tokens.take(query, call.faults.page_token_reach) if "page_token" in query else None
    size, page = _place(call, bookmark)
    order, since = _candidates(call, by)
    rows = _walk(order, SORT_KEYS[by], descending=descending, after=bookmark.key if bookmark else None)
    start = 0 if bookmark else (page - 1) * size
    found = list(islice((record for record in rows if fits(record)), start, start + size + 1))
    if not found:
        return Response(status_code=304) if since and page == 1 else no_content()
    shown, seen = found[:size], (bookmark.seen if bookmark else start) + min(size, len(found))
    order_asked = {"sort_by": by, "sort_order": "desc" if descending else "asc"}
    info = order_asked | _info(call, size, page, len(shown), more=len(found) > size)
    if info["more_records"] and call.faults.page_tokens:
        info |= _next_token(call, SORT_KEYS[by](shown[-1]), seen, page)
    return call.json({"data": [call.display.record(record, names or list(module.fields)) for record in shown], "info": info})


def read_record(call: Call) -> Response:
    """GET /{module}/{id}: the whole record; 204 when it is deleted, or converted and not asked for with `converted=true`."""
    module, record_id = call.module, call.path["id"]
    record = call.store.records[module.api_name].get(as_id(record_id))
    if record is None:
        raise invalid_id()
    asked = call.query.get("converted", "false") in {"true", "both"} and call.faults.converted_by_id
    hidden = record.id in call.faults.hidden_records.get(call.user, ())
    if hidden or record.deletion or (record.conversion and not asked):
        return no_content()
    names = call.query.get("fields")
    shown = call.display.record(record, names.split(",")) if names else call.display.whole(record)
    return call.json({"data": [shown]})


def read_deleted(call: Call) -> Response:
    """GET /{module}/deleted: what was deleted or merged away, newest first."""
    kind = call.query.get("type", "all")
    if kind not in {"all", "recycle", "permanent"}:
        where = {"api_name": "type", "supported_values": ["all", "recycle", "permanent"]}
        raise Refusal(400, "PATTERN_NOT_MATCHED", "Please check whether the input values are correct", **where)
    since = modified_since(call)
    gone = [
        (record.deletion.at, record)
        for record in call.store.records[call.module.api_name].values()
        if record.deletion and kind in {"all", record.deletion.kind} and (not since or record.deletion.at >= since)
    ]
    gone.sort(key=lambda pair: (pair[0], int(pair[1].id)), reverse=True)
    rows, info = cut([_deleted(call, record) for _, record in gone], call.query, call.faults.page_limit)
    if not rows:
        return Response(status_code=304) if since else no_content()
    return call.json({"data": rows, "info": info})


def wanted_fields(query: QueryParams) -> list[str]:
    """Read the mandatory `fields`. Raises Refusal without them or for more than 50."""
    names = [name.strip() for name in query.get("fields", "").split(",") if name.strip()]
    if not names:
        raise missing_param("fields")
    if len(names) > MAX_FIELDS:
        raise Refusal(400, "LIMIT_EXCEEDED", "the number of fields exceeds the limit", limit=MAX_FIELDS, param_name="fields")
    return names


def sorting(query: QueryParams) -> tuple[str, bool]:
    """Read the order: `id` and descending by default. Raises Refusal for any other."""
    by, order = query.get("sort_by") or "id", query.get("sort_order") or "desc"
    for name, value, known in (("sort_by", by, list(SORT_KEYS)), ("sort_order", order, ["asc", "desc"])):
        if value not in known:
            raise Refusal(400, "INVALID_DATA", "invalid data", param_name=name, supported_values=known)
    return by, order == "desc"


def converted_filter(query: QueryParams) -> Callable[[Record], bool]:
    """Read which leads are asked for: `converted` is `false` unless said otherwise. Raises Refusal for an unknown value."""
    asked = query.get("converted") or "false"
    if asked not in {"true", "false", "both"}:
        raise Refusal(400, "INVALID_DATA", "invalid data", param_name="converted", supported_values=["true", "false", "both"])
    return lambda record: asked == "both" or (record.conversion is not None) == (asked == "true")


def modified_since(call: Call) -> datetime | None:
    """Read the If-Modified-Since header, an ISO-8601 time with an offset. Raises Refusal for anything else."""
    return header_time(call, "If-Modified-Since")


def header_time(call: Call, name: str) -> datetime | None:
    """Read a header that holds a time. Raises Refusal INVALID_DATA."""
    text = call.headers.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refusal(400, "INVALID_DATA", "invalid data", header_name=name, expected_data_type="datetime")
    return moment


def _place(call: Call, bookmark: Bookmark | None) -> tuple[int, int]:
    size = per_page(call.query, call.faults.page_limit)
    if bookmark:
        return size, bookmark.page + 1
    page = page_number(call.query)
    if page * size > call.faults.unpaged_rows:
        message = "You can only get the first 2000 records without using page_token param"
        raise Refusal(400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", message, limit=call.faults.unpaged_rows)
    return size, page


def _candidates(call: Call, by: str) -> tuple[Sequence[Record], bool]:
    module = call.module.api_name
    since = modified_since(call)
    if "ids" in call.query:
        return sorted(_by_ids(call), key=SORT_KEYS[by]), False
    if since:
        changed = call.store.modified_since(module, since)
        return changed if by == "Modified_Time" else sorted(changed, key=SORT_KEYS[by]), True
    return call.store.ordered(module, by), False


def _by_ids(call: Call) -> Iterator[Record]:
    text = call.query["ids"]
    ids = {part.strip() for part in text.split(",")}
    if len(ids) > _MAX_IDS or len(text) > _LONGEST_ID_LIST:
        raise Refusal(400, "LIMIT_EXCEEDED", "the number of ids exceeds the limit", limit=_MAX_IDS, param_name="ids")
    for record_id in ids:
        if record := call.store.live(call.module.api_name, record_id):
            yield record


def _walk(order: Sequence[Record], key: Callable[[Record], Any], *, descending: bool, after: Any) -> Iterable[Record]:
    if descending:
        end = len(order) if after is None else bisect_left(order, after, key=key)
        return (order[place] for place in range(end - 1, -1, -1))
    start = 0 if after is None else bisect_right(order, after, key=key)
    return (order[place] for place in range(start, len(order)))


def _info(call: Call, size: int, page: int, count: int, *, more: bool) -> dict[str, Any]:
    return {
        "call": False, "per_page": size, "next_page_token": None, "count": count, "page": page, "email": False,
        "previous_page_token": call.query.get("page_token"), "page_token_expiry": None, "more_records": more,
    }  # fmt: skip


def _next_token(call: Call, key: Any, seen: int, page: int) -> dict[str, Any]:
    token, expires_at = call.crm.page_tokens.give(call.query, key, seen, page, call.faults.page_token_seconds)
    return {"next_page_token": token, "page_token_expiry": call.display.time(expires_at)}


def _deleted(call: Call, record: Record) -> dict[str, Any]:
    display, deletion = call.display, record.deletion
    by = display.user(deletion.by) if deletion else {}
    made_by = display.user(record.created_by)
    lasting = deletion is not None and deletion.kind == "permanent"
    return {
        "deleted_by": {"name": by.get("name"), "id": by.get("id")},
        "id": record.id,
        "display_name": None if lasting else display.name(record.module, record.id),
        "type": deletion.kind if deletion else None,
        "created_by": None if lasting else {"name": made_by["name"], "id": made_by["id"]},
        "deleted_time": display.time(deletion.at if deletion else None),
    }
