"""One request to the CRM as its handler sees it, and the organisation it acts on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response

from sandbox.clock import Clock
from sandbox.zoho.credits import Credits
from sandbox.zoho.display import Display
from sandbox.zoho.envelopes import Refusal, Row, json_answer, rows_answer
from sandbox.zoho.faults import Faults
from sandbox.zoho.modules import Module
from sandbox.zoho.paging import PageTokens
from sandbox.zoho.search_index import SearchIndex
from sandbox.zoho.store import Store

AUTOMATIONS = ("workflow", "approval", "blueprint", "pathfinder", "orchestration")
MAX_ROWS = 100


@dataclass(slots=True)
class Deferred:
    """A write that is carried out later, at `due`."""

    due: datetime
    carry_out: Callable[[], Any]


class Crm:
    """One Zoho organisation: its memory, its switches and its clock. Everything happens on one event loop, without locks."""

    def __init__(self, world: dict[str, Any], clock: Clock, faults: Faults) -> None:
        self.clock = clock
        self.faults = faults
        self.organisation: dict[str, Any] = world["organisation"]
        self.current_user: str = world["current_user"]
        self.store = Store(self.now)
        self.search = SearchIndex(self.store)
        self.page_tokens = PageTokens(self.now)
        self.channels: dict[tuple[str, str], dict[str, Any]] = {}
        self.workflow: list[dict[str, Any]] = []
        """Each run of an automation: module, id, operation and which kinds ran."""
        self.credits = Credits(self.now)
        self._deferred: list[Deferred] = []
        self._moment: datetime | None = None

    def now(self) -> datetime:
        """Give the present in UTC, or the moment a deferred write is dated with."""
        return self._moment or self.clock.now()

    def zone(self, user_id: str) -> tzinfo:
        """Give the time zone of a user, of the organisation where the user has none."""
        return ZoneInfo(self.store.users.get(user_id, {}).get("time_zone") or self.organisation["time_zone"])

    def module(self, api_name: str) -> Module:
        """Find a module. Raises Refusal INVALID_MODULE."""
        if api_name not in self.store.modules:
            raise Refusal(400, "INVALID_MODULE", "the module name given seems to be invalid", resource_path_index=0)
        return self.store.modules[api_name]

    def defer(self, seconds: float, carry_out: Callable[[], Any]) -> None:
        """Carry something out later by the clock; it is dated with its own moment and done before anybody looks."""
        self._deferred.append(Deferred(datetime.fromtimestamp(self.clock.now().timestamp() + seconds, UTC), carry_out))

    def settle(self) -> None:
        """Carry out what is due."""
        due = sorted((item for item in self._deferred if item.due <= self.clock.now()), key=lambda item: item.due)
        for item in due:
            self._deferred.remove(item)
            self._moment = item.due
            try:
                item.carry_out()
            except Refusal:  # it would have been refused anyway, and nobody waits for the answer
                continue
            finally:
                self._moment = None

    def run_automations(self, call: "Call", module: str, record_id: str, operation: str) -> None:
        """Note that the automations the write lets run did run; the assignment rule is one of them."""
        kinds = [kind for kind in AUTOMATIONS if kind in call.trigger()]
        if not kinds:
            return
        self.workflow.append({"module": module, "id": record_id, "operation": operation, "trigger": kinds})
        new_owner = self.faults.assignment_rule_owner
        if new_owner and operation == "create" and "workflow" in kinds and (record := self.store.live(module, record_id)):
            self.store.edit(record, {}, self.current_user, owner_id=new_owner)


@dataclass(slots=True)
class Call:
    """One request that was let in, as the user of its token; `path` holds the variable parts of its address."""

    crm: Crm
    user: str
    method: str
    path: dict[str, str]
    query: QueryParams
    headers: Headers
    base_url: str
    body: Any = None
    files: list[tuple[str, bytes, str]] = field(default_factory=list)
    """Uploaded files: name, content, media type."""
    scopes: frozenset[str] = frozenset()

    @property
    def store(self) -> Store:
        """The memory."""
        return self.crm.store

    @property
    def faults(self) -> Faults:
        """The switches."""
        return self.crm.faults

    @property
    def module(self) -> Module:
        """The module in the path. Raises Refusal INVALID_MODULE."""
        return self.crm.module(self.path["module"])

    @property
    def display(self) -> Display:
        """What shows records to this user."""
        return Display(self.store, self.crm.zone(self.user))

    def trigger(self) -> list[str]:
        """Name the automations the write lets run; all of them where it says nothing."""
        given = self.body.get("trigger") if isinstance(self.body, dict) else None
        return list(AUTOMATIONS) if given is None else list(given)

    def rows(self) -> list[dict[str, Any]]:
        """Read the rows of a write. Raises Refusal for no body, no data or more than 100 rows; then nothing is written."""
        if not isinstance(self.body, dict):
            raise Refusal(400, "INVALID_DATA", "body", expected_data_type="jsonobject")
        rows = self.body.get("data")
        if rows is None:
            raise Refusal(400, "MANDATORY_NOT_FOUND", "required field not found", api_name="data", json_path="$.data")
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            where = {"api_name": "data", "json_path": "$.data"}
            raise Refusal(400, "INVALID_DATA", "invalid data", expected_data_type="jsonarray", **where)
        if len(rows) > MAX_ROWS:
            where = {"api_name": "data", "json_path": "$.data"}
            raise Refusal(400, "INVALID_DATA", "invalid data", maximum_length=MAX_ROWS, **where)
        return rows

    def json(self, body: Any, status: int = 200) -> Response:
        """Answer JSON."""
        return json_answer(body, status, ids_as_numbers=self.faults.ids_as_numbers)

    def rows_json(self, rows: list[Row], *, created: bool = False) -> Response:
        """Answer the rows of a write."""
        ordered, status = rows_answer(rows, created, mixed_reversed=self.faults.rows_reversed)
        return self.json({"data": ordered}, status)
