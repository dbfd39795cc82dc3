"""The connected numbers, the workspace, its quotas and its members."""

from datetime import datetime
from typing import Any

from sandbox.timelines import memory
from sandbox.timelines.credits import Credits
from sandbox.timelines.refusals import Refusal
from sandbox.timelines.service import Call, Service


class WorkspaceRoutes:
    """The endpoints about the workspace as a whole."""

    def __init__(self, credit: Credits) -> None:
        self.credit = credit

    @property
    def routes(self) -> list[tuple[str, str, Any]]:
        """The endpoints; the quotas alone are an old one that still answers."""
        return [("GET", "/workspace", self.workspace), ("GET", "/workspace/quotas", self.quotas)]

    def workspace(self, service: Service, call: Call) -> dict[str, Any]:
        """Give name, plan and quotas."""
        workspace = service.workspace
        named = {"workspace_id": workspace.slug, "display_name": workspace.display_name, "plan": workspace.plan}
        return {**named, **self.quotas(service, call)}

    def quotas(self, service: Service, _call: Call) -> dict[str, Any]:
        """Give seats, message credits and API calls of the running month."""
        workspace = service.workspace
        month = self._month(service)
        return {
            "seats": {"total": max(15, len(workspace.teammates)), "used": len(workspace.teammates)},
            "messaging_quota": {"total": workspace.message_credits["total"], "used": self.credit.used(), **month},
            "api_calls_quota": {"total": workspace.api_calls["total"], "used": workspace.api_calls["used"], **month},
            "non_recurring_quota": {"remaining_balance": 0},
        }

    def _month(self, service: Service) -> dict[str, str]:
        zone = service.workspace.zone
        today = service.clock.now().astimezone(zone)
        start = datetime(today.year, today.month, 1, tzinfo=zone)
        end = datetime(today.year + today.month // 12, today.month % 12 + 1, 1, tzinfo=zone)
        return {"period_start": service.shapes.moment(start), "period_end": service.shapes.moment(end)}


def list_accounts(service: Service, _call: Call) -> dict[str, Any]:
    """Give the connected numbers."""
    return {"whatsapp_accounts": [_account(service, account) for account in service.workspace.accounts.values()]}


def list_accounts_v2(service: Service, _call: Call) -> dict[str, Any]:
    """Give the connected numbers and whether the caller may see them."""
    drawn = [{**_account(service, account), "is_visible": True} for account in service.workspace.accounts.values()]
    return {"whatsapp_accounts": drawn}


def list_waba_accounts(_service: Service, _call: Call) -> dict[str, Any]:
    """Give the numbers on Meta's Cloud API, of which this workspace has none."""
    return {"waba_accounts": []}


def list_teammates(service: Service, _call: Call) -> dict[str, Any]:
    """Give the members."""
    return {"teams": [{"title": "Default"}], "teammates": [_teammate(service, mate) for mate in service.workspace.teammates]}


def get_me(service: Service, _call: Call) -> dict[str, Any]:
    """Give the member the token belongs to, the first one. Raises Refusal (403) when there is nobody."""
    if not service.workspace.teammates:
        raise Refusal(403, "member_not_found", "Member not found")
    return _teammate(service, service.workspace.teammates[0])


def _account(service: Service, account: memory.Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "phone": account.phone,
        "connected_on": service.shapes.moment(account.connected_on),
        "status": "hibernating" if service.faults.unknown_enum_values else account.status,
        "owner_name": account.owner_name,
        "owner_email": account.owner_email,
        "account_name": account.account_name,
    }


def _teammate(service: Service, mate: memory.Teammate) -> dict[str, Any]:
    email = mate.email.casefold()
    owned = [account for account in service.workspace.accounts.values() if account.owner_email.casefold() == email]
    return {
        "user_id": mate.user_id,
        "display_name": mate.display_name,
        "email": mate.email,
        "role": mate.role,
        "team": "Default",
        "status": "Active",
        "invitation_status": None,
        "created_at": service.shapes.moment(mate.created),
        "whatsapp_accounts": [_account(service, account) for account in owned],
    }


ROUTES = [
    ("GET", "/whatsapp_accounts", list_accounts),
    ("GET", "/v2/whatsapp_accounts", list_accounts_v2),
    ("GET", "/waba/accounts", list_waba_accounts),
    ("GET", "/workspace/teammates", list_teammates),
    ("GET", "/workspace/teammates/me", get_me),
]
