"""Each kind of credential is defined in one row; only the factory refers to it in addition."""

import pytest
from azure.identity import DefaultAzureCredential

from secrets_app.conf import load
from secrets_app.core.credential_options import (
    CHAINS,
    INTERACTIVE,
    MEMBERS,
    CredentialGroup,
    CredentialKind,
    CredentialOptions,
    parse_kind,
    parse_token_credentials,
)
from secrets_app.credentials.factories import FACTORIES, UnavailableCredential
from secrets_app.credentials.selection import describe_selection
from secrets_app.diagnosis.ranking import DEFAULT_CHAIN

RIGHT = {"KEY_VAULT_URI": "https://contoso.vault.azure.net", "SECRET_NAME": "demo"}


def test_credential_kind__has_a_factory_and_one_group() -> None:
    assert set(FACTORIES) == set(CredentialKind)
    assert set(CHAINS) == {kind for kind in CredentialKind if kind.row.group is CredentialGroup.CHAIN}
    assert not set(MEMBERS) & INTERACTIVE


@pytest.mark.parametrize("kind", CredentialKind)
def test_new_row__defines_name_and_selection_of_a_kind(kind: CredentialKind) -> None:
    names = (kind.value, kind.upper(), *kind.row.aliases)
    assert {name: parse_kind(name) for name in names} == dict.fromkeys(names, kind)
    assert parse_kind(kind.class_name) is (CredentialKind.DEFAULT if kind.is_chain else kind)
    assert UnavailableCredential(kind, "").credential_name == kind.class_name
    assert kind.row.label
    if not kind.is_chain:
        assert kind.row.phrase in (describe_selection(CredentialOptions(kinds=(kind,), chosen_by="test")) or "")


@pytest.mark.parametrize("kind", CredentialKind)
def test_credential_kind__missing_requirement_is_an_error(kind: CredentialKind) -> None:
    config = load({**RIGHT, "KVSITE_CREDENTIAL": kind.value})
    missing = [problem.setting for problem in config.problems]
    assert missing == [setting for _, setting in kind.row.requires][:1]


def test_credential_kinds__share_no_name() -> None:
    names = [name for kind in CredentialKind for name in {kind.value, *kind.row.aliases}]
    names += [kind.class_name for kind in CredentialKind if not kind.is_chain]
    assert len(names) == len(set(names))


def test_default_chain__equals_azure_identitys() -> None:
    chain = DefaultAzureCredential()
    order = ["FailedDACCredential" if "Workload" in name else name for name in DEFAULT_CHAIN]
    made = [type(credential).__name__ for credential in chain.credentials]
    assert [name for name in made if name in order] == [name for name in order if name in made]
    assert len(made) >= len(order) - 2
    excluded = {kind.row.exclude_argument: True for kind in MEMBERS if kind is not CredentialKind.AZURE_CLI}
    (left,) = DefaultAzureCredential(**excluded).credentials
    assert type(left).__name__ == CredentialKind.AZURE_CLI.class_name


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (" Prod ", CredentialKind.PROD),
        ("azureclicredential", CredentialKind.AZURE_CLI),
        ("cli", None),
        ("azure-cli", None),
        ("DefaultAzureCredential", None),
        ("", None),
    ],
)
def test_parse_token_credentials__accepts_only_what_azure_identity_does(text: str, kind: CredentialKind | None) -> None:
    assert parse_token_credentials(text) is kind
