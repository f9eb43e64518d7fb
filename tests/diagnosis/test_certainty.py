"""How sure a cause is, guesses from similar texts, and logs with several errors."""

import json

import pytest

from secrets_app.core.reading import UNEXPECTED, Certainty
from secrets_app.diagnosis.explain import ErrorReport, explain, explanation_json
from secrets_app.diagnosis.extraction import extract_evidence
from secrets_app.diagnosis.similarity import Index, most_similar

KNOWN = (
    ("kv_rbac_denied", "The deployment robot could not open the drawer of the vault because the warden said no today"),
    ("dns_failure", "The telescope of the observatory cannot find the planet of the vault on any of its charts"),
    (UNEXPECTED, "A completely ordinary sentence about gardening tools and the weather of the coming week"),
)
UNRELATED = tuple(
    (UNEXPECTED, f"Text number {n} about {word} and {word}ness") for n, word in enumerate("abcdefghij" * 4)
)
INDEX = Index((KNOWN + KNOWN) + UNRELATED)
LOG = "\n".join(
    f"2026-01-01 10:0{minute}:00 ERROR {message}"
    for minute, message in enumerate(
        (
            "AADSTS7000222: The provided client secret keys for app 'x' are expired.",
            "getaddrinfo ENOTFOUND contoso.vault.azure.net",
            "(Forbidden) Caller is not authorized to perform action on resource. ForbiddenByRbac",
            "SecretNotFound: A secret with (name/id) demo was not found in this key vault.",
            "AADSTS50076: you must use multi-factor authentication",
            "Please run 'az login' to setup account.",
            "client_secret=Zq8~Q.k3y-Value_012345 was rejected: AADSTS7000215: Invalid client secret provided.",
        )
    )
)


@pytest.mark.parametrize(
    ("text", "cause", "certainty"),
    [
        ("AADSTS7000222: expired", "client_secret_expired", Certainty.SURE),
        ("Please run 'az login' to set up an account", "az_not_logged_in", Certainty.SURE),
        (
            "Get-AzKeyVaultSecret : Operation returned an invalid status code 'Forbidden'",
            "kv_access_policy_denied",
            Certainty.LIKELY,
        ),
        ("something else", UNEXPECTED, None),
    ],
)
def test_certainty__is_that_of_the_evidence(text: str, cause: str, certainty: Certainty | None) -> None:
    explanation = explain(text)
    assert (explanation.causes[0], explanation.certainty) == (cause, certainty)
    assert explanation.hints[0].certainty == certainty


def test_json__has_certainty_and_evidence() -> None:
    document = json.loads(json.dumps(explanation_json(ErrorReport(message="AADSTS7000222: expired"))))
    assert document["certainty"] == "sure"
    assert document["hints"][0]["certainty"] == "sure"
    assert document["evidence"]["service"] == "Microsoft Entra ID"
    assert document["evidence"]["summary"] == "Service: Microsoft Entra ID. AADSTS7000222."
    assert document["errors"] == []


def test_similar_text__is_a_guess_that_shows_the_known_text() -> None:
    text = "Azure: the deployment robot could not open that drawer of the vault, because the warden said no again today"
    explanation = explain(text, index=INDEX)
    assert (explanation.causes[0], explanation.certainty) == ("kv_rbac_denied", Certainty.GUESS)
    assert "Similar to this known error: The deployment robot" in explanation.hints[0].why


def test_text_similar_to_one_without_a_cause__is_no_guess() -> None:
    evidence = extract_evidence("A completely ordinary sentence about gardening tools and the weather of the next week")
    assert most_similar(evidence, INDEX) is None


def test_short_text__is_no_guess() -> None:
    assert most_similar(extract_evidence("the vault warden"), INDEX) is None


def test_unknown_error__says_what_the_text_tells_and_where_to_look() -> None:
    explanation = explain("POST https://contoso.vault.azure.net/secrets/demo/frobnicate Status: 418 (I'm a teapot)")
    assert explanation.causes == (UNEXPECTED,)
    assert "Service: Key Vault, secrets" in explanation.hints[0].why
    assert "418" in explanation.hints[0].why
    assert "diagnostic logs" in explanation.hints[0].fix


def test_log_of_several_errors__each_has_its_cause() -> None:
    explanation = explain(LOG)
    expected = {
        "client_secret_expired", "dns_failure", "kv_rbac_denied", "kv_secret_not_found", "mfa_required",
        "az_not_logged_in", "client_secret_wrong",
    }  # fmt: skip
    assert {error.cause for error in explanation.errors} == expected
    assert expected <= set(explanation.causes)
    assert explanation.errors[0].cause == explanation.causes[0]
    assert "k3y-Value" not in repr(explanation)


def test_one_error_in_a_log__is_not_a_list() -> None:
    assert explain(LOG.splitlines()[0]).errors == ()
    assert explain("\n".join(LOG.splitlines()[:1] * 5)).errors == ()


@pytest.mark.parametrize(
    "text",
    [
        "AADSTS7000222 : Les clés secrètes client fournies pour l'application ont expiré.",
        "<html><body><p>AADSTS7000222</p></body></html>",
        'status:\n  conditions:\n  - message: |\n      {"error_codes":[7000222]}',
        "\x00\xffAADSTS7000222\x1b[0m",
    ],
)
def test_code_in_any_wrapping__is_found(text: str) -> None:
    assert explain(text).causes[0] == "client_secret_expired"


_WARNING = "2026-01-01 10:00:00 WARN attempt 1 of 3 failed: getaddrinfo ENOTFOUND contoso.vault.azure.net"
_ERROR = "2026-01-01 10:00:05 ERROR AADSTS50076: you must use multi-factor authentication"
_EXPIRED = "2026-01-01 10:00:09 ERROR AADSTS7000222: The provided client secret keys for app 'x' are expired."
_EXIT = "2026-01-01 10:00:10 INFO Process exited with code 1"
_FATAL = 'time="2026-01-01T10:00:02Z" level=fatal msg="A secret with (name/id) demo was not found in this key vault"'
_ADVICE = "ERROR: Interactive authentication is needed. Please run: az login"


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ((_WARNING, _EXPIRED), "client_secret_expired"),
        ((_EXPIRED, _WARNING), "client_secret_expired"),
        ((_FATAL, _ERROR, _WARNING), "kv_secret_not_found"),
        ((_EXPIRED, _ERROR, _EXIT), "mfa_required"),
        ((_ERROR, _EXPIRED, _EXIT), "client_secret_expired"),
        ((_EXPIRED, _ADVICE, _EXIT), "client_secret_expired"),
    ],
)
def test_log__its_main_cause_ended_the_program(lines: tuple[str, ...], cause: str) -> None:
    assert explain("\n".join(lines)).causes[0] == cause
