"""`chatledger alerts`: put the alerts into Prefect and say what each of them means."""

from typing import Annotated

import typer

from blocks.environment import read_state_settings
from deployments.cli.screen import console, table
from deployments.embedded_prefect import embedded_prefect


def alerts(
    notify: Annotated[
        str | None,
        typer.Option(metavar="log|TYPE/NAME", help="log, or the Prefect block that is told, as slack-webhook/operators."),
    ] = None,
) -> None:
    """Register the alerts in Prefect; without --notify each keeps what it does already, which is log at first."""
    with embedded_prefect(read_state_settings().home, scheduling=True):
        from prefect.client.orchestration import get_client

        from deployments.automations.registering import register
        from deployments.automations.table import ALERTS

        with get_client(sync_client=True) as client:
            register(client, notify)
        shown = table("alert", "what to do")
        for alert in ALERTS:
            shown.add_row(alert.what, alert.remedy)
    console().print(shown)
