"""Parses template expressions, `[concat('a', parameters('b').c[0])]`.

https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localazure.services.errors import ServiceError
from localazure.services.resource_manager.errors import error

MAX_LENGTH, MAX_DEPTH = 24_576, 100
_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|(-?\d{1,18})|([A-Za-z_][A-Za-z0-9_]*)|([()\[\],.]))")
Call = Callable[[str, list[Callable[[], Any]]], Any]
"""Function name and unevaluated arguments -> value."""


def invalid_template(reason: str) -> ServiceError:
    text = (
        f"Deployment template language expression evaluation failed: '{reason}'. Please see"
        " https://aka.ms/arm-functions for usage details."
    )
    return error(400, "InvalidTemplate", text)


def is_expression(text: str) -> bool:
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def evaluate(text: str, call: Call) -> Any:
    """Return the value of an expression with its brackets. Raises ServiceError."""
    if len(text) > MAX_LENGTH:
        raise invalid_template(f"The language expression length limit exceeded. Limit: '{MAX_LENGTH}'")
    parser = _Parser(text[1:-1], call)
    node = parser.expression(0)
    if parser.peek() is not None:
        raise invalid_template(f"The language expression '{text}' is not valid")
    return node()


@dataclass
class _Parser:
    text: str
    call: Call
    at: int = 0

    def peek(self) -> re.Match[str] | None:
        if not self.text[self.at :].strip():
            return None
        token = _TOKEN.match(self.text, self.at)
        if token is None:
            raise invalid_template(f"The language expression '{self.text}' is not valid at position '{self.at}'")
        return token

    def take(self) -> re.Match[str]:
        token = self.peek()
        if token is None:
            raise invalid_template(f"The language expression '{self.text}' ends too early")
        self.at = token.end()
        return token

    def accept(self, sign: str) -> bool:
        token = self.peek()
        if token is None or token[4] != sign:
            return False
        self.at = token.end()
        return True

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            raise invalid_template(f"The language expression '{self.text}' is not valid: expected '{sign}'")

    def expression(self, depth: int) -> Callable[[], Any]:
        """A literal or a function call, followed by properties and indexes."""
        if depth > MAX_DEPTH:
            raise invalid_template("The language expression is nested too deeply")
        node = self._primary(depth)
        while True:
            if self.accept("."):
                name = self.take()[3]
                node = _property(node, _constant(name))
            elif self.accept("["):
                index = self.expression(depth + 1)
                self.expect("]")
                node = _property(node, index)
            else:
                return node

    def _primary(self, depth: int) -> Callable[[], Any]:
        token = self.take()
        if token[1] is not None:
            return _constant(token[1].replace("''", "'"))
        if token[2] is not None:
            return _constant(int(token[2]))
        if token[3] is None:
            raise invalid_template(f"The language expression '{self.text}' is not valid")
        self.expect("(")
        arguments: list[Callable[[], Any]] = []
        if not self.accept(")"):
            arguments.append(self.expression(depth + 1))
            while self.accept(","):
                arguments.append(self.expression(depth + 1))
            self.expect(")")
        name, call = token[3], self.call
        return lambda: call(name, arguments)


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value


def _property(node: Callable[[], Any], key: Callable[[], Any]) -> Callable[[], Any]:
    def get() -> Any:
        value, name = node(), key()
        if isinstance(value, dict) and isinstance(name, str):
            for known, item in value.items():
                if known.lower() == name.lower():
                    return item
        if isinstance(value, list) and isinstance(name, int) and 0 <= name < len(value):
            return value[name]
        raise invalid_template(f"The language expression property '{name}' doesn't exist")

    return get
