"""The settings: the effect of each value, and the message for each invalid one."""

import dataclasses
import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

import secrets_app.conf
import secrets_app.connection_string
from secrets_app.conf import Config, access, credential, expected_principal, load, server, vault
from secrets_app.conf.schema import CHECK_IDS, READERS, SETTINGS, SUBJECTS
from secrets_app.core.check_ids import CheckId
from secrets_app.core.credential_options import CredentialOptions
from secrets_app.core.reading import ExpectedPrincipal
from secrets_app.core.redaction import HIDDEN

RIGHT = {"KEY_VAULT_URI": "https://contoso.vault.azure.net", "SECRET_NAME": "demo"}
ROOT = Path(__file__).resolve().parents[2]


def loaded(**words: str) -> Config:
    return load({**RIGHT, **words})


def test_valid_settings__have_no_errors() -> None:
    config = loaded(SECRET_VERSION="0123456789abcdef0123456789ABCDEF", KVSITE_DEADLINE_S="2.5", KVSITE_ACCESS="open")
    assert config.problems == ()
    assert (config.vault_url, config.secret_name) == ("https://contoso.vault.azure.net", "demo")
    assert (config.deadline_s, config.access) == (2.5, "open")


@pytest.mark.parametrize(
    ("words", "url"),
    [
        ({"KEY_VAULT_URI": "https://Contoso.Vault.Azure.Net/"}, "https://contoso.vault.azure.net"),
        ({"KEY_VAULT_URL": "https://contoso.vault.azure.net:443"}, "https://contoso.vault.azure.net"),
        ({"AZURE_KEY_VAULT_ENDPOINT": "https://contoso.vault.azure.net/"}, "https://contoso.vault.azure.net"),
        ({"KEY_VAULT_NAME": "Contoso"}, "https://contoso.vault.azure.net"),
        ({"KEY_VAULT_URI": "https://contoso.vault.azure.cn"}, "https://contoso.vault.azure.cn"),
        ({"KEY_VAULT_URI": "https://contoso.vault.usgovcloudapi.net"}, "https://contoso.vault.usgovcloudapi.net"),
        ({"KEY_VAULT_URI": "https://contoso.vault.azure.net", "KEY_VAULT_NAME": "contoso"},
         "https://contoso.vault.azure.net"),
        ({"KEY_VAULT_URI": "https://kv.example.org", "KVSITE_ALLOWED_VAULT_HOSTS": "x.example.org, KV.example.org"},
         "https://kv.example.org"),
    ],
)  # fmt: skip
def test_vault__is_set_by_any_of_its_settings(words: dict[str, str], url: str) -> None:
    config = load({**words, "SECRET_NAME": "demo"})
    assert config.problems == ()
    assert config.vault_url == url


@pytest.mark.parametrize(
    ("words", "id_", "expected"),
    [
        ({"KEY_VAULT_URI": ""}, "E001", "KEY_VAULT_URI is not set"),
        ({"KEY_VAULT_NAME": "other"}, "E002", "KEY_VAULT_URI and KEY_VAULT_NAME name different vaults"),
        ({"KEY_VAULT_URI": "http://contoso.vault.azure.net"}, "E003", "must begin with https://"),
        ({"KEY_VAULT_URI": "contoso"}, "E003", "must begin with https://"),
        ({"KEY_VAULT_URI": "https://contoso.vault.azure.net:8443"}, "E003", "port 8443"),
        ({"KEY_VAULT_URI": "https://me:pw@contoso.vault.azure.net"}, "E003", "user name or password"),
        ({"KEY_VAULT_URI": "https://contoso.vault.azure.net/secrets/demo"}, "E003", "extra text after the host"),
        ({"KEY_VAULT_URI": "https://contoso.vault.azure.net."}, "E003", "no valid host"),
        ({"KEY_VAULT_URI": "https://con toso.vault.azure.net"}, "E003", "a space"),
        ({"KEY_VAULT_URI": "https://contoso.vault.azure.net\\@evil.example"}, "E003", "backslash"),
        ({"KEY_VAULT_URI": "https://xn--contoso.vault.azure.net"}, "E003", "is not a valid vault name"),
        ({"KEY_VAULT_URI": "https://a.b.vault.azure.net"}, "E003", "is not a valid vault name"),
        ({"KEY_VAULT_URI": "https://127.0.0.1"}, "E003", "no valid host"),
        ({"KEY_VAULT_URI": "https://[::1]"}, "E003", "no valid host"),
        ({"KEY_VAULT_URI": "https://[oops"}, "E003", "not a valid URL"),
        ({"KEY_VAULT_URI": "", "KEY_VAULT_NAME": "https://contoso.vault.azure.net"}, "E075", "a URL, not a name"),
        ({"KEY_VAULT_URI": "", "KEY_VAULT_NAME": "con_toso"}, "E004", "is not a valid vault name"),
        ({"KEY_VAULT_URI": "", "KEY_VAULT_NAME": "c" * 25}, "E004", "3 to 24"),
        ({"KEY_VAULT_URI": "https://contoso.vault.azure.net.evil.example"}, "E005", "not an Azure Key Vault host"),
        ({"KEY_VAULT_URI": "https://vault.azure.net"}, "E005", "not an Azure Key Vault host"),
        ({"KEY_VAULT_URI": "https://localhost.localdomain"}, "E005", "no token is sent there"),
        ({"SECRET_NAME": " "}, "E006", "SECRET_NAME is not set"),
        ({"SECRET_NAME": "DJANGO_SECRET_KEY"}, "E007", "contains an underscore"),
        ({"SECRET_NAME": "https://contoso.vault.azure.net/secrets/demo/0123"}, "E076", "a URL, not a name"),
        ({"SECRET_NAME": "d\u00e9mo"}, "E007", "an invalid character"),
        ({"SECRET_NAME": "d" * 128}, "E007", "128 characters"),
        ({"SECRET_VERSION": "latest"}, "E008", "is not a valid version"),
        ({"KVSITE_ACCESS": "everyone"}, "E009", "only this machine has access"),
        ({"KVSITE_DEADLINE_S": "soon"}, "E010", "seconds from 1 to 60"),
        ({"KVSITE_DEADLINE_S": "0"}, "E010", "seconds from 1 to 60"),
        ({"KVSITE_DEADLINE_S": "\u0663"}, "E010", "seconds from 1 to 60"),
        ({"KVSITE_RESULT_LIFE_S": "-1"}, "E013", "seconds from 0 to 60"),
        ({"KVSITE_ALLOWED_VAULT_HOSTS": "https://kv.example.org"}, "E011", "not a valid host name"),
        ({"KVSITE_HOSTS": "*"}, "E014", "not a valid host name"),
        ({"KVSITE_HOSTS": "https://kv.example.org/"}, "E014", "not a valid host name"),
        ({"KVSITE_ALLOWED_VAULT_HOSTS": "localhost.localdomain"}, "E077", "which is this machine"),
        ({"KVSITE_DEBUG": "1"}, "W096", "was removed in 0.2.0, so it has no effect. The log has the traceback."),
        ({"KVSITE_THREADS": "1"}, "E025", "a whole number from 2 to 512"),
        ({"KVSITE_LOG_LEVEL": "loud"}, "E028", "not a log level"),
        ({"KVSITE_SECRET_KEY": "short"}, "E016", "can be guessed"),
        ({"SECRET_NAME": "https://[x/secrets/demo"}, "E076", "a URL, not a name"),
        ({"KVSITE_DEADLNE_S": "5"}, "W012", "is not a setting"),
    ],
)  # fmt: skip
def test_invalid_setting__has_its_own_message(words: dict[str, str], id_: str, expected: str) -> None:
    problems = loaded(**words).problems
    assert [problem.id for problem in problems] == [f"secrets_app.{id_}"]
    assert expected in problems[0].sentence
    assert problems[0].hint


def test_secret_name_with_underscore__hint_names_the_likely_secret() -> None:
    assert "DJANGO-SECRET-KEY" in loaded(SECRET_NAME="DJANGO_SECRET_KEY").problems[0].hint


def test_keys__are_in_no_message_or_repr() -> None:
    for key in ("hunter2", "hunter2" * 10):
        config = loaded(KVSITE_SECRET_KEY=key)
        assert "hunter2" not in repr(config)


def test_misspelled_setting__hint_names_the_closest_setting() -> None:
    assert "KVSITE_DEADLINE_S" in loaded(KVSITE_DEADLNE_S="5").problems[0].hint


def test_invalid_access_mode__denies_access() -> None:
    assert loaded(KVSITE_ACCESS="everyone").access == "loopback"


def test_vault_outside_azure__gives_no_vault_url() -> None:
    assert loaded(KEY_VAULT_URI="https://evil.example").vault_url is None


@given(st.dictionaries(st.sampled_from(list(SETTINGS)), st.text()))
def test_any_setting_values__give_a_config(words: dict[str, str]) -> None:
    config = load(words)
    assert config.vault_url is None or config.vault_url.startswith("https://")


@pytest.mark.program
def test_check__reports_errors_with_id_and_hint() -> None:
    words = {"KEY_VAULT_NAME": "https://contoso.vault.azure.net", "SECRET_NAME": "a_b"}
    result = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT, env={**os.environ, **words}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert "secrets_app.E075" in result.stderr
    assert "secrets_app.E007" in result.stderr
    assert "HINT: Use a hyphen instead, as in a-b." in result.stderr
    assert "Traceback" not in result.stderr


def test_check__accepts_valid_settings(settings: Any) -> None:
    settings.SECRETS_APP = RIGHT
    call_command("check", fail_level="WARNING")


def test_each_check_id__has_one_meaning() -> None:
    codes = [check.code for check in CHECK_IDS]
    assert [code for code in codes if codes.count(code) > 1] == []
    assert len({check.code[1:] for check in CHECK_IDS}) == len({check.meaning for check in CHECK_IDS}) == len(codes)


def test_each_defined_check_id__is_documented() -> None:
    """Every check ID that a module defines is in the table from which docs/settings.md is generated."""
    modules = [
        importlib.import_module(found.name)
        for package in (secrets_app.conf, secrets_app.connection_string)
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    ]
    defined = {value for module in modules for value in vars(module).values() if isinstance(value, CheckId)}
    assert defined <= set(CHECK_IDS)
    assert len(defined) > 70


@given(st.dictionaries(st.sampled_from(list(SETTINGS)), st.text()))
def test_setting_error__has_a_check_id_of_its_setting(words: dict[str, str]) -> None:
    for problem in load(words).problems:
        assert problem.id in map(str, SETTINGS[problem.setting].checks)


def test_default__equals_the_value_of_its_text() -> None:
    """The default shown in docs/settings.md is a valid value and has the same effect as no value."""
    for name, row in SETTINGS.items():
        if row.default_text and not row.default_note:
            assert row.read({name: row.default_text}) == row.default


def test_config__has_the_defaults_of_the_settings() -> None:
    config = loaded()
    for row in (row for subject in (server, vault, access) for row in subject.SETTINGS.values()):
        if row.attribute:
            assert getattr(config, row.attribute) == row.default


def test_each_attribute__is_a_field_of_the_config() -> None:
    """A new setting needs one row and, unless an existing field holds its value, one typed field."""
    into = {credential.TITLE: CredentialOptions, expected_principal.TITLE: ExpectedPrincipal}
    for title, rows in SUBJECTS.items():
        fields = {field.name for field in dataclasses.fields(into.get(title, Config))}
        assert {row.attribute for row in rows.values() if row.attribute} <= fields
    assert set(READERS) <= {field.name for field in dataclasses.fields(Config)}


@pytest.mark.parametrize("words", [{"KVSITE_ACCESS": "token"}, {"KVSITE_ACCESS": "token", "KVSITE_PASSPHRASE": "x" * 20,
                                    "KVSITE_VALUES_PASSPHRASE": "x" * 20}])  # fmt: skip
def test_hint__is_not_hidden_by_the_redaction(words: dict[str, str]) -> None:
    problems = loaded(**words).problems
    assert [problem.setting for problem in problems]
    assert not [problem for problem in problems if HIDDEN in f"{problem.message} {problem.hint}"]
