"""The table of error codes, and how an unknown code is explained."""

from secrets_app.core.reading import UNEXPECTED, Certainty
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.codes import Family, codes_of, table
from secrets_app.diagnosis.explain import explain

INVENTED = ("500084", "500132", "500137", "5001661", "50203", "500584", "700083", "700201", "7000241", "7002139",
            "7002371", "900431", "10001")  # fmt: skip


def test_table__each_row_names_a_cause_and_says_what_the_code_means() -> None:
    assert [row for row in table() if row.cause not in CAUSES] == []
    assert [row for row in table() if not row.meaning.endswith(".") or row.meaning != row.meaning.strip()] == []
    assert len({(row.family, row.code) for row in table()}) == len(table())


def test_table__codes_without_a_public_trace_are_not_in_it() -> None:
    assert [row.code for row in table() if row.code in INVENTED] == []


def test_catalog__repeats_no_code_of_the_table() -> None:
    """A signature with a code only would be a second place to correct."""
    known = {int(row.code) for row in table() if row.family in (Family.ENTRA, Family.AKV)}
    plain = [
        (cause.key, signature.aadsts | signature.akv)
        for cause in CAUSES.values()
        for signature in cause.signatures
        if not (signature.phrases or signature.any_of or signature.unless or signature.where)
    ]
    assert [(key, numbers & known) for key, numbers in plain if numbers & known] == []


def test_entra_code__alone_has_its_cause() -> None:
    rows = [row for row in table() if row.family is Family.ENTRA and row.certainty is not Certainty.GUESS]
    assert {row.label: explain(row.label).causes[0] for row in rows} == {row.label: row.cause for row in rows}


def test_entra_code_without_a_cause__is_explained_by_its_meaning() -> None:
    rows = [row for row in table() if row.family is Family.ENTRA and row.cause == UNEXPECTED]
    assert [row.label for row in rows if row.meaning not in explain(row.label).hints[0].why] == []


def test_unknown_entra_code__is_explained_by_its_family() -> None:
    explanation = explain("AADSTS7000999: Something new happened to the client secret of the app.")
    assert explanation.causes == (UNEXPECTED,)
    assert explanation.certainty is None
    assert "AADSTS7000999" in explanation.hints[0].why
    assert "the client application's credential" in explanation.hints[0].why


def test_known_code_without_a_cause__is_not_explained_as_its_neighbor() -> None:
    explanation = explain("AADSTS50107: The requested federation realm object does not exist. Azure sign-in failed.")
    assert explanation.causes == (UNEXPECTED,)
    assert "federation realm does not exist" in explanation.hints[0].why


def test_entra_code__beats_the_oauth_error_beside_it() -> None:
    body = '{"error":"invalid_client","error_description":"AADSTS700213: No matching federated identity record found"}'
    assert explain(body).causes[0] == "federated_credential_mismatch"


def test_sentence__beats_the_code_around_it() -> None:
    refusal = (
        '{"error":{"code":"Forbidden","message":"The user, group or application does not have keys get permission on '
        'key vault \'kv\'","innererror":{"code":"ForbiddenByPolicy"}}}'
    )
    assert explain(refusal).causes[0] == "kv_access_policy_denied"


def test_code_of_several_services__counts_for_the_one_that_refused() -> None:
    vault = 'GET https://contoso.vault.azure.net/secrets/demo Status=429 Code="TooManyRequests"'
    manager = 'GET https://management.azure.com/subscriptions/x Status=429 Code="TooManyRequests"'
    assert explain(vault).causes[0] == "kv_throttled"
    assert explain(manager).causes[0] == "arm_throttled"


def test_code_in_front_of_its_sentence__is_found() -> None:
    text = "ExpiredAuthenticationToken: The access token expiry UTC time is earlier than current UTC time"
    assert explain(text).causes[0] == "sign_in_expired"


def test_codes_of_a_cause__are_listed_with_their_certainty() -> None:
    labels = {row.label: row.certainty for row in codes_of("client_secret_expired")}
    assert labels["AADSTS7000222"] is Certainty.SURE
