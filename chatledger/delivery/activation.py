"""Activating an organisation: what the settings ask for is checked against Zoho's metadata before anything is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chatledger.clients import TimelinesClient, ZohoClient
from chatledger.delivery import index_reading, suitable
from chatledger.errors import NotPermitted, Rejected, UsageError
from chatledger.ledger import Session, chats, notes, organisations
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import Organisation
from chatledger.models import Account, Workspace, ZohoField, ZohoModule, ZohoOrganisation, ZohoUser
from chatledger.planning import LEAD_SOURCE
from chatledger.settings import SyncSettings


@dataclass(frozen=True, slots=True)
class Connected:
    """What both systems said about who is connected, read before anything is stored."""

    workspace: Workspace
    accounts: tuple[Account, ...]
    waba_accounts: int
    organisation: ZohoOrganisation
    user: ZohoUser
    users: tuple[ZohoUser, ...]
    modules: tuple[ZohoModule, ...]
    fields: Mapping[str, tuple[ZohoField, ...]]
    mandatory: frozenset[str]


@dataclass(frozen=True, slots=True)
class Activated:
    """What an activation did."""

    version: int
    starts_at: datetime
    index_rows: int
    warnings: tuple[str, ...]


async def look_around(timelines: TimelinesClient, zoho: ZohoClient, settings: SyncSettings) -> Connected:
    """Read what an activation is checked against. Raises OutsideError, and UsageError for a module that does not exist."""
    workspace, accounts = await timelines.workspace(), await timelines.accounts()
    organisation, user = await zoho.organisation(), await zoho.current_user()
    modules = await zoho.modules()
    for module in settings.phone_fields:
        await check_module(zoho, module, modules)
    fields = {module: await zoho.fields(module) for module in settings.phone_fields}
    return Connected(
        workspace=workspace,
        accounts=accounts,
        waba_accounts=await timelines.waba_accounts(),
        organisation=organisation,
        user=user,
        users=await zoho.users(),
        modules=modules,
        fields=fields,
        mandatory=await zoho.layout_mandatory(settings.target_module),
    )


async def check_module(zoho: ZohoClient, name: str, modules: Sequence[ZohoModule]) -> None:
    """Refuse a module that does not exist, cannot be written by the API, or has no notes; name those with a phone field."""
    module = next((module for module in modules if module.api_name == name), None)
    if module is not None and suitable.takes_records(module):
        return
    why = "has no such module" if module is None else "cannot take records and notes in it"
    candidates = sorted(module.api_name for module in modules if suitable.takes_records(module))
    usable = [candidate for candidate in candidates if await _takes_phones(zoho, candidate)]
    raise UsageError(
        f"{name}: Zoho CRM {why}. Modules with a phone field that would do: {', '.join(usable) or 'none'}. "
        "A module that is missing here needs a phone field first."
    )


async def _takes_phones(zoho: ZohoClient, module: str) -> bool:
    try:
        return bool(suitable.phone_fields(await zoho.fields(module), written=True))
    except (NotPermitted, Rejected):
        return False


def check(settings: SyncSettings, seen: Connected) -> list[str]:
    """Refuse settings that would not work, naming the field and what would do; return warnings about the rest."""
    warnings = check_settings(settings, seen.fields, seen.mandatory)
    _a_number_is_connected(seen.accounts)
    return [*warnings, *_connection_warnings(seen)]


def check_settings(
    settings: SyncSettings, fields: Mapping[str, tuple[ZohoField, ...]], mandatory: frozenset[str]
) -> list[str]:
    """Refuse settings that do not fit the fields of each synced module, and those some layout of the target demands."""
    target = {field.api_name: field for field in fields[settings.target_module]}
    for module, api_name in settings.phone_fields.items():
        setting = "phone_field" if module == settings.target_module else "converted_phone_field"
        _phone(setting, api_name, module, fields[module], written=module == settings.target_module)
    _written("name_field", settings.name_field, settings.target_module, target, suitable.NAME_TYPES)
    if settings.chat_link_field:
        _written("chat_link_field", settings.chat_link_field, settings.target_module, target, suitable.LINK_TYPES)
    if settings.lead_source_field:
        _written("lead_source_field", settings.lead_source_field, settings.target_module, target, suitable.SOURCE_TYPES)
    if settings.unique_phone_field:
        _unique(settings, target)
    for api_name in settings.fixed_fields:
        _written(f"fixed_fields.{api_name}", api_name, settings.target_module, target, ())
    _nothing_mandatory_is_left(settings, target, mandatory)
    return _warnings(settings, target)


def _phone(setting: str, api_name: str, module: str, fields: Sequence[ZohoField], *, written: bool) -> None:
    """Refuse a field that Zoho does not call a phone field: its format and search rest on that."""
    usable = suitable.phone_fields(fields, written=written)
    if api_name not in usable:
        known = {field.api_name for field in fields}
        why = "is not a phone field that can be written" if api_name in known else "does not exist"
        would_do = ", ".join(usable) or f"none; give {module} a phone field in Zoho"
        raise UsageError(f"{setting}: {api_name} {why} in {module}. Fields that would do: {would_do}.")


def _written(setting: str, api_name: str, module: str, fields: Mapping[str, ZohoField], types: Sequence[str]) -> None:
    field = fields.get(api_name)
    usable = sorted(name for name, each in fields.items() if suitable.takes(each, types))
    if field is None:
        problem = "does not exist"
    elif types and field.data_type not in types:
        problem = f"is of type {field.data_type}"
    elif not suitable.takes(field, types):
        problem = "is read-only"
    else:
        return
    raise UsageError(f"{setting}: {api_name} {problem} in {module}. Fields that would do: {', '.join(usable) or 'none'}.")


def _unique(settings: SyncSettings, fields: Mapping[str, ZohoField]) -> None:
    name = settings.unique_phone_field or ""
    _written("unique_phone_field", name, settings.target_module, fields, ("text", "phone"))
    if not fields[name].unique:
        unique = sorted(field.api_name for field in fields.values() if field.unique)
        raise UsageError(
            f"unique_phone_field: {name} allows duplicate values in {settings.target_module}. "
            f"Fields that would do: {', '.join(unique) or 'none; mark one as unique in Zoho'}."
        )


def _nothing_mandatory_is_left(settings: SyncSettings, fields: Mapping[str, ZohoField], layout: frozenset[str]) -> None:
    missing = suitable.left_empty(settings, fields, layout)
    if missing:
        raise UsageError(
            f"{settings.target_module} demands {', '.join(missing)}, which nobody fills: "
            f"give {'it' if len(missing) == 1 else 'them'} a value in [sync.fixed_fields]."
        )


def _a_number_is_connected(accounts: Sequence[Account]) -> None:
    if not any(account.connected for account in accounts):
        raise UsageError("TimelinesAI has no connected WhatsApp number: connect one there and activate again.")


def _warnings(settings: SyncSettings, fields: Mapping[str, ZohoField]) -> list[str]:
    source = fields.get(settings.lead_source_field or "")
    if source is None or source.data_type != "picklist" or LEAD_SOURCE in source.pick_list:
        return []
    return [f"{source.api_name} does not list the value {LEAD_SOURCE}: add it in Zoho, or new records may be refused."]


def _connection_warnings(seen: Connected) -> list[str]:
    found = [
        f"The WhatsApp number of {account.owner_name or 'an unknown owner'} is disconnected: its new messages do not arrive."
        for account in seen.accounts
        if not account.connected
    ]
    if seen.waba_accounts:
        found.append(f"{seen.waba_accounts} WhatsApp Business API numbers are connected; their chats are not synced yet.")
    return found


async def activate(
    ledger: Ledger,
    zoho: ZohoClient,
    organisation_id: str,
    settings: SyncSettings,
    seen: Connected,
    *,
    start: datetime | None,
    credentials_hash: str,
) -> Activated:
    """Store a new version of checked settings, switch the sync on and read the phone index in full.

    `start` is the moment messages count from, None for now; links and notes of an earlier activation stay. Raises UsageError
    for another pair of systems, a future or an earlier start, and OutsideError when the index cannot be read: call again.
    """
    now = ledger.now()
    warnings = check(settings, seen)
    with ledger.transaction() as session:
        known = _bound(session, organisation_id, seen)
        starts_at = _start(known, start, now)
        organisation = known or Organisation(
            id=organisation_id, zgid=seen.organisation.zgid, workspace_id=seen.workspace.id, connected_user_id=seen.user.id,
            credentials_hash=credentials_hash, starts_at=starts_at, activated_at=now,
        )  # fmt: skip
        if known is None or not notes.any_known(session, organisation_id):
            # Zoho may hold notes that this ledger has never heard of: each is looked up before it is made.
            organisation.adopt_mode, organisation.activated_at = starts_at < now.replace(microsecond=0), now
        organisation.zoho_name, organisation.connected_user_id = seen.organisation.name, seen.user.id
        organisation.credentials_hash, organisation.active = credentials_hash, True
        organisation.deactivated_at, organisation.metadata_read_at = None, now
        session.add(organisation)
        version = organisations.add_settings(session, organisation_id, settings, now)
        organisations.replace_users(session, organisation_id, seen.users)
        for module, fields in seen.fields.items():
            organisations.replace_fields(session, organisation_id, module, fields)
        chats.store_accounts(session, organisation_id, seen.accounts, now)
        chats.walk_of(session, organisation_id).accounts_read_at = now
    rows = await index_reading.build(ledger, zoho, organisation_id, settings)
    return Activated(version, starts_at, rows, tuple(warnings))


def _bound(session: Session, organisation_id: str, seen: Connected) -> Organisation | None:
    """Return the organisation as it is bound; refuse another pair of systems under its name, or its pair under another."""
    known = organisations.find(session, organisation_id)
    other = organisations.other_binding(session, organisation_id, seen.organisation.zgid, seen.workspace.id)
    if known is not None:
        refuse_other_pair(known, seen.organisation.zgid, seen.workspace.id)
    if other is not None:
        raise UsageError(
            f"Zoho organisation {other.zgid} with workspace {other.workspace_id} is already synced as {other.id}; "
            f"set CHATLEDGER_ORGANISATION={other.id} to change it."
        )
    return known


async def same_pair(ledger: Ledger, organisation_id: str, timelines: TimelinesClient, zoho: ZohoClient) -> None:
    """Make sure that the tokens belong to the pair of systems the organisation is bound to. Raises UsageError otherwise."""
    workspace, organisation = await timelines.workspace(), await zoho.organisation()
    with ledger.reading() as session:
        refuse_other_pair(organisations.get(session, organisation_id), organisation.zgid, workspace.id)


def refuse_other_pair(known: Organisation, zgid: str, workspace_id: str) -> None:
    """Raise UsageError when these are not the systems the organisation is bound to."""
    if (known.zgid, known.workspace_id) != (zgid, workspace_id):
        raise UsageError(
            f"This ledger binds {known.id} to Zoho organisation {known.zgid} and TimelinesAI workspace {known.workspace_id}; "
            f"the tokens given belong to {zgid} and {workspace_id}. "
            "Use the tokens of the bound pair, or another CHATLEDGER_HOME for the new one."
        )


def _start(known: Organisation | None, start: datetime | None, now: datetime) -> datetime:
    if start is not None and start > now:
        raise UsageError(
            f"--from {start.isoformat()} lies in the future; give a moment that has passed, or leave it out for now."
        )
    if known is None:
        # TimelinesAI's times have no fractions: what arrives later in this very second is called older than now.
        return start or now.replace(microsecond=0)
    if start is not None and start < known.starts_at:
        raise UsageError(
            f"--from {start.isoformat()} is earlier than the start of {known.starts_at.isoformat()}, which stays; "
            "bring older messages in with `chatledger backfill`."
        )
    return known.starts_at


def deactivate(ledger: Ledger, organisation_id: str) -> bool:
    """Switch the sync off, keep everything, and say whether it was on. Raises UsageError where nothing was ever activated."""
    with ledger.transaction() as session:
        organisation = organisations.find(session, organisation_id)
        if organisation is None:
            raise UsageError(f"{organisation_id} was never activated, so there is nothing to switch off.")
        if not organisation.active:
            return False
        organisation.active, organisation.deactivated_at = False, ledger.now()
        session.add(organisation)
        return True
