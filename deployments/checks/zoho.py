"""Zoho: whether the login works and may do everything, whether it is ours, and whether the settings still fit."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from chatledger.clients import ZohoClient
from chatledger.clients.zoho.profiles import sees_every_record
from chatledger.clients.zoho.scopes import missing_scopes, needed_scopes
from chatledger.delivery import activation
from chatledger.errors import OutsideError, UsageError
from chatledger.ledger.tables import Organisation
from chatledger.models import TokenStore, ZohoOrganisation, ZohoUser
from chatledger.settings import SyncSettings
from deployments.checks.findings import Finding, ok, problem, warning

SCARCE_CREDITS = 1_000
"""A fifth of a day of the smallest edition; Zoho says what is left only once half of it is used."""

OPTIONAL = "ZohoCRM.settings.layouts.READ"


async def check(
    client: ZohoClient,
    tokens: TokenStore,
    api_url: str | None,
    organisation: Organisation | None,
    settings: SyncSettings | None,
) -> AsyncIterator[Finding]:
    """Check Zoho by reading; `organisation` and `settings` are None before the first activation."""
    try:
        seen = await client.organisation()
        yield ok("Zoho", f"{seen.name} ({seen.kind}) answers to the login")
        yield _host(tokens, api_url)
        yield _bound(seen, organisation)
        yield _scopes(client.granted_scopes, settings or SyncSettings())
        yield _user(await client.current_user())
        yield _sight(await client.current_profile())
        if settings:
            yield await _settings(client, settings)
        yield _credits(client.credits_remaining)
    except OutsideError as error:
        yield problem("Zoho", str(error))
        if client.granted_scopes:
            yield _scopes(client.granted_scopes, settings or SyncSettings())


def _host(tokens: TokenStore, api_url: str | None) -> Finding:
    token = tokens.load()
    named = urlsplit(token.api_domain).netloc if token else ""
    if api_url and urlsplit(api_url).netloc != named:
        return ok("Zoho data centre", f"the API is at {urlsplit(api_url).netloc} (ZOHO_API_URL); the login names {named}")
    return ok("Zoho data centre", f"the API is at {named}")


def _bound(seen: ZohoOrganisation, organisation: Organisation | None) -> Finding:
    if organisation is None or organisation.zgid == seen.zgid:
        return ok("Zoho organisation", f"{seen.zgid}{', the one this ledger is bound to' if organisation else ''}")
    return problem(
        "Zoho organisation",
        f"the login is of organisation {seen.zgid}, this ledger is bound to {organisation.zgid}",
        "Connect with a user of the bound organisation, or use another CHATLEDGER_HOME for this one.",
    )


def _scopes(granted: tuple[str, ...], settings: SyncSettings) -> Finding:
    if not granted:
        return warning("Zoho scopes", "Zoho did not name the granted scopes", "Compare them with docs/connecting.md.")
    missing = missing_scopes(granted, needed_scopes(settings.target_module, settings.phone_fields))
    if not missing:
        return ok("Zoho scopes", "all that are needed are granted")
    said, remedy = f"missing: {', '.join(missing)}", "Connect again and grant them; docs/connecting.md says how."
    if missing == [OPTIONAL]:
        return warning("Zoho scopes", f"{said}; fields that only a layout demands cannot be checked", remedy)
    return problem("Zoho scopes", said, remedy)


def _user(user: ZohoUser) -> Finding:
    if user.active and user.confirmed:
        return ok("Zoho user", f"{user.name} is active")
    return problem("Zoho user", f"{user.name}, who connected, is no longer active", "Connect with an active user.")


def _sight(profile: str) -> Finding:
    if sees_every_record(profile) is not False:
        return ok("Zoho profile", profile or "not named by Zoho")
    return warning(
        "Zoho profile",
        f"{profile} may not see all records; what it cannot see is taken for missing and created again",
        "Connect with an administrator, or make sure that this user sees all records of the synced modules.",
    )


async def _settings(client: ZohoClient, settings: SyncSettings) -> Finding:
    try:
        modules = await client.modules()
        for module in settings.phone_fields:
            await activation.check_module(client, module, modules)
        fields = {module: await client.fields(module) for module in settings.phone_fields}
        warnings = activation.check_settings(settings, fields, await client.layout_mandatory(settings.target_module))
    except UsageError as error:
        return problem("settings", str(error), "Correct the settings file and activate again.")
    if warnings:
        return warning("settings", " ".join(warnings))
    return ok("settings", "modules and fields are as the settings need them")


def _credits(left: int | None) -> Finding:
    if left is None:
        return ok("Zoho credits", "more than half of the day's are left")
    if left < SCARCE_CREDITS:
        return warning("Zoho credits", f"{left:,} left for the next 24 hours", "Wait, or let other programs ask Zoho less.")
    return ok("Zoho credits", f"{left:,} left for the next 24 hours")
