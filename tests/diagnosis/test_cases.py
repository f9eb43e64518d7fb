"""Real error texts lead to their cause."""

import json
from pathlib import Path
from typing import Any

import pytest

from secrets_app.diagnosis import CAUSES, explain

_HERE = Path(__file__).parent


def _read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (_HERE / name).read_text(encoding="utf-8").splitlines()]


ORDINARY = [json.loads(line) for line in (_HERE / "ordinary_texts.jsonl").read_text(encoding="utf-8").splitlines()]
CASES = _read("cases.jsonl") + _read("more_cases.jsonl")
_WITHOUT_TEXT = {
    "vault_url_refused",
    "deadline_exceeded",
    "chain_stopped_early",
    "unexpected_principal",
    "environment_half_set",
    "role_may_be_on_its_way",
    "tenant_mismatch_ahead",
    "secret_expired",
    "secret_not_yet_valid",
    "secret_deleted",
    "unexpected",
    "setting_missing",
    "setting_invalid",
}


def _explained(case: dict[str, Any], text: str) -> str:
    explanation = explain(
        text, exception=case["exception"], http_status=case["http_status"], error_code=case["error_code"]
    )
    assert [hint.cause for hint in explanation.hints] == list(explanation.causes)
    return explanation.causes[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case__leads_to_its_cause(case: dict[str, Any]) -> None:
    assert _explained(case, case["message"]) == case["cause_key"]


def _in_a_log(text: str) -> str:
    return "\n".join(f"2026-09-14 07:21:29,123 ERROR {line}" for line in text.splitlines())


def _in_a_container(text: str) -> str:
    return "\n".join(f"web-1  | {line}" for line in text.splitlines())


def _with_windows_lines(text: str) -> str:
    return "\r\n".join(text.splitlines())


def _indented(text: str) -> str:
    return "\n".join(f"        {line}" for line in text.splitlines())


def _coloured(text: str) -> str:
    return f"\x1b[31m{text}\x1b[0m"


def _as_json_text(text: str) -> str:
    return json.dumps({"message": text})


def _wrapped_inside_words(text: str) -> str:
    return "\n".join(line[start : start + 79] for line in text.splitlines() for start in range(0, len(line), 79))


@pytest.mark.parametrize(
    "dressed",
    [_in_a_log, _in_a_container, _with_windows_lines, _indented, _coloured, _as_json_text],
)
def test_case__in_other_clothes__leads_to_the_same_cause(dressed: Any) -> None:
    wrong = {case["id"] for case in CASES if _explained(case, dressed(case["message"])) != case["cause_key"]}
    assert wrong == set()


def test_case__wrapped_inside_words__is_still_understood() -> None:
    """A break inside a short word, a file's path or a number can hide what a sign needs: one in a hundred may fail."""
    wrong = [
        case["id"] for case in CASES if _explained(case, _wrapped_inside_words(case["message"])) != case["cause_key"]
    ]
    assert len(wrong) <= len(CASES) // 100


@pytest.mark.parametrize("text", ORDINARY)
def test_text__that_has_nothing_to_do_with_azure__is_not_explained(text: str) -> None:
    assert explain(text).causes == ("unexpected",)


def test_catalogue__every_cause_with_a_text_has_a_case() -> None:
    assert set(CAUSES) - {case["cause_key"] for case in CASES} <= _WITHOUT_TEXT | {"clock_skew", "token_vault_retired"}


def test_cases__ids_are_not_given_twice() -> None:
    assert len({case["id"] for case in CASES}) == len(CASES)
