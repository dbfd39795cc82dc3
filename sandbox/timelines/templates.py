"""Text snippets. None can be sent by its id: whoever uses one reads its text and sends that."""

from typing import Any

from sandbox.timelines import memory
from sandbox.timelines.bodies import TemplateChange, TemplateNew
from sandbox.timelines.refusals import not_found
from sandbox.timelines.service import Call, Service
from sandbox.timelines.timestamps import written_iso


def list_templates(service: Service, _call: Call) -> dict[str, Any]:
    """Give all templates, the one changed last first."""
    ordered = sorted(service.workspace.templates.values(), key=lambda one: (one.updated, one.id), reverse=True)
    return {"templates_count": len(ordered), "templates": [shape(template) for template in ordered]}


def add_template(service: Service, call: Call) -> dict[str, Any]:
    """Create a template; names may repeat."""
    wanted, now = call.read(TemplateNew), service.clock.now()
    template = memory.Template(
        id=max(service.workspace.templates, default=500) + 1,
        name=wanted.name,
        text=wanted.text,
        created_by=service.workspace.teammates[0].display_name if service.workspace.teammates else "",
        created=now,
        updated=now,
        visibility=wanted.visibility,
        team_title=wanted.team_title,
    )
    service.workspace.templates[template.id] = template
    return shape(template)


def get_template(service: Service, call: Call) -> dict[str, Any]:
    """Give one template."""
    return shape(_named(service, call))


def change_template(service: Service, call: Call) -> dict[str, Any]:
    """Change what is named; only a `team_title` may be set to null."""
    template, change = _named(service, call), call.read(TemplateChange)
    for field, value in change.model_dump(exclude_unset=True).items():
        if value is not None or field == "team_title":
            setattr(template, field, value)
    template.updated = service.clock.now()
    return shape(template)


def delete_template(service: Service, call: Call) -> None:
    """Delete a template."""
    del service.workspace.templates[_named(service, call).id]


def track_usage(service: Service, call: Call) -> None:
    """Count one use; every call counts."""
    _named(service, call).uses += 1


def shape(template: memory.Template) -> dict[str, Any]:
    """Draw a template, with its times in UTC."""
    return {
        "id": template.id,
        "name": template.name,
        "text": template.text,
        "visibility": template.visibility,
        "team_title": template.team_title,
        "created_by_name": template.created_by,
        "created_at": written_iso(template.created),
        "updated_by_name": template.created_by,
        "updated_at": written_iso(template.updated),
    }


def _named(service: Service, call: Call) -> memory.Template:
    wanted = call.path["template_id"]
    if template := service.workspace.templates.get(wanted):
        return template
    raise not_found(f'Template "{wanted}" not found')


ROUTES = [
    ("GET", "/templates", list_templates),
    ("POST", "/templates", add_template),
    ("GET", "/templates/{template_id:int}", get_template),
    ("PATCH", "/templates/{template_id:int}", change_template),
    ("DELETE", "/templates/{template_id:int}", delete_template),
    ("POST", "/templates/{template_id:int}/track_usage", track_usage),
]
