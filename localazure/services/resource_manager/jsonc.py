"""Parses JSON with comments, unquoted keys, trailing commas and multi-line strings, which Resource Manager accepts.

Azure CLI sends a template as it is in its file, behind the unquoted key `template`.
"""

import re
from typing import Any

from localazure.services.request_body import parse_json

_COMMENTS = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_DETAILS = re.compile(r'("(?:[^"\\]|\\.)*")|([A-Za-z_$][\w$]*)(?=\s*:)|,(?=\s*[}\]])', re.DOTALL)


def parse(text: str) -> Any:
    """Return the parsed value. Raises ValueError or RecursionError."""
    try:
        return parse_json(text)
    except ValueError:
        without_comments = _COMMENTS.sub(lambda match: match[1] or " ", text)
        return parse_json(_DETAILS.sub(_as_json, without_comments))


def _as_json(match: re.Match[str]) -> str:
    if match[1]:
        return match[1].replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")
    return f'"{match[2]}"' if match[2] else ""
