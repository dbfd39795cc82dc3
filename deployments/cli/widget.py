"""`chatledger widget`: pack the Zoho widget for this installation."""

from pathlib import Path
from typing import Annotated

import typer

from blocks.environment import read_web_settings
from deployments.widget_package import pack_widget


def widget(
    out: Annotated[Path, typer.Option(help="Where the zip file goes.")] = Path("chatledger-widget.zip"),
) -> None:
    """Pack the widget for Zoho CRM with the public address of the pages filled in."""
    settings = read_web_settings()
    target = pack_widget(settings.chatledger_public_url, out)
    address = (settings.chatledger_public_url or "").rstrip("/")
    print(f"Written: {target}")
    print(f"Hosted by Zoho: upload the file. Hosted here (External): take {address}/zoho-widget as its Base URL.")
    print("The steps are in docs/live-chat.md.")
