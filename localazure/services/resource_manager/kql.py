"""Queries of Azure Resource Graph: the part of the Kusto query language that inventories of resources use.

https://learn.microsoft.com/azure/governance/resource-graph/concepts/query-language

Operators: where, project, project-away, extend, distinct, order by, sort by, take, limit, top, count, and summarize
with count(). Other operators and functions are refused.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from localazure.services.resource_manager.kql_values import COMPARISONS, CONSTANTS, FUNCTIONS, LISTS, order_key

Row = dict[str, Any]
Expression = Callable[[Mapping[str, Any]], Any]
Stage = Callable[[list[Row]], list[Row]]
T = TypeVar("T")

_TOKEN = re.compile(
    r"(?P<space>\s+|//[^\n]*)"
    r"|(?P<text>@?'(?:[^'\\\n]|\\.)*'|@?\"(?:[^\"\\\n]|\\.)*\")"
    r"|(?P<number>\d{1,18}(?:\.\d{1,18})?(?!\d))"  # a long has 64 bits
    r"|(?P<word>project-away|![A-Za-z]+~?|in~|[A-Za-z_$]\w*)"
    r"|(?P<sign>==|!=|=~|!~|<=|>=|[<>=(),|.\[\]])"
)
MAX_DEPTH = 50


class QueryError(ValueError):
    """The query is invalid: the code and properties of an entry in the `details` of the error."""

    def __init__(self, code: str, message: str, **properties: object) -> None:
        super().__init__(message)
        self.detail = {"code": code, "message": message, **properties}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    line: int
    """From 1."""
    column: int
    """From 0."""

    @property
    def is_end(self) -> bool:
        return self.kind == "end"


def run(query: str, tables: Mapping[str, Callable[[], list[Row]]], default_table: str) -> list[Row]:
    """Return the result of `query`. `tables` has names in lower case. Raises QueryError."""
    parser = _Parser(_tokens(query))
    name, stages = parser.query(default_table)
    if name.lower() not in tables:
        text = f"Table {name} is invalid, unsupported or disallowed."
        raise QueryError("DisallowedLogicalTableName", text)
    rows = tables[name.lower()]()
    for stage in stages:
        rows = stage(rows)
    return rows


def _tokens(query: str) -> list[Token]:
    found, position, line, line_start = [], 0, 1, 0
    while position < len(query):
        match = _TOKEN.match(query, position)
        if match is None:
            _fail(Token("sign", query[position], line, position - line_start))
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match[0], line, position - line_start))
        elif "\n" in match[0]:
            line, line_start = line + match[0].count("\n"), position + match[0].rindex("\n") + 1
        position = match.end()
    return [*found, Token("end", "<EOF>", line, position - line_start)]


def _fail(token: Token) -> NoReturn:
    position = {"line": token.line, "characterPositionInLine": token.column, "token": token.text}
    raise QueryError("ParserFailure", "ParserFailure", **position)


@dataclass
class _Parser:
    tokens: Sequence[Token]
    position: int = 0
    depth: int = field(default=0, init=False)

    def query(self, default_table: str) -> tuple[str, list[Stage]]:
        """Return the name of the table and the operators. A query may begin with an operator."""
        table = default_table if self._peek().text.lower() in OPERATORS else self._word()
        stages = [] if table != default_table or self._at("|", "<EOF>") else [self._operator()]
        while self._accept("|"):
            stages.append(self._operator())
        if not self._peek().is_end:
            _fail(self._peek())
        return table, stages

    def _operator(self) -> Stage:
        token = self._next("word")
        if token.text.lower() not in OPERATORS:
            text = f"Local Azure does not support the operator '{token.text}'."
            position = {"line": token.line, "characterPositionInLine": token.column, "token": token.text}
            raise QueryError("InvalidQueryLanguage", text, **position)
        return OPERATORS[token.text.lower()](self)

    def where(self) -> Stage:
        condition = self._either()
        return lambda rows: [row for row in rows if condition(row) is True]

    def project(self) -> Stage:
        columns = self._columns()
        return lambda rows: [{name: value(row) for name, value in columns} for row in rows]

    def extend(self) -> Stage:
        columns = self._columns()
        return lambda rows: [{**row, **{name: value(row) for name, value in columns}} for row in rows]

    def project_away(self) -> Stage:
        names = self._separated(self._word)
        return lambda rows: [{name: value for name, value in row.items() if name not in names} for row in rows]

    def distinct(self) -> Stage:
        columns = self._columns()
        return lambda rows: _unique({name: value(row) for name, value in columns} for row in rows)

    def order(self) -> Stage:
        self._expect("by")
        keys = self._separated(self._sort_key)
        return lambda rows: _sorted(rows, keys)

    def take(self) -> Stage:
        count = self._count()
        return lambda rows: rows[:count]

    def top(self) -> Stage:
        count = self._count()
        order = self.order()
        return lambda rows: order(rows)[:count]

    def count(self) -> Stage:
        return lambda rows: [{"Count": len(rows)}]

    def summarize(self) -> Stage:
        name = "count_"
        if self._peek(1).text == "=":
            name, _ = self._word(), self._expect("=")
        function = self._next("word")
        if function.text != "count":
            raise QueryError("UnknownFunction", f"Unknown function: '{function.text}'.")
        self._expect("(")
        self._expect(")")
        columns = self._columns() if self._accept("by") else []

        def stage(rows: list[Row]) -> list[Row]:
            groups = [{column: value(row) for column, value in columns} for row in rows]
            kinds = _unique(groups) if columns else [{}]
            return [{**kind, name: sum(group == kind for group in groups)} for kind in kinds]

        return stage

    def _sort_key(self) -> tuple[Expression, bool]:
        """Return the expression and whether the order is descending, as it is by default."""
        value = self._value()
        direction = self._accept("asc") or self._accept("desc")
        return value, direction != "asc"

    def _columns(self) -> list[tuple[str, Expression]]:
        return self._separated(self._column)

    def _column(self) -> tuple[str, Expression]:
        if self._peek(1).text == "=":
            name = self._word()
            self._expect("=")
            return name, self._either()
        start = self.position
        value = self._either()
        path = [
            token.text.strip("'\"") for token in self.tokens[start : self.position] if token.kind in ("word", "text")
        ]
        is_path = all(
            token.kind in ("word", "text") or token.text in ".[]" for token in self.tokens[start : self.position]
        )
        return ("_".join(path) if is_path else "Column1"), value

    def _either(self) -> Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            _fail(self._peek())
        parts = [self._both()]
        while self._accept("or"):
            parts.append(self._both())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else lambda row: any(part(row) is True for part in parts)

    def _both(self) -> Expression:
        parts = [self._comparison()]
        while self._accept("and"):
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else lambda row: all(part(row) is True for part in parts)

    def _comparison(self) -> Expression:
        left, name = self._value(), self._peek().text.lower()
        if name in LISTS:
            self.position += 1
            self._expect("(")
            items = self._separated(self._value)
            self._expect(")")
            same, wanted = LISTS[name]
            return lambda row: any(same(left(row), item(row)) for item in items) is wanted
        if name in COMPARISONS:
            self.position += 1
            right, compare = self._value(), COMPARISONS[name]
            return lambda row: compare(left(row), right(row))
        return left

    def _value(self) -> Expression:
        token = self._peek()
        if self._accept("("):
            inner = self._either()
            self._expect(")")
            return inner
        if token.kind in ("text", "number") or token.text in CONSTANTS:
            self.position += 1
            constant = CONSTANTS.get(token.text) if token.text in CONSTANTS else _constant(token)
            return lambda _row: constant
        name = self._word()
        return self._path(_reader(name)) if not self._accept("(") else self._path(self._call(name))

    def _call(self, name: str) -> Expression:
        if name not in FUNCTIONS:
            raise QueryError("UnknownFunction", f"Unknown function: '{name}'.")
        arguments = self._separated(self._either)
        if len(arguments) > 1 and name != "strcat":
            _fail(self._peek())
        self._expect(")")
        function = FUNCTIONS[name]
        return lambda row: function([argument(row) for argument in arguments])

    def _path(self, value: Expression) -> Expression:
        """Properties of dynamic values: `properties.sku.name`, `tags['env']`."""
        keys = []
        while sign := self._accept(".") or self._accept("["):
            keys.append(self._word() if sign == "." else _constant(self._next("text", "number")))
            if sign == "[":
                self._expect("]")
        return _member(value, keys) if keys else value

    def _count(self) -> int:
        token = self._next("number")
        return int(float(token.text))

    def _separated(self, parse: Callable[[], T]) -> list[T]:
        found = [parse()]
        while self._accept(","):
            found.append(parse())
        return found

    def _word(self) -> str:
        return self._next("word").text

    def _next(self, *kinds: str) -> Token:
        token = self._peek()
        if token.kind not in kinds:
            _fail(token)
        self.position += 1
        return token

    def _peek(self, ahead: int = 0) -> Token:
        return self.tokens[min(self.position + ahead, len(self.tokens) - 1)]

    def _at(self, *texts: str) -> bool:
        return self._peek().text in texts

    def _accept(self, text: str) -> str:
        """Return the token in lower case and go on when it is the next one; otherwise return an empty text."""
        token = self._peek()
        if token.kind not in ("word", "sign") or token.text.lower() != text:
            return ""
        self.position += 1
        return text

    def _expect(self, text: str) -> str:
        return self._accept(text) or _fail(self._peek())


OPERATORS: Mapping[str, Callable[[_Parser], Stage]] = {
    "where": _Parser.where,
    "project": _Parser.project,
    "project-away": _Parser.project_away,
    "extend": _Parser.extend,
    "distinct": _Parser.distinct,
    "order": _Parser.order,
    "sort": _Parser.order,
    "take": _Parser.take,
    "limit": _Parser.take,
    "top": _Parser.top,
    "count": _Parser.count,
    "summarize": _Parser.summarize,
}


def _constant(token: Token) -> Any:
    if token.kind == "number":
        return float(token.text) if "." in token.text else int(token.text)
    if token.text.startswith("@"):
        return token.text[2:-1]
    return re.sub(r"\\(.)", r"\1", token.text[1:-1])


def _reader(name: str) -> Expression:
    def read(row: Mapping[str, Any]) -> Any:
        if name not in row:
            text = f"Failed to resolve column or scalar expression named '{name}'"
            raise QueryError("UnknownColumn", text)
        return row[name]

    return read


def _member(value: Expression, keys: Sequence[str | float]) -> Expression:
    def read(row: Mapping[str, Any]) -> Any:
        found = value(row)
        for key in keys:
            if isinstance(found, list):
                found = found[key] if isinstance(key, int) and key < len(found) else None
            else:
                found = found.get(key) if isinstance(found, dict) else None
        return found

    return read


def _unique(rows: Iterable[Row]) -> list[Row]:
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(repr(row), row)
    return list(found.values())


def _sorted(rows: list[Row], keys: Sequence[tuple[Expression, bool]]) -> list[Row]:
    for value, descending in reversed(keys):
        rows = sorted(rows, key=lambda row: order_key(value(row)), reverse=descending)
    return rows
