"""Real error texts lead to their cause."""

import json
from pathlib import Path
from typing import Any

import pytest

from secrets_app.diagnosis import CAUSES, explain

_HERE = Path(__file__).parent


def _cases(name: str) -> list[Any]:
    lines = (_HERE / name).read_text(encoding="utf-8").splitlines()
    return [pytest.param(case, id=case["id"]) for case in map(json.loads, lines)]


@pytest.mark.parametrize("case", _cases("cases.jsonl"))
def test_case__leads_to_its_cause(case: dict[str, Any]) -> None:
    explanation = explain(
        case["message"],
        exception=case["exception"],
        http_status=case["http_status"],
        error_code=case["error_code"],
    )
    assert explanation.causes[0] == case["cause_key"]
    assert [hint.cause for hint in explanation.hints] == list(explanation.causes)
    assert set(explanation.causes) <= set(CAUSES)
