"""Recorded error texts and the cause of each."""

import json
from pathlib import Path
from typing import Any

import pytest

from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.catalog import examples as known
from secrets_app.diagnosis.catalog.examples import examples
from secrets_app.diagnosis.explain import explain

_HERE = Path(__file__).parent


def _read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (_HERE / name).read_text(encoding="utf-8").splitlines()]


ORDINARY = [json.loads(line) for line in (_HERE / "ordinary_texts.jsonl").read_text(encoding="utf-8").splitlines()]
CASES = _read("cases.jsonl") + known.cases()
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
    "developer_credential_in_azure",
    "service_principal_incomplete",
}


def _explained(case: dict[str, Any], text: str) -> str:
    """The key of the main cause of this text, or the case's own if another one is accepted too."""
    explanation = explain(
        text, exception=case["exception"], http_status=case["http_status"], error_code=case["error_code"]
    )
    assert [hint.cause for hint in explanation.hints] == list(explanation.causes)
    return case["cause_key"] if explanation.causes[0] in case.get("also", ()) else explanation.causes[0]


def _with_log_prefix(text: str) -> str:
    return "\n".join(f"2026-09-14 07:21:29,123 ERROR {line}" for line in text.splitlines())


def _with_container_prefix(text: str) -> str:
    return "\n".join(f"web-1  | {line}" for line in text.splitlines())


def _with_windows_line_ends(text: str) -> str:
    return "\r\n".join(text.splitlines())


def _indented(text: str) -> str:
    return "\n".join(f"        {line}" for line in text.splitlines())


def _in_colour(text: str) -> str:
    return f"\x1b[31m{text}\x1b[0m"


def _as_json(text: str) -> str:
    return json.dumps({"message": text})


def _hard_wrapped(text: str) -> str:
    return "\n".join(line[start : start + 79] for line in text.splitlines() for start in range(0, len(line), 79))


FORMATS = (_with_log_prefix, _with_container_prefix, _with_windows_line_ends, _indented, _in_colour, _as_json)
"""Texts are copied from logs, terminals and JSON; each case is tried in one of these formats."""


def test_case__has_its_cause() -> None:
    assert {case["id"]: _explained(case, case["message"]) for case in CASES} == {
        case["id"]: case["cause_key"] for case in CASES
    }


@pytest.mark.parametrize("first", range(len(FORMATS)), ids=[form.__name__.lstrip("_") for form in FORMATS])
def test_case__in_another_format__has_the_same_cause(first: int) -> None:
    cases = CASES[first :: len(FORMATS)]
    assert {case["id"]: _explained(case, FORMATS[first](case["message"])) for case in cases} == {
        case["id"]: case["cause_key"] for case in cases
    }


def test_case__hard_wrapped__has_the_same_cause() -> None:
    """A line break inside a short word, a path or a number can hide what a signature needs: 1 % may fail."""
    wrong = [case["id"] for case in CASES if _explained(case, _hard_wrapped(case["message"])) != case["cause_key"]]
    assert len(wrong) <= len(CASES) // 100


def test_unrelated_text__has_no_cause() -> None:
    assert [text for text in ORDINARY if explain(text).causes != ("unexpected",)] == []


def test_catalog__every_cause_with_a_text_has_a_case() -> None:
    without = set(CAUSES) - {case["cause_key"] for case in CASES} - set(examples())
    assert without <= _WITHOUT_TEXT | {"clock_skew", "token_vault_retired"}


def test_example__has_its_cause() -> None:
    texts = [(key, text) for key, of_cause in examples().items() for text in of_cause]
    assert [(explain(text).causes[0], key, text) for key, text in texts if explain(text).causes[0] != key] == []


def test_text_of_the_dotnet_samples__has_its_cause() -> None:
    """Sentences of the troubleshooting lists of the retired .NET samples and of AppAuthentication.

    Sources: Azure-Samples/app-service-msi-keyvault-dotnet and its siblings for Token Vault, Linux and Windows VMs,
    Microsoft.Azure.Services.AppAuthentication, and its guide "Service-to-service authentication to Azure Key Vault".
    """
    cases = _read("predecessor_texts.jsonl")
    assert [(case["text"], explain(case["text"]).causes[0]) for case in cases] == [
        (case["text"], case["cause"]) for case in cases
    ]


def test_look_alike__is_another_cause() -> None:
    named = [(key, other) for key, cause in CAUSES.items() for other, _ in cause.look_alikes]
    assert [(key, other) for key, other in named if other not in CAUSES or other == key] == []
    assert all(sentence.endswith(".") for cause in CAUSES.values() for _, sentence in cause.look_alikes)


def test_case__ids_are_unique() -> None:
    assert len({case["id"] for case in CASES}) == len(CASES)
