"""What Configure and Activate reads and writes: Zoho's metadata, the dry run, the activation, the schedule."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import phonenumbers
from anyio.from_thread import BlockingPortal, start_blocking_portal
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound

from blocks.chat_ledger import ChatLedger
from blocks.credentials import Credentials, credentials_of
from blocks.environment import read_environment
from chatledger.clients import TimelinesClient, ZohoClient
from chatledger.delivery import activation, choosing, previewing, suitable
from chatledger.delivery.activation import Activated, Connected
from chatledger.delivery.choosing import CONTACTS
from chatledger.errors import NotPermitted, Rejected, UsageError
from chatledger.ledger import organisations
from chatledger.ledger.database import Ledger
from chatledger.models import CallCount, ZohoField
from chatledger.settings import SyncSettings

Result = TypeVar("Result")


class Configuration:
    """The organisation that is being configured: what Zoho has, and what is to become of it."""

    def __init__(self, ledger: Ledger, credentials: Credentials, portal: BlockingPortal) -> None:
        self.organisation_id = credentials.organisation_id
        self._ledger = ledger
        self._credentials = credentials
        self._count = CallCount()
        self._portal = portal
        self._timelines, self._zoho = self._clients()
        self.labels: dict[str, str] = {}

    def _clients(self) -> tuple[TimelinesClient, ZohoClient]:
        return self._credentials.clients(self._ledger, self._count)

    def _call(self, function: Callable[..., Awaitable[Result]], *arguments: Any) -> Result:
        return self._portal.call(function, *arguments)

    def close(self) -> None:
        """Close the connections."""
        self._call(self._timelines.aclose)
        self._call(self._zoho.aclose)

    @property
    def is_first(self) -> bool:
        """Whether the organisation was never activated."""
        with self._ledger.reading() as session:
            return organisations.find(session, self.organisation_id) is None

    def current(self) -> SyncSettings:
        """Return the settings that are activated, the defaults before the first activation."""
        if self.is_first:
            return SyncSettings()
        with self._ledger.reading() as session:
            return organisations.current_settings(session, self.organisation_id)

    def targets(self) -> dict[str, tuple[ZohoField, ...]]:
        """Return the fields of every module with a phone field that takes records and notes. Raises UsageError for none."""
        modules = [module for module in self._call(self._zoho.modules) if suitable.takes_records(module)]
        self.labels = {module.api_name: module.label for module in modules}
        read = {module.api_name: self.fields(module.api_name) for module in modules}
        found = {name: fields for name, fields in read.items() if suitable.can_be_target(fields)}
        if not found:
            raise UsageError("Zoho CRM has no module with a phone field that takes records and notes: add one to a module.")
        return found

    def fields(self, module: str) -> tuple[ZohoField, ...]:
        """Return the fields of a module, none for one that the connected user may not see."""
        try:
            return self._call(self._zoho.fields, module)
        except (NotPermitted, Rejected):
            return ()

    def contact_fields(self) -> tuple[ZohoField, ...]:
        """Return the fields of the module that converted leads become records of."""
        return self.fields(CONTACTS)

    def place(self) -> tuple[str, str]:
        """Return the time zone and the country to propose: those in use, else Zoho's zone and the first number's country."""
        if not self.is_first:
            current = self.current()
            return current.timezone, current.default_region
        zone = self._call(self._zoho.organisation).time_zone
        regions = [_region(account.phone) for account in self._call(self._timelines.accounts)]
        return zone, next((region for region in regions if region), SyncSettings().default_region)

    def left_empty(self, settings: SyncSettings, fields: Mapping[str, ZohoField]) -> list[str]:
        """Return the fields that Zoho demands and the settings do not fill."""
        return suitable.left_empty(settings, fields, self._call(self._zoho.layout_mandatory, settings.target_module))

    def preview(self, settings: SyncSettings) -> tuple[Connected, str]:
        """Check settings as an activation does and return what they would do. Raises UsageError when they do not work."""
        seen = self._call(activation.look_around, self._timelines, self._zoho, settings)
        activation.check(settings, seen)
        warnings = [*activation.check_settings(settings, seen.fields, seen.mandatory), *previewing.disconnected(seen)]

        async def previewed() -> str:
            plan = await previewing.preview(
                self._ledger, self.organisation_id, settings, seen,
                timelines=self._timelines, zoho=self._zoho, count=self._count,
            )  # fmt: skip
            return previewing.in_words(settings, plan, warnings)

        return seen, self._call(previewed)

    def activate(self, settings: SyncSettings, seen: Connected, messages: str | None) -> Activated:
        """Store the settings and switch the sync on, as `chatledger activate` does."""
        start = self._ledger.now() - previewing.SHOWN if messages == choosing.LAST_DAY else None

        async def activated() -> Activated:
            return await activation.activate(
                self._ledger, self._zoho, self.organisation_id, settings, seen, start=start,
                credentials_hash=self._credentials.digest(self._ledger),
            )  # fmt: skip

        return self._call(activated)


def _region(phone: str) -> str | None:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return None


@contextmanager
def configuring(organisation: str) -> Iterator[Configuration]:
    """Open what configuring an organisation needs. Raises UsageError when it is not connected."""
    environment = read_environment()
    ledger = ChatLedger.from_environment(environment).get_ledger()
    try:
        with start_blocking_portal() as portal:
            configuration = Configuration(ledger, credentials_of(environment, ledger, organisation), portal)
            try:
                yield configuration
            finally:
                configuration.close()
    finally:
        ledger.close()


def deactivate(organisation: str) -> None:
    """Switch the sync of an organisation off in the ledger. Raises UsageError when it is not on."""
    ledger = ChatLedger.from_environment(read_environment()).get_ledger()
    try:
        activation.deactivate(ledger, organisation)
    finally:
        ledger.close()


def switch_schedule(organisation: str, *, on: bool) -> bool:
    """Switch the schedule of an organisation's ticks on or off; False when it has no deployment here.

    `chatledger serve` follows the ledger and makes one by itself; deployments of work pools are switched here.
    """
    with get_client(sync_client=True) as client:
        try:
            deployment = client.read_deployment_by_name(f"sync-chats/{organisation}")
        except ObjectNotFound:
            return False
        (client.resume_deployment if on else client.pause_deployment)(deployment.id)
    return True
