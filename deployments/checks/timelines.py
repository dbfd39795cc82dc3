"""TimelinesAI: whether it can be reached, whether it is ours, what is left of its calls, which numbers are connected."""

from collections.abc import AsyncIterator

from chatledger.clients import TimelinesClient
from chatledger.errors import OutsideError
from chatledger.ledger.tables import Organisation
from chatledger.models import Account, Workspace
from deployments.checks.findings import Finding, ok, problem, warning

SCARCE = 0.1
"""Below this part of the month's calls somebody should know."""


async def check(client: TimelinesClient, organisation: Organisation | None) -> AsyncIterator[Finding]:
    """Check TimelinesAI by reading; `organisation` is what the ledger is bound to, None before the first activation."""
    try:
        workspace = await client.workspace()
        yield ok("TimelinesAI", f"workspace {workspace.name} answers to the token")
        yield _bound(workspace, organisation)
        yield _calls(workspace)
        for finding in _numbers(await client.accounts()):
            yield finding
        if number := await client.waba_accounts():
            yield warning(
                "WhatsApp Business API", f"{number} connected numbers of this kind; their chats are not synced in this version"
            )
    except OutsideError as error:
        yield problem("TimelinesAI", str(error))


def _bound(workspace: Workspace, organisation: Organisation | None) -> Finding:
    if organisation is None or organisation.workspace_id == workspace.id:
        return ok("workspace", f"{workspace.id}{', the one this ledger is bound to' if organisation else ''}")
    return problem(
        "workspace",
        f"the token is of workspace {workspace.id}, this ledger is bound to {organisation.workspace_id}",
        "Use the token of the bound workspace, or another CHATLEDGER_HOME for this one.",
    )


def _calls(workspace: Workspace) -> Finding:
    if not workspace.api_calls_total or workspace.api_calls_used is None:
        return ok("TimelinesAI calls", "TimelinesAI does not say how many are left")
    left = max(0, workspace.api_calls_total - workspace.api_calls_used)
    said = f"{left:,} of {workspace.api_calls_total:,} left this month"
    if left < SCARCE * workspace.api_calls_total:
        return warning("TimelinesAI calls", said, "Let runs start less often, or ask TimelinesAI for more.")
    return ok("TimelinesAI calls", said)


def _numbers(accounts: tuple[Account, ...]) -> list[Finding]:
    connected = sum(account.connected for account in accounts)
    if not connected:
        return [problem("WhatsApp numbers", "none is connected", "Connect one in TimelinesAI.")]
    return [
        ok("WhatsApp numbers", f"{connected} of {len(accounts)} connected"),
        *(
            warning(
                "WhatsApp numbers",
                f"the number of {account.owner_name or 'an unknown owner'} is disconnected: its new messages do not arrive",
                "Connect it again in TimelinesAI.",
            )
            for account in accounts
            if not account.connected
        ),
    ]
