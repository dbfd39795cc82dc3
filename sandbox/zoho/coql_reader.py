"""Reads a COQL query: `select … from … where … order by … limit offset, n`. Purely text in, values out."""

import re
from dataclasses import dataclass, field
from typing import Any

from sandbox.zoho.envelopes import Refusal

MAX_CRITERIA = 25
MAX_VALUES = 100
MAX_SELECTED = 500
MAX_SORTED = 10
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>\$?[A-Za-z_][\w.$]*)|(?P<sign><=|>=|!=|[=<>(),]))"
)
_COMPARISONS = {"=", "!=", "<", ">", "<=", ">="}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`column operator value`; the value is a list for `in`, None for `is null`."""

    column: str
    operator: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Joined:
    """Two conditions joined by `and` or `or`."""

    word: str
    left: "Condition"
    right: "Condition"


Condition = Comparison | Joined


@dataclass(slots=True)
class Query:
    """What a COQL query asks for; `order` holds columns with True for descending."""

    columns: list[str]
    module: str
    where: Condition
    order: list[tuple[str, bool]] = field(default_factory=list)
    offset: int = 0
    limit: int = 200


def read_query(text: str, *, pairwise: bool = True) -> Query:
    """Read a query. Raises Refusal SYNTAX_ERROR or LIMIT_EXCEEDED. With `pairwise`, a level holds two conditions at most."""
    return _Reader(_tokens(text), pairwise).query()


def _tokens(text: str) -> list[str]:
    tokens, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if not match:
            near = text[at : at + 20].strip()
            raise Refusal(400, "SYNTAX_ERROR", "error occurred while parsing the query", line=1, column=at + 1, near=near)
        tokens.append(match.group().strip())
        at = match.end()
    return tokens


def _broken(clause: str) -> Refusal:
    return Refusal(400, "SYNTAX_ERROR", "error occurred while parsing the query", clause=clause)


def _too_many(what: str, limit: int) -> Refusal:
    return Refusal(400, "LIMIT_EXCEEDED", f"the number of {what} exceeds the limit", limit=limit)


@dataclass(slots=True)
class _Reader:
    tokens: list[str]
    pairwise: bool
    at: int = 0
    criteria: int = 0

    def query(self) -> Query:
        self._expect("select")
        columns = self._names("select")
        if len(columns) > MAX_SELECTED:
            raise _too_many("select fields", MAX_SELECTED)
        self._expect("from")
        module = self._name("from")
        self._expect("where")
        query = Query(columns, module, self._level())
        if self._take("order"):
            self._expect("by")
            query.order = self._order()
        if self._take("limit"):
            query.offset, query.limit = self._limit()
        elif self._take("offset"):
            raise _broken("offset")
        if self.at != len(self.tokens):
            raise Refusal(400, "SYNTAX_ERROR", "error occurred while parsing the query", near=self._next())
        return query

    def _level(self) -> Condition:
        condition, joints = self._operand(), 0
        while (word := self._next().lower()) in {"and", "or"}:
            self.at += 1
            joints += 1
            if joints > 1 and self.pairwise:
                raise _broken("where")
            condition = Joined(word, condition, self._operand())
        return condition

    def _operand(self) -> Condition:
        if not self._take("("):
            return self._comparison()
        condition = self._level()
        self._expect(")")
        return condition

    def _comparison(self) -> Comparison:
        column, operator = self._name("where"), self._operator()
        self.criteria += 1
        if self.criteria > MAX_CRITERIA:
            raise _too_many("criteria", MAX_CRITERIA)
        if operator in {"is null", "is not null"}:
            return Comparison(column, operator)
        return Comparison(column, operator, self._list() if operator.endswith("in") else self._value())

    def _operator(self) -> str:
        if self._next() in _COMPARISONS:
            return self._advance()
        if self._take("is"):
            operator = "is not null" if self._take("not") else "is null"
            self._expect("null")
            return operator
        negated = "not " if self._take("not") else ""
        word = self._advance().lower()
        if word not in {"in", "like"}:
            raise _broken("where")
        return negated + word

    def _list(self) -> list[Any]:
        self._expect("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._expect(")")
        if len(values) > MAX_VALUES:
            raise _too_many("values in an IN", MAX_VALUES)
        return values

    def _value(self) -> Any:
        token = self._advance()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token.lower() in {"true", "false"} or token.lstrip("-").replace(".", "", 1).isdigit():
            return token
        raise _broken("where")

    def _order(self) -> list[tuple[str, bool]]:
        order = []
        while True:
            name = self._name("order by")
            descending = self._take("desc")
            if not descending:
                self._take("asc")
            order.append((name, descending))
            if not self._take(","):
                break
        if len(order) > MAX_SORTED:
            raise _too_many("order by fields", MAX_SORTED)
        return order

    def _limit(self) -> tuple[int, int]:
        first = self._count()
        if self._take(","):
            return first, self._count()
        return (self._count(), first) if self._take("offset") else (0, first)

    def _count(self) -> int:
        token = self._advance()
        if not token.isdigit():
            raise _broken("limit")
        return int(token)

    def _names(self, clause: str) -> list[str]:
        names = [self._name(clause)]
        while self._take(","):
            names.append(self._name(clause))
        return names

    def _name(self, clause: str) -> str:
        token = self._advance()
        if not re.fullmatch(r"\$?[A-Za-z_][\w.$]*", token):
            raise _broken(clause)
        return token

    def _next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _advance(self) -> str:
        token = self._next()
        self.at += 1
        return token

    def _take(self, word: str) -> bool:
        found = self._next().lower() == word
        self.at += found
        return found

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise _broken(word if word.isalpha() else "where")
