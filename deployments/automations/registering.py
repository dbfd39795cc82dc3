"""Putting the alerts into Prefect: by name, so that doing it again changes what is there and adds nothing."""

from collections.abc import Sequence

from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import ActionTypes, CallWebhook, DoNothing, SendNotification
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger
from prefect.exceptions import ObjectNotFound

from chatledger.errors import UsageError
from deployments.automations.table import ALERTS

LOG = "log"
WEBHOOK = "webhook"
PAYLOAD = '{"alert": "{{ automation.name }}", "text": "{{ automation.description }}"}'
BODY = "{{ automation.description }}\n\n{{ event.resource.id }}"


def register(client: SyncPrefectClient, notify: str | None) -> list[str]:
    """Register every alert and return their names.

    `notify` is `log` (they are said by `serve` and shown in Prefect's event feed) or a block document as `TYPE/NAME`; None
    keeps what each alert does already. An alert that a person has switched off stays off. Raises UsageError when there is
    no such block.
    """
    action = _action(client, notify) if notify else None
    for alert in ALERTS:
        _put(client, alert.name, alert.remedy, alert.trigger, [action] if action else None)
    return [alert.name for alert in ALERTS]


def _put(
    client: SyncPrefectClient, name: str, description: str, trigger: EventTrigger, actions: Sequence[ActionTypes] | None
) -> None:
    known = next(iter(client.read_automations_by_name(name)), None)
    chosen = list(actions) if actions else (known.actions if known else [DoNothing()])
    wanted = AutomationCore(
        name=name, description=description, enabled=known.enabled if known else True, trigger=trigger, actions=chosen
    )
    if known is None:
        client.create_automation(wanted)
    elif _content(known) != _content(wanted):  # a change forgets the events counted so far
        client.update_automation(known.id, wanted)


def _content(automation: AutomationCore | Automation) -> dict[str, object]:
    said = automation.model_dump(mode="json", include={"description", "trigger", "actions"})
    said["trigger"].pop("id", None)
    for name in ("after", "expect", "for_each"):
        said["trigger"][name] = sorted(said["trigger"][name])
    return said


def _action(client: SyncPrefectClient, notify: str) -> ActionTypes:
    if notify == LOG:
        return DoNothing()
    kind, _, name = notify.partition("/")
    if not kind or not name:
        raise UsageError(
            f"--notify {notify}: write log, or a Prefect block as TYPE/NAME, for example slack-webhook/operators."
        )
    try:
        block = client.read_block_document_by_name(name, kind)
    except ObjectNotFound:
        raise UsageError(f"--notify {notify}: Prefect has no such block; make it on its page Blocks first.") from None
    if kind == WEBHOOK:
        return CallWebhook(
            block_document_id=block.id, payload='{"alert": "{{ automation.name }}", "text": "{{ automation.description }}"}'
        )
    return SendNotification(block_document_id=block.id, subject="{{ automation.name }}", body=BODY)
