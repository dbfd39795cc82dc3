"""Questions about the organisation itself: its users, modules, fields and layouts."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from chatledger.clients.answers import Asked
from chatledger.clients.zoho.answers import drift, rows_of
from chatledger.clients.zoho.connection import ZohoConnection
from chatledger.clients.zoho.payloads import (
    PAGE_SIZE,
    mandatory_in_layouts,
    read_field,
    read_module,
    read_organisation,
    read_page,
    read_profile,
    read_user,
    why,
)
from chatledger.errors import NotPermitted, Rejected, Unavailable
from chatledger.models import Page, ZohoField, ZohoModule, ZohoOrganisation, ZohoUser

MOST_USER_PAGES = 50

Value = TypeVar("Value")
log = logging.getLogger(__name__)


class MetadataCalls(ZohoConnection):
    """What Zoho says about the organisation."""

    async def organisation(self) -> ZohoOrganisation:
        """Return the connected organisation."""
        payload = await self._get("the organisation", "/org")
        return _first(payload, "org", read_organisation, "the organisation")

    async def current_user(self) -> ZohoUser:
        """Return the user who connected; records are created in this user's name."""
        payload = await self._get("the connected user", "/users", {"type": "CurrentUser"})
        return _first(payload, "users", read_user, "the connected user")

    async def current_profile(self) -> str:
        """Return the name of the connected user's profile, empty where Zoho names none."""
        payload = await self._get("the connected user's profile", "/users", {"type": "CurrentUser"})
        return _first(payload, "users", read_profile, "the connected user's profile")

    async def users(self) -> tuple[ZohoUser, ...]:
        """Return all users, inactive and deleted ones too."""
        users: list[ZohoUser] = []
        for number in range(1, MOST_USER_PAGES + 1):
            page = await self._users_page(number)
            users += page.items
            if not page.more:
                break
        return tuple(users)

    async def modules(self) -> tuple[ZohoModule, ...]:
        """Return all modules."""
        payload = await self._get("the list of modules", "/settings/modules")
        return _all(payload, "modules", read_module, "the list of modules").items

    async def fields(self, module: str) -> tuple[ZohoField, ...]:
        """Return the fields of a module; raise `NotFound` where there is no such module."""
        what = f"the fields of {module}"
        payload = await self._get(what, "/settings/fields", {"module": module})
        return _all(payload, "fields", read_field, what).items

    async def layout_mandatory(self, module: str) -> frozenset[str]:
        """Return the fields that some layout of a module demands; empty where that cannot be learned."""
        what = f"the layouts of {module}"
        try:
            payload = await self._get(what, "/settings/layouts", {"module": module})
            return mandatory_in_layouts(rows_of(payload, "layouts", Asked("Zoho CRM", what)))
        except (NotPermitted, Rejected, Unavailable) as error:
            log.warning("The layouts of %s are unknown: %s", module, error)
            return frozenset()

    async def _users_page(self, number: int) -> Page[ZohoUser]:
        query: dict[str, str | int] = {"type": "AllUsers", "page": number, "per_page": PAGE_SIZE}
        return _all(await self._get("the list of users", "/users", query), "users", read_user, "the list of users")


def _all(payload: dict[str, Any] | None, key: str, read: Callable[[Any], Value], what: str) -> Page[Value]:
    """Read a metadata list; a row that cannot be read is left out with a warning."""
    page = read_page(payload, rows_of(payload, key, Asked("Zoho CRM", what)), read)
    if page.unreadable:
        log.warning("%d rows of %s were left out: %s", len(page.unreadable), what, page.unreadable[0].why)
    return page


def _first(payload: dict[str, Any] | None, key: str, read: Callable[[Any], Value], what: str) -> Value:
    asked = Asked("Zoho CRM", what)
    rows: Sequence[Any] = rows_of(payload, key, asked)
    if not rows:
        raise drift(asked, "it is empty")
    try:
        return read(rows[0])
    except ValidationError as error:
        raise drift(asked, why(error)) from None
