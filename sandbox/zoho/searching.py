"""GET /{module}/search: by criteria, e-mail, phone or word, in this precedence, over the delayed index."""

import re
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from sandbox.zoho.calls import Call
from sandbox.zoho.criteria import read_criteria
from sandbox.zoho.envelopes import Refusal, no_content
from sandbox.zoho.listing import converted_filter, sorting
from sandbox.zoho.modules import Module
from sandbox.zoho.paging import cut, page_number, per_page
from sandbox.zoho.search_index import phone_matcher
from sandbox.zoho.store import SORT_KEYS, Values

_PHONE_QUERY = re.compile(r"[+]?[0-9\s\-().]+")
_KINDS = ("criteria", "email", "phone", "word")


def search(call: Call) -> Response:
    """Answer what the index knows; 204 for nothing. Converted leads are left out unless asked for."""
    module, query = call.module, call.query
    matches = _matcher(call, module)
    by, descending = sorting(query)
    if page_number(query) * per_page(query, call.faults.page_limit) > call.faults.unpaged_rows:
        raise Refusal(400, "LIMIT_REACHED", "maximum response iteration limit reached", limit=call.faults.unpaged_rows)
    call.crm.search.catch_up(call.crm.now(), call.faults.search_delay_seconds)
    fits = converted_filter(query)
    found = [record for record in call.crm.search.hits(module.api_name, matches) if fits(record)]
    found.sort(key=SORT_KEYS[by], reverse=descending)
    rows, info = cut(found, query, call.faults.page_limit)
    if not rows:
        return no_content()
    names = [name for name in query.get("fields", "").split(",") if name] or list(module.fields)
    info |= {"sort_by": by, "sort_order": "desc" if descending else "asc"}
    return call.json({"data": [call.display.record(record, names) for record in rows], "info": info})


def _matcher(call: Call, module: Module) -> Callable[[Values], bool]:
    kind = next((name for name in _KINDS if call.query.get(name)), None)
    if kind is None:
        raise Refusal(400, "EXPECTED_PARAM_MISSING", "mandatory param missing", param_names=list(_KINDS))
    text = call.query[kind]
    if kind == "criteria":
        return read_criteria(text, module)
    if kind == "email":
        return _email_matcher(text, module)
    if kind == "word":
        return _word_matcher(text)
    if not 3 <= len(text) <= 50 or not _PHONE_QUERY.fullmatch(text.strip()):
        raise Refusal(400, "INVALID_DATA", "invalid data", api_name="phone")
    return phone_matcher(text, module.phone_fields(), call.faults.phone_matching, call.faults.phone_matching_digits)


def _email_matcher(text: str, module: Module) -> Callable[[Values], bool]:
    names, wanted = module.of_type("email"), text.casefold()
    return lambda values: any(str(values.get(name) or "").casefold() == wanted for name in names)


def _word_matcher(text: str) -> Callable[[Values], bool]:
    if not 2 <= len(text) <= 100:
        raise Refusal(400, "INVALID_DATA", "invalid data", api_name="word")
    wanted = text.casefold()
    return lambda values: any(wanted in value.casefold() for value in _texts(values))


def _texts(values: dict[str, Any]) -> list[str]:
    return [value for value in values.values() if isinstance(value, str)]
