"""Templates with their variables filled from the record. Pure; a plain substitution, no expression language."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chatledger.models import Template

VARIABLE = re.compile(r"\{\{\s*([^{}]{1,60}?)\s*\}\}")
FIELDS_BY_WORD: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("name", "fullname", "nombre", "nombrecompleto", "nome", "nomecompleto", "contactname", "clientname"),
                    ("Full_Name", "First_Name", "Last_Name", "Name", "Account_Name", "Deal_Name")),
    **dict.fromkeys(("firstname", "primernombre", "primeironome", "givenname"), ("First_Name", "Full_Name", "Last_Name")),
    **dict.fromkeys(("lastname", "apellido", "apellidos", "sobrenome", "surname"), ("Last_Name",)),
    **dict.fromkeys(("company", "companyname", "empresa", "compania", "organisation", "organization"),
                    ("Company", "Account_Name")),
    **dict.fromkeys(("email", "mail", "correo", "correoelectronico"), ("Email",)),
    **dict.fromkeys(("phone", "telefono", "telefone", "celular", "mobile", "movil"), ("Mobile", "Phone")),
    **dict.fromkeys(("owner", "agent", "asesor", "vendedor", "responsable", "responsavel"), ("Owner",)),
    **dict.fromkeys(("city", "ciudad", "cidade"), ("City", "Mailing_City")),
}  # fmt: skip
"""What a variable's name probably means, by its letters; every other name is taken for a field's api_name."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a template as it is written, with what the record has for it; empty where it has nothing."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with its variables; `text` has those filled that the record knows."""

    id: int
    name: str
    source: str
    text: str
    variables: tuple[Variable, ...]


def filled(templates: Iterable[Template], values: Mapping[str, Any]) -> tuple[Filled, ...]:
    """Return templates with what a record's fields say for their variables."""
    by_letters = {_letters(name): name for name in values}
    return tuple(_filled(template, values, by_letters) for template in templates)


def open_variables(text: str) -> tuple[str, ...]:
    """Return the variables that a text still holds: nobody wants to receive them."""
    return tuple(dict.fromkeys(VARIABLE.findall(text)))


def _filled(template: Template, values: Mapping[str, Any], by_letters: Mapping[str, str]) -> Filled:
    names = open_variables(template.text)
    known = {name: _value(name, values, by_letters) for name in names}
    text = VARIABLE.sub(lambda found: known[found[1]] or found[0], template.text)
    variables = tuple(Variable(name, known[name]) for name in names)
    return Filled(template.id, template.name, template.text, text, variables)


def _value(name: str, values: Mapping[str, Any], by_letters: Mapping[str, str]) -> str:
    letters = _letters(name)
    own_field = by_letters.get(letters)
    fields = ([own_field] if own_field else []) + list(FIELDS_BY_WORD.get(letters, ()))
    return next((text for field in fields if (text := _plain(values.get(field)))), "")


def _plain(value: Any) -> str:
    """Return a field's value as a person would write it; a look-up field is its name."""
    if isinstance(value, Mapping):
        value = value.get("name")
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _letters(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.rpartition(".")[2]).casefold()
    return "".join(letter for letter in plain if letter.isalnum())
