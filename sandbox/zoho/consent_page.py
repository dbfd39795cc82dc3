"""The consent page as a person sees it: which app asks for what, and as which user it is allowed or refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader
from starlette.responses import HTMLResponse, Response

from sandbox.zoho.calls import Crm
from sandbox.zoho.scopes import read_scopes

_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, trim_blocks=True)


def consent_page(crm: Crm, asked: Mapping[str, Any]) -> Response:
    """Show who is asked for what; the form sends everything back with the decision."""
    page = _TEMPLATES.get_template("consent.html").render(
        asked={name: value for name, value in asked.items() if name not in {"user", "decision"}},
        scopes=read_scopes(asked.get("scope", "")),
        organisation=crm.organisation,
        users=[user for user in crm.store.users.values() if user["status"] == "active"],
        current=crm.current_user,
    )
    back = urlsplit(asked["redirect_uri"])
    # The answer to the form leads to the app: browsers apply this rule to that address too.
    form = f"form-action 'self' {back.scheme}://{back.netloc}"
    return HTMLResponse(
        page, headers={"Content-Security-Policy": f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; {form}"}
    )
