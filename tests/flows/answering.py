"""A person who answers Configure and Activate through Prefect's REST API, as its page does."""

import json
import threading
import time

from tests.stage import ORGANISATION

WAIT_SECONDS = 150
ANSWERS = {
    "target_module": "Leads", "phone_field": "Mobile", "name_field": "Last_Name", "chat_link_field": "WhatsApp_Chat",
    "lead_source_field": "Lead_Source", "converted": "continue", "converted_phone_field": "Phone", "create_on": "any",
    "several_matches": "hold", "run_automations": False, "language": "pt", "timezone": "America/Bogota",
    "default_region": "CO", "Company": "WhatsApp", "decision": "Activate", "messages": "from now on",
}  # fmt: skip


class Person:
    """Answers every form of a flow run through the REST API, and remembers what each one offered."""

    def __init__(self, answers):
        self.answers = answers
        self.headings, self.offered, self.names = [], {}, []
        self.state = None

    def answer_all(self, flow):
        """Run the flow in a thread and answer until it ends; return its state."""
        thread = threading.Thread(target=self._run, args=(flow,), daemon=True)  # one nobody answers must not outlive pytest
        thread.start()
        deadline, answered = time.monotonic() + WAIT_SECONDS, set()
        while thread.is_alive():
            assert time.monotonic() < deadline, "the flow waits for something else"
            self._answer_next(answered)
            time.sleep(0.2)
        thread.join()
        return self.state

    def _run(self, flow):
        self.state = flow(ORGANISATION, return_state=True)

    def _answer_next(self, answered):
        from prefect.client.orchestration import get_client

        from deployments.serving.run_filters import read_runs

        with get_client(sync_client=True) as client:
            for flow_run in read_runs(client, all_paused(), limit=50):
                keyset = flow_run.state.state_details.run_input_keyset
                if (flow_run.id, keyset["schema"]) not in answered and _is_stored(client, flow_run.id, keyset["description"]):
                    answered.add((flow_run.id, keyset["schema"]))
                    self._answer(client, flow_run.id, keyset)

    def _answer(self, client, flow_run_id, keyset):
        schema, heading = (_read(client, flow_run_id, keyset[name]) for name in ("schema", "description"))
        self.headings.append(heading)
        fields = schema["properties"]
        self.names += list(fields)
        self.offered |= {name: field.get("enum") for name, field in fields.items()}
        result = client.resume_flow_run(flow_run_id, run_input={name: self._value(name) for name in fields})
        assert result.status.value == "ACCEPT", result.details

    def _value(self, name):
        value = self.answers[name]
        return value.pop(0) if isinstance(value, list) else value


def all_paused():
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
    from prefect.client.schemas.objects import StateType

    return FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PAUSED])))


def _is_stored(client, flow_run_id, key):
    """Prefect shows a run as paused a moment before it stores the form, whose text comes last."""
    stored = client._client.post(f"/flow_runs/{flow_run_id}/input/filter", json={"prefix": key, "limit": 1})
    return stored.json() != []


def _read(client, flow_run_id, key):
    value = client._client.get(f"/flow_runs/{flow_run_id}/input/{key}").content.decode()
    return json.loads(json.loads(value) if value.startswith('"') else value) if "{" in value else json.loads(value)
