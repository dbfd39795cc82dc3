"""The services of deployments/compose/compose.yaml, as far as a process of this machine can be one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from blocks.environment import PROJECT

FOLDER = PROJECT / "deployments" / "compose"
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """What compose would start."""

    name: str
    image: str
    command: list[str]
    environment: dict[str, str]
    ports: list[str] = field(default_factory=list)
    replicas: int = 1


def read_services(settings: Mapping[str, str]) -> dict[str, Service]:
    """Read the compose file as compose does with these settings in `.env`; KeyError names one that has to be set."""
    document = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
    return {name: _service(name, row, settings) for name, row in document["services"].items()}


def read_example() -> dict[str, str]:
    """Read the settings of .env.example, those that are commented out left out."""
    lines = (FOLDER / ".env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def _service(name: str, row: dict[str, Any], settings: Mapping[str, str]) -> Service:
    filled = _filled(row, settings)
    own = {key: str(value) for key, value in filled.get("environment", {}).items()}
    given = dict(settings) if "env_file" in row else {}
    return Service(
        name, filled["image"], filled["command"], given | own, filled.get("ports", []),
        int(filled.get("deploy", {}).get("replicas", 1)),
    )  # fmt: skip


def _filled(value: Any, settings: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, settings) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, settings) for each in value]
    return _VARIABLE.sub(lambda found: _value(found, settings), value) if isinstance(value, str) else value


def _value(found: "re.Match[str]", settings: Mapping[str, str]) -> str:
    given = settings.get(found["name"], "")
    if not given and found["kind"] == "?":
        raise KeyError(found["name"])
    return given or (found["rest"] or "" if found["kind"] == "-" else "")
