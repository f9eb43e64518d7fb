"""One row per kind of credential: nothing else has to list it, besides the factory."""

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
)
from secrets_app.credentials.factories import FACTORIES, UnavailableCredential
from secrets_app.credentials.selection import describe_selection
from secrets_app.diagnosis.ranking import DEFAULT_CHAIN

RIGHT = {"KEY_VAULT_URI": "https://contoso.vault.azure.net", "SECRET_NAME": "demo"}


def test_every_kind_has_a_factory_and_belongs_to_one_group() -> None:
    assert set(FACTORIES) == set(CredentialKind)
    assert set(CHAINS) == {kind for kind in CredentialKind if kind.row.group is CredentialGroup.CHAIN}
    assert not set(MEMBERS) & INTERACTIVE


@pytest.mark.parametrize("kind", CredentialKind)
def test_a_row_is_enough_to_name_and_select_a_kind(kind: CredentialKind) -> None:
    names = (kind.value, kind.upper(), *kind.row.aliases)
    assert {name: parse_kind(name) for name in names} == dict.fromkeys(names, kind)
    assert parse_kind(kind.class_name) is (CredentialKind.DEFAULT if kind.is_chain else kind)
    assert UnavailableCredential(kind, "").stands_for == kind.class_name
    assert kind.row.label
    if not kind.is_chain:
        assert kind.row.phrase in (describe_selection(CredentialOptions(kinds=(kind,), chosen_by="test")) or "")


@pytest.mark.parametrize("kind", CredentialKind)
def test_a_missing_requirement_of_a_kind_is_a_mistake(kind: CredentialKind) -> None:
    config = load({**RIGHT, "KVSITE_CREDENTIAL": kind.value})
    missing = [problem.setting for problem in config.problems]
    assert missing == [setting for _, setting in kind.row.requires][:1]


def test_no_two_kinds_share_a_name() -> None:
    names = [name for kind in CredentialKind for name in {kind.value, *kind.row.aliases}]
    names += [kind.class_name for kind in CredentialKind if not kind.is_chain]
    assert len(names) == len(set(names))


def test_the_chain_is_the_one_of_azure_identity() -> None:
    chain = DefaultAzureCredential()
    order = ["FailedDACCredential" if "Workload" in name else name for name in DEFAULT_CHAIN]
    made = [type(credential).__name__ for credential in chain.credentials]
    assert [name for name in made if name in order] == [name for name in order if name in made]
    assert len(made) >= len(order) - 2
    excluded = {kind.row.exclude_argument: True for kind in MEMBERS if kind is not CredentialKind.AZURE_CLI}
    (left,) = DefaultAzureCredential(**excluded).credentials
    assert type(left).__name__ == CredentialKind.AZURE_CLI.class_name
