"""Everything that can go wrong on TimelinesAI's side, each a switch that is off until somebody sets it."""

from dataclasses import dataclass, field
from typing import Literal

ChatOrder = Literal["spec", "name", "shuffled"]
RateLimit = Literal["off", "edge_429", "envelope_429", "envelope_429_retry_after", "throttle_403"]
BodyKind = Literal["json", "html", "plain", "empty", "truncated", "cut", "slow", "endless"]


@dataclass
class Failure:
    """The next requests that match are answered wrongly.

    `path` and `method` are regular expressions (`path` is searched in the whole path, `method` has to match fully); the
    first `skip` matching requests pass, then `times` fail. A request that fails is not carried out unless `carry_out`
    says so: then its effect happened and only the answer is lost. `delay_seconds` passes before anything else.

    Kinds of `body`: `json` TimelinesAI's error envelope (with status 200 the "200 that is an error"), `html` a page of
    the edge, `plain` words without JSON, `empty` nothing; and of the true answer: `truncated` half of it as if it were
    whole, `cut` half of it and then a broken connection, `slow` all of it spread over `slow_seconds`. `endless` never
    ends.
    """

    path: str = ".*"
    method: str = ".*"
    status: int = 500
    body: BodyKind = "json"
    times: int = 1
    skip: int = 0
    carry_out: bool = False
    delay_seconds: float = 0.0
    slow_seconds: float = 60.0


@dataclass
class Faults:
    """The switches. Without a word about it, a switch changes answers only and not what is stored."""

    # The documented order is newest first; a captured list came in no such order.
    chat_order: ChatOrder = "spec"
    chat_order_seed: int = 0  # another seed is another shuffle; one seed is stable across pages
    chat_url: Literal["relative", "absolute"] = "relative"  # the live API gives relative links, its documentation absolute
    plain_text_401: bool = False  # a refused login says `Unauthorized` instead of the JSON envelope
    latency_ms: int = 0  # every answer waits this long

    # At most `rate_limit_requests` are answered in any `rate_limit_window_seconds` of the stand-in's clock.
    rate_limit: RateLimit = "off"
    rate_limit_requests: int = 50
    rate_limit_window_seconds: float = 60.0

    failures: list[Failure] = field(default_factory=list)  # the first one that matches and is not used up wins

    same_page_forever: bool = False  # lists give their first page for every page and promise more
    pages_shift: bool = False  # a message arrives after each page read (it is stored), so that what follows moves
    ignore_before_message: bool = False  # the history takes no notice of its `before_message` cursor
    cursor_skips_same_second: bool = False  # the message cursors also leave out other messages of the cursor's second

    unknown_fields: bool = False  # chats and messages carry fields nobody has heard of
    unknown_enum_values: bool = False  # statuses and origins of messages, and statuses of numbers, are new words
    missing_fields: list[str] = field(default_factory=list)  # these fields are left out of chats and messages
    null_fields: list[str] = field(default_factory=list)  # these fields of chats and messages are null, e.g. `text`
    ids_as_strings: bool = False  # chat ids are strings
    received_timestamp_absent: bool = False  # messages lack it, as before July 2026

    download_lifetime_seconds: float = 900.0  # how long download links of attachments and files live
    download_extra_bytes: int = 0  # a download is this much longer than the size that was announced

    send_gap_seconds: float = 2.0  # messages leave one after the other with this gap
    delivery_seconds: float = 1.0  # from Sent to Delivered
    failing_sends: int = 0  # the next n sends are accepted and then fail; counts down
    phones_without_whatsapp: list[str] = field(default_factory=list)  # sends to these numbers are accepted and then fail
    credit_restore_seconds: float = 7200.0  # when the credits of a failed send come back

    webhook_timeout_seconds: float = 5.0
    webhook_retry_seconds: float = 2.0  # between the three attempts
    webhook_delay_seconds: float = 0.0  # before the first attempt
    webhook_duplicates: int = 0  # every event is delivered this many times more
    lost_webhooks: int = 0  # the next n events reach nobody; counts down
    malformed_webhooks: int = 0  # the next n deliveries are cut, empty, of wrong types or name no chat; counts down
    webhooks_in_lists: bool = False  # every event comes as a list of one
    webhook_in_data: bool = False  # the payload comes wrapped as an old guide shows it: `{"event_type", "data": {...}}`
