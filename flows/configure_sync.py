"""Configure and Activate: the settings are asked for step by step in Prefect's pages, tried, and switched on."""

from typing import Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from chatledger.delivery import choosing
from chatledger.delivery.choosing import ACTIVATE, CHANGE
from chatledger.errors import UsageError
from chatledger.settings import SyncSettings
from tasks.configuration import Configuration, configuring, switch_schedule
from tasks.forms import ask
from tasks.openings import refusal


@flow(name="configure-sync")
def configure_sync(organisation: str = "main") -> State[Any]:
    """Ask how chats are to be synced, show what that would do, and activate it. Answer by Resume on the run's page.

    An administrator opens it on the page of connections; without one in the ledger anybody does.
    """
    if refused := refusal(organisation, runtime.flow_run.id, "chatledger activate"):
        return Failed(message=refused)
    with configuring(organisation) as configuration:
        settings = configuration.current()
        while True:
            try:
                settings = _asked(configuration, settings)
                seen, text = configuration.preview(settings)
                answers = ask(choosing.ask_activation(text, first=configuration.is_first))
                if answers["decision"] == ACTIVATE:
                    done = configuration.activate(settings, seen, answers.get("messages"))
                    switch_schedule(organisation, on=True)
                    return Completed(message=f"Active: settings version {done.version}, {done.index_rows} records read.")
            except UsageError as error:
                answers = ask(choosing.ask_again(str(error)))
            if answers["decision"] != CHANGE:
                return Completed(name="Unchanged", message="Nothing was changed.")


def _asked(configuration: Configuration, settings: SyncSettings) -> SyncSettings:
    """Ask step by step; each form offers what goes with the answers before it."""
    targets = configuration.targets()
    settings = _with(settings, choosing.ask_target(targets, configuration.labels, settings))
    module, fields = settings.target_module, targets[settings.target_module]
    settings = _with(settings, choosing.ask_fields(module, fields, settings))
    settings = _with(settings, choosing.ask_optional_fields(module, fields, settings))
    if module == choosing.LEADS:
        settings = _with(settings, choosing.ask_conversion(configuration.contact_fields(), settings))
    settings = _with(settings, choosing.ask_rules(settings, *configuration.place()))
    by_name = {field.api_name: field for field in fields}
    if missing := configuration.left_empty(settings, by_name):
        values = ask(choosing.ask_mandatory(missing, by_name, settings))
        settings = choosing.with_fixed_fields(settings, values)
    return settings


def _with(settings: SyncSettings, form: choosing.Form) -> SyncSettings:
    return choosing.settings_from(settings, ask(form))
