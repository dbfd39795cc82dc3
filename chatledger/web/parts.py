"""What the pages may use: filled by `deployments/`, so that no page knows where anything comes from.

Every area adds its own fields with the default None; where a callable is None the page says that the feature is not available
and what switches it on.
"""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from chatledger.clients import TimelinesClient
from chatledger.ledger.database import Ledger
from chatledger.models import ChatsOfRecord, RecordRef
from chatledger.web.acts import Acts
from chatledger.web.broadcasting import Broadcaster
from chatledger.web.health_state import Health


@dataclass(frozen=True, slots=True)
class ZohoApp:
    """The OAuth client of ours that is registered in Zoho's API console."""

    client_id: str
    client_secret: str


class LookUp(Protocol):
    """Finds the chats of a record with a person's own rights in Zoho."""

    def __call__(self, person_id: str, record: RecordRef) -> Awaitable[ChatsOfRecord]:
        """Return what was found; raise UsageError where nothing is connected, else what the outside systems refuse."""


class OpenRun(Protocol):
    """Has the organisation's deployment of a flow run once."""

    def __call__(self, flow: str, known: Callable[[str], None]) -> Awaitable[str]:
        """Give `known` the new run's id before the run can begin, and return where the run is shown. Raises NotStarted."""


@dataclass(frozen=True, slots=True)
class WebParts:
    """What the pages may use.

    `public_url` is the address under which browsers reach the pages, without a slash at its end: CHATLEDGER_PUBLIC_URL, or
    where the pages are served. `public` is True only for the former: then outside systems reach it too.
    `broadcaster` tells open pages of news; `webhook_upkeep` keeps TimelinesAI's webhooks as long as the pages are served.
    `from_environment` names the systems ("zoho", "timelines") whose credentials come from the environment; `environment_zgid`
    asks Zoho whose those are. `timelines` gives
    the organisation's client, for as long as the pages run, and raises UsageError where none is connected. `webhooks_on`
    says whether TimelinesAI's webhooks reach us now, so that open chats need not be asked for. `open_run` opens what an admin
    configures or switches off. `frame_origins`
    may frame the widget besides the CRM of the connected data centre.
    """

    ledger: Ledger
    organisation_id: str
    public_url: str
    public: bool = False
    zoho_app: ZohoApp | None = None
    zoho_accounts_url: str | None = None
    zoho_api_url: str | None = None
    timelines_api_url: str = "https://app.timelines.ai/integrations/api"
    http_timeout_seconds: float = 30.0
    from_environment: frozenset[str] = frozenset()
    environment_zgid: Callable[[], Awaitable[str]] | None = None
    look_up: LookUp | None = None
    timelines: Callable[[], TimelinesClient] | None = None
    webhooks_on: Callable[[], bool] | None = None
    frame_origins: tuple[str, ...] = ()
    health: Callable[[], Awaitable[Health]] | None = None
    open_run: OpenRun | None = None
    request_tick: Callable[[str], None] | None = None
    acts: Acts = field(default_factory=Acts)
    broadcaster: Broadcaster = field(default_factory=Broadcaster)
    webhook_upkeep: Callable[[], Coroutine[Any, Any, None]] | None = None

    @property
    def secure(self) -> bool:
        """Whether browsers reach the pages over https."""
        return urlsplit(self.public_url).scheme == "https"
