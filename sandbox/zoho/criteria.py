r"""The criteria of a search: `((Phone:equals:123)or(Mobile:equals:123))`, with `\` before brackets, commas and itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.zoho.envelopes import Refusal
from sandbox.zoho.modules import Module
from sandbox.zoho.store import Values

MAX_CONDITIONS = 15
MAX_VALUES = 100
LONGEST = 3000

Matches = Callable[[Values], bool]
_OPERATORS: dict[str, Callable[[str, list[str]], bool]] = {
    "equals": lambda held, given: held == given[0],
    "not_equal": lambda held, given: held != given[0],
    "starts_with": lambda held, given: held.startswith(given[0]),
    "in": lambda held, given: held in given,
}


def read_criteria(text: str, module: Module) -> Matches:
    """Compile criteria for one module. Raises Refusal INVALID_QUERY or CRITERIA_LIMIT_EXCEEDED."""
    if len(text) > LONGEST:
        raise Refusal(400, "INVALID_QUERY", "Invalid query formed", reason="the criteria is too long")
    return _Reader(text, module).read()


@dataclass(slots=True)
class _Reader:
    text: str
    module: Module
    at: int = 0
    conditions: int = 0

    def read(self) -> Matches:
        matches = self._group()
        if self.at != len(self.text):
            raise self._broken()
        return matches

    def _group(self) -> Matches:
        """Read terms joined by `and` and `or`, from left to right, as far as they go."""
        matches = self._term()
        while word := self._joint():
            left, right = matches, self._term()
            matches = _both(left, right) if word == "and" else _either(left, right)
        return matches

    def _term(self) -> Matches:
        if not self._take("("):
            return self._condition()
        matches = self._group()
        if not self._take(")"):
            raise self._broken()
        return matches

    def _joint(self) -> str | None:
        self._skip_space()
        for word in ("and", "or"):
            if self.text[self.at : self.at + len(word)].lower() == word:
                self.at += len(word)
                return word
        return None

    def _condition(self) -> Matches:
        self._skip_space()
        name, operator = self._until_colon(), self._until_colon()
        values = self._values()
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            message = f"no of criterium that can be given exceed the limit {MAX_CONDITIONS}"
            raise Refusal(400, "CRITERIA_LIMIT_EXCEEDED", message, limit=MAX_CONDITIONS)
        if name not in self.module.fields:
            raise Refusal(400, "INVALID_QUERY", "Invalid query formed", api_name=name, reason="the field is not available")
        if operator not in _OPERATORS:
            raise Refusal(400, "INVALID_QUERY", "Invalid query formed", operator=operator, api_name=name)
        if operator == "in" and len(values) > MAX_VALUES:
            raise Refusal(400, "INVALID_QUERY", 'Only 100 values are allowed in "IN" criteria', api_name=name)
        return _condition(name, operator, values if operator == "in" else [",".join(values)])

    def _until_colon(self) -> str:
        end = self.text.find(":", self.at)
        if end < 0:
            raise self._broken()
        part, self.at = self.text[self.at : end], end + 1
        return part.strip()

    def _values(self) -> list[str]:
        values = [""]
        while self.at < len(self.text) and self.text[self.at] != ")":
            letter = self.text[self.at]
            if letter == "\\" and self.at + 1 < len(self.text):
                self.at += 1
                values[-1] += self.text[self.at]
            elif letter == ",":
                values.append("")
            else:
                values[-1] += letter
            self.at += 1
        return values

    def _take(self, letter: str) -> bool:
        self._skip_space()
        found = self.text[self.at : self.at + 1] == letter
        self.at += found
        return found

    def _skip_space(self) -> None:
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1

    def _broken(self) -> Refusal:
        return Refusal(400, "INVALID_QUERY", "Invalid query formed", reason="the criteria cannot be read")


def _condition(name: str, operator: str, given: list[str]) -> Matches:
    wanted, compare = [value.casefold() for value in given], _OPERATORS[operator]
    return lambda values: compare(_held(values.get(name)), wanted)


def _held(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("id")
    return "" if value is None else str(value).casefold()


def _both(left: Matches, right: Matches) -> Matches:
    return lambda values: left(values) and right(values)


def _either(left: Matches, right: Matches) -> Matches:
    return lambda values: left(values) or right(values)
