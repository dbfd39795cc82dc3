"""`chatledger activate`: check the settings against Zoho, store them, read the phone index, switch the sync on."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from blocks.environment import Environment, WebSettings, read_environment, read_web_settings
from chatledger.counting import counted
from chatledger.delivery import activation
from chatledger.delivery.activation import Activated, Connected
from chatledger.errors import ChatledgerError, UsageError
from chatledger.ledger.database import Ledger
from chatledger.settings import SyncSettings, read_settings
from deployments.cli.connections import credentials_hash, open_clients, open_ledger
from deployments.cli.moments import read_moment
from deployments.webhook_upkeep import subscribe


def activate(
    settings: Annotated[Path, typer.Option(help="TOML file whose table is called sync.")],
    start: Annotated[
        str | None, typer.Option("--from", metavar="ISO8601", help="Messages count from this moment on; now when left out.")
    ] = None,
) -> None:
    """Check the settings against Zoho's metadata, store them and switch the sync on."""
    chosen = read_settings(_text(settings), settings.name)
    moment = read_moment(start, chosen.timezone, "--from") if start else None
    environment = read_environment()
    with open_ledger(environment) as ledger:
        seen, done = asyncio.run(_activate(environment, ledger, chosen, moment))
        webhooks = _subscribe(read_web_settings(), ledger)
    _report(chosen, seen, done, webhooks)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else (error.strerror or "cannot be read").lower()
        raise UsageError(f"{path}: {reason}. Give --settings a readable TOML file.") from None


async def _activate(
    environment: Environment, ledger: Ledger, settings: SyncSettings, start: datetime | None
) -> tuple[Connected, Activated]:
    async with open_clients(environment, ledger) as clients:
        seen = await activation.look_around(clients.timelines, clients.zoho, settings)
        done = await activation.activate(
            ledger,
            clients.zoho,
            environment.chatledger_organisation,
            settings,
            seen,
            start=start,
            credentials_hash=credentials_hash(environment, ledger),
        )
    return seen, done


def _subscribe(settings: WebSettings, ledger: Ledger) -> str:
    """Subscribe to TimelinesAI's webhooks where there is a public address; the sync works without them too."""
    try:
        done = asyncio.run(subscribe(settings, ledger, settings.chatledger_organisation))
    except ChatledgerError as error:
        return f"webhooks are not registered yet: {error}"
    if done is None:
        return "no webhooks: CHATLEDGER_PUBLIC_URL is not set, so every tick asks TimelinesAI for news."
    refused = f" TimelinesAI refused {', '.join(done.refused)}." if done.refused else ""
    return f"{counted(len(done.events), 'webhook')} registered, received by `chatledger serve`.{refused}"


def _report(settings: SyncSettings, seen: Connected, done: Activated, webhooks: str) -> None:
    connected = sum(account.connected for account in seen.accounts)
    start = done.starts_at.astimezone(ZoneInfo(settings.timezone))
    names = seen.workspace.name or seen.workspace.id, seen.organisation.name or seen.organisation.zgid
    print(f"Active: {names[0]} -> {names[1]}, settings version {done.version}.")
    print(f"  chats go to {settings.target_module}, matched by {settings.phone_field}", end="")
    print(f"; converted leads {_converted(settings)}." if settings.target_module == "Leads" else ".")
    print(f"  {connected} of {len(seen.accounts)} WhatsApp numbers connected; messages count from {start:%Y-%m-%d %H:%M %Z}.")
    print(f"  phone index: complete, {counted(done.index_rows, 'record')} read now.")
    print(f"  {webhooks}")
    for warning in done.warnings:
        print(f"  warning: {warning}")
    print("Next: `chatledger sync --dry-run` shows what a tick would do, `chatledger sync` does it.")


def _converted(settings: SyncSettings) -> str:
    if settings.follows_conversions:
        return f"continue in {settings.converted_module} ({settings.converted_phone_field})"
    return "stop the sync of their chats"
