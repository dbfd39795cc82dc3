"""Every oddity the Zoho stand-in can show, as a named switch with a harmless default."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass
class Failure:
    """The next requests that go wrong: those whose path matches `path` (a regular expression, searched) and whose method fits.

    Without `after_commit` and `commit_after_seconds` nothing is done and the error is the truth.
    """

    path: str = ""
    method: str = ""
    """GET, POST, PUT or DELETE; empty for any."""
    times: int = 1
    """How many matching requests fail; the stand-in counts it down."""
    skip: int = 0
    """How many matching requests pass before the first one fails; counted down too."""
    status: int = 500
    code: str = ""
    """Zoho's code in a JSON body; empty for the usual one of the status."""
    body: Literal["json", "html", "plain", "cut", "empty"] = "json"
    """What the error looks like; `cut` is JSON that ends in the middle."""
    after_commit: Literal["", "reset", "timeout", "bad_gateway", "cut", "short", "long"] = ""
    """The request is carried out and its answer spoilt: connection reset, silence for `timeout_seconds` and then a reset,
    a 502 page, cut JSON, one row too few or one row too many."""
    timeout_seconds: float = 60.0
    commit_after_seconds: float | None = None
    """The error is answered at once and the request carried out so many seconds later by the stand-in's clock."""


@dataclass
class Faults:
    """The switches; times are in seconds of the stand-in's clock unless a name says otherwise."""

    # accounts server
    access_token_seconds: int = 3600
    live_access_tokens: int = 15
    """One token more and the oldest of the refresh token stops working."""
    new_access_tokens: int = 10
    """So many new access tokens per refresh token in 10 minutes; every refused attempt makes the wait longer."""
    throttle_status: int = 400
    """Zoho's pages say 400 and 200."""
    refresh_token_revoked: bool = False
    consent_refused: bool = False
    """The person says no on the consent page."""
    scopes_granted: list[str] | None = None
    """What every token may do; None: what was asked for."""
    api_domain: str = ""
    """Another `api_domain` in the token answer (it names the production host even for sandboxes); empty: own address."""

    # the way in
    api_host: str = ""
    """The only host (`name:port`) the CRM answers on; on any other a bare 401. Empty: every host."""
    denied: list[str] = field(default_factory=list)
    """Rights the profile lacks: `Leads.create`, `Notes.read`, `Notes.update`, `Leads.delete`, `*` for the whole API."""
    hidden_records: dict[str, list[str]] = field(default_factory=dict)
    """Records by id that a user does not see, `{user id: [record id]}`: for that user they answer like deleted ones."""
    latency_ms: int = 0
    concurrency_limit: int | None = None
    """More simultaneous calls than this get 429, without Retry-After."""
    credits_limit: int | None = None
    """Credits per 24 hours: from half of it on the remaining ones are in the header, then 429."""
    credits_remaining: int | None = None
    """A fixed number for the header X-API-CREDITS-REMAINING."""
    failures: list[Failure] = field(default_factory=list)

    # reading
    page_limit: int = 200
    """The most rows one page of anything holds."""
    unpaged_rows: int = 2000
    """How many rows `page` reaches; beyond, a page_token is needed."""
    page_tokens: bool = True
    """Lists give a page_token; False: none, and only the rows that `page` reaches can be had."""
    page_token_reach: int = 100_000
    """How many rows page tokens reach."""
    page_token_seconds: int = 86_400
    search_delay_seconds: float = 120.0
    """How old a change is when search begins to see it."""
    phone_matching: Literal["exact_digits", "last_digits", "contains"] = "last_digits"
    phone_matching_digits: int = 9
    """How many trailing digits `last_digits` compares."""
    coql_rows: int = 2000
    """The most rows a COQL query may ask for; 200 in older versions."""
    coql_shows_converted: bool = True
    """COQL returns converted leads, as is reported; the documentation does not say."""
    coql_pairwise_brackets: bool = True
    """Three conditions on one level are a syntax error."""
    converted_by_id: bool = True
    """GET by id honours `converted=true`; False: a converted lead is 204 all the same."""
    ids_as_numbers: bool = False
    notes_as_html: bool = False
    """Note contents come back as markup, as notes typed into the CRM do."""
    list_cuts_notes: bool = True
    """A list of notes cuts the content at 500 characters."""
    gone_note_answer: Literal["invalid_data", "no_content"] = "invalid_data"
    """What GET of a deleted note says."""

    same_page_forever: bool = False
    """Every list gives its first page for every page and promises more."""
    empty_pages: int = 0
    """So many of the next pages asked for by token come without rows, and their rows with the token they give; counts down."""

    # writing
    layout_mandatory: dict[str, list[str]] = field(default_factory=dict)
    """Fields per module that the API demands because the layout does, `{"Leads": ["Company"]}`."""
    picklists_strict: bool = False
    """Values outside a picklist are refused; the documentation says they are stored."""
    unknown_fields_refused: bool = False
    refused_rows: dict[str, str] = field(default_factory=dict)
    """New rows of a module are refused with this code and without a field, `{"Leads": "NO_PERMISSION"}`."""
    refused_owners: list[str] = field(default_factory=list)
    """Users that may own nothing, although active."""
    assignment_rule_owner: str | None = None
    """A workflow that hands new records to this user, when the write lets automations run."""
    locked_records: list[str] = field(default_factory=list)
    """Ids that answer RECORD_LOCKED to every change."""
    duplicates_among_converted: bool = False
    """Unique fields are compared with converted leads too."""
    rows_reversed: bool = False
    """A mixed answer (207) lists its rows in the opposite order."""
    text_length_unit: Literal["utf16", "codepoints", "utf8"] = "utf16"
    modules_without_notes: list[str] = field(default_factory=list)

    # conversion
    notes_on_conversion: Literal["contact", "deal", "stay"] = "contact"
    """Where a lead's notes go; `deal` without a deal means the contact."""
    conversion_touches_modified: bool = True
    """A conversion sets Modified_Time."""
    note_on_converted_lead: Literal["refuse", "accept"] = "refuse"
