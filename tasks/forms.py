"""Forms in Prefect's pages: a run waits until somebody has answered, and goes on with the answers."""

from typing import Any, Literal

from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from pydantic import Field, create_model

from chatledger.delivery.choosing import Answers, Form, Question

PATIENCE_SECONDS = 3600
POLL_SECONDS = 2


def ask(form: Form) -> Answers:
    """Pause the flow run until the form is answered and return the answers; nobody answering within an hour fails the run."""
    fields: dict[str, Any] = {question.name: _field(question) for question in form.questions}
    model = create_model("Settings", __base__=RunInput, **fields)
    # Titles and initial values stand in the fields: initial data given here would take their place.
    told = model.with_initial_data(description=form.text)
    answered = pause_flow_run(wait_for_input=told, timeout=PATIENCE_SECONDS, poll_interval=POLL_SECONDS)
    return {question.name: getattr(answered, question.name) for question in form.questions}


def _field(question: Question) -> tuple[Any, Any]:
    kind: Any = type(question.initial) if isinstance(question.initial, bool) else str
    if question.options:
        kind = Literal[question.options]
    if question.initial is None:
        return kind, Field(title=question.title, description=question.help, min_length=1)
    return kind, Field(default=question.initial, title=question.title, description=question.help)
