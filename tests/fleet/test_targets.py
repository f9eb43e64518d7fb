"""Targets from files and the command line: what is stored, and what each mistake says."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from fleet.description import InvalidTargetError, address_settings, describe, overrides, site_url
from fleet.models import Target
from fleet.recording import record
from fleet.storing import store
from fleet.target_files import InvalidFileError, read_targets
from secrets_app import conf
from tests.fleet.conftest import seen

ADDRESS = address_settings("https://contoso.vault.azure.net", "demo")
CLIENT = "11111111-1111-4111-8111-111111111111"
TOML = f"""
[defaults]
credential = "managed-identity"
labels = {{ env = "prod" }}

[[target]]
name = "payroll"
vault = "contoso"
secret = "demo"
labels.team = "payments"
expected_object_id = "{CLIENT}"

[[target]]
vault = "https://fabrikam.vault.azure.net/"
secret = "db"
credential = "client-secret"
client_id = "{CLIENT}"
tenant_id = "{CLIENT}"
client_secret = "env:FABRIKAM_SECRET"
credential_expires_on = 2027-01-31
interval_s = 600

[[target]]
site = "https://payroll.example.com/api/reading"
token = "file:/run/secrets/payroll"
credential = ""
"""


def written(folder: Path, text: str, name: str = "targets.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problem(folder: Path, text: str, name: str = "targets.toml") -> str:
    with pytest.raises(InvalidFileError) as caught:
        read_targets(written(folder, text, name))
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.django_db
def test_toml__targets_with_defaults(tmp_path: Path) -> None:
    assert store(read_targets(written(tmp_path, TOML))) == (3, 0, 0)
    payroll, fabrikam, site = (
        Target.objects.get(name=n) for n in ("payroll", "fabrikam/db", "https://payroll.example.com")
    )
    assert payroll.vault_url == "https://contoso.vault.azure.net"
    assert payroll.labels == {"env": "prod", "team": "payments"}
    assert payroll.settings == {"KVSITE_CREDENTIAL": "managed-identity", "KVSITE_EXPECTED_OBJECT_ID": CLIENT}
    assert payroll.interval_s == 300
    assert fabrikam.references == {"KVSITE_CLIENT_SECRET": "env:FABRIKAM_SECRET"}
    assert (fabrikam.interval_s, str(fabrikam.credential_expires_on)) == (600, "2027-01-31 00:00:00+00:00")
    assert (site.kind, site.references) == ("site", {"token": "file:/run/secrets/payroll"})


@pytest.mark.django_db
def test_csv__the_same_keys_and_labels(tmp_path: Path) -> None:
    text = '\ufeffname,vault,secret,label.team,credential\r\n"a, b",contoso,demo,payments,\r\n,contoso,other,,prod\r\n'
    store(read_targets(written(tmp_path, text, "targets.CSV")))
    assert Target.objects.get(name="a, b").labels == {"team": "payments"}
    assert Target.objects.get(name="contoso/other").settings == {"KVSITE_CREDENTIAL": "prod"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = [", "targets.toml:1: is not valid TOML"),
        ("[[target]]\nvault = 'contoso'", "targets.toml:1: secret is missing: a target of kind secret requires it."),
        ("\n[[target]]\nvault='contoso'\nsecret='under_score'", "targets.toml:4: secret "),
        ("[[target]]\nvault='https://evil.example'\nsecret='x'", "targets.toml:2: vault is not allowed"),
        ("[[target]]\nvault='contoso'\nsecret='x'\ncredental='prod'", ":4: 'credental' is not a key of a target. Did"),
        ("[[target]]\nvault='contoso'\nsecret='x'\ncredential='prodd'", ":4: credential contains 'prodd'"),
        ("[[target]]\nname='a'\nvault='c-1'\nsecret='x'\ncredential='client-secret'", "a: tenant_id is not set"),
        (
            "[[target]]\nvault='contoso'\nsecret='x'\n[[target]]\nvault='contoso'\nsecret='x'",
            ":4: the name 'contoso/x'",
        ),
        ("[[target]]\nvault='contoso'\nsecret='x'\ninterval_s = 5", ":4: interval_s is '5', but must be a whole"),
        (
            "[[target]]\nvault='contoso'\nsecret='x'\ncredential_expires_on='soon'",
            ":4: credential_expires_on is 'soon'",
        ),
        (
            "[[target]]\nvault='contoso'\nsecret='x'\ncredential_expires_on=0001-01-01T00:00:00+14:00",
            ":4: credential_expires_on is '0001-01-01 00:00:00+14:00'",
        ),
        ("[[target]]\nvault='contoso'\nsecret='x'\nlabels = {'a b' = '1'}", ":4: The label 'a b' must"),
        ("[[target]]\nvault='contoso'\nsecret='x'\nexpected_app_id='me'", ":4: expected_app_id "),
        ("[[target]]\nvault='contoso'\nsecret=[1]", ":3: secret must be text, not of type list."),
        ("[[target]]\nsite='https://a.example'\ncredential='prod'", ":3: credential does not apply to another site"),
        ("[[target]]\nsite='http://a.example'", ":2: site must begin with https://."),
        ("[[target]]\nsite='https://u:p@a.example'", "site contains what looks like a token or a password"),
        ("[[target]]\nvault='contoso'\nsecret='x'\nsite='https://a.example'", "vault does not apply to a target of"),
        (
            "[[target]]\nvault='contoso'\nsecret='x'\nlabels.team = 5",
            ":4: The label team must be text, not of type int.",
        ),
        ("\ufeff[[target]]\r\nvault='con_toso'\r\nsecret='x'\r\n", "targets.toml:2: vault is invalid: 'con_toso'"),
        (
            "[[target]]\nvault='contoso'\nsecret='x'\ncredential_expires_on=12:00:00",
            ":4: credential_expires_on is '12:00",
        ),
        ("x = " + "[" * 5000 + "]" * 5000, "targets.toml: is not valid TOML: nested too deeply."),
        ("[targets]\nvault='contoso'", "targets.toml:1: 'targets' is neither [defaults] nor [[target]]."),
        ("target = 1", "targets.toml:1: targets are tables that begin with [[target]]"),
        ("# nothing", "targets.toml: contains no targets."),
    ],
)
def test_toml__each_mistake_names_line_and_reason(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in problem(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vault,secret\ncontoso,a\n\ncontoso,b_c\n", "targets.csv:4: secret "),
        ('vault,secret,name\ncontoso,a,"two\nlines"\ncontoso,b,c,d\n', "targets.csv:4: has 4 cells"),
        ("vault,vault\n", "targets.csv:1: the column 'vault' appears more than once."),
        ('vault,secret\n"contoso', "is not valid CSV"),
        ("vault;secret\ncontoso;a\n", "targets.csv:1: must have the names of the columns, separated by commas"),
        ("vault,secret\rcontoso,a\rcontoso,b_c\r", "targets.csv:3: secret contains an underscore."),
        ("vault,secret,name\ncontoso,a," + "x" * 200_000, "targets.csv:2: is not valid CSV: field larger than"),
        ("vault,secret,name\ncontoso,a,\u202eevil\n", "targets.csv:2: ?evil: name must be one line"),
        ("vault,secret\n" + "contoso,a\n" * 50_001, "targets.csv: contains more than 50000 targets."),
    ],
)
def test_csv__each_mistake_names_line_and_reason(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in problem(tmp_path, text, "targets.csv")


SECRET = "Qx78Q~SuperSecretValue_12345678901234567"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"[[target]]\nvault='contoso'\nsecret='x'\nclient_secret='{SECRET}'", "targets.toml"),
        (f"[[target]]\nname='{SECRET}'\nvault='contoso'\nsecret='x'", "targets.toml"),
        (f"[[target]]\nclient_secret = {SECRET}", "targets.toml"),
        (f"'{SECRET}' = 1\n[[target]]\nvault='contoso'\nsecret='x'", "targets.toml"),
        (f"[[target]]\nvault='contoso'\nsecret='x'\nlabels.owner='{SECRET}'", "targets.toml"),
        (f"contoso,demo,{SECRET}\ncontoso,other,\n", "targets.csv"),
        ("[[target]]\nvault='contoso'\nsecret='x'\nclient_secret='hunter2'", "targets.toml"),
        ("contoso,demo,hunter2\n", "targets.csv"),
        ("[[target]]\nsite='https://a.example'\ntoken='hunter2'", "targets.toml"),
    ],
)
def test_secret_in_a_file__is_refused_and_not_repeated(tmp_path: Path, text: str, name: str) -> None:
    message = problem(tmp_path, text, name)
    assert message.startswith(f"{name}:")
    assert not any(secret in message for secret in (SECRET, SECRET[:12], "hunter2"))


def test_file__errors_of_all_lines_at_once(tmp_path: Path) -> None:
    text = "vault,secret\n" + "contoso,a_b\n" * 30
    lines = problem(tmp_path, text, "targets.csv").splitlines()
    assert lines[0].startswith("targets.csv:2: ")
    assert lines[-1] == "10 more errors."


def test_file__missing_or_binary(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match=r"nothing\.toml: cannot be read: No such file or directory\."):
        read_targets(tmp_path / "nothing.toml")
    path = tmp_path / "binary.csv"
    path.write_bytes(b"vault,secret\ncontoso,\xff\xfe\n")
    with pytest.raises(InvalidFileError, match=r"binary\.csv:2: is not UTF-8 text\."):
        read_targets(path)


@pytest.mark.django_db
def test_import__with_one_mistake_changes_nothing(tmp_path: Path) -> None:
    call_command("fleet", "add", "vault=contoso", "secret=demo")
    path = written(tmp_path, TOML + "\n[[target]]\nvault = 'contoso'\nsecret = 'a_b'\n")
    with pytest.raises(CommandError, match=r"targets\.toml:30: secret ") as caught:
        call_command("fleet", "import", str(path), "--prune")
    assert caught.value.returncode == 2
    assert list(Target.objects.values_list("name", flat=True)) == ["contoso/demo"]


@pytest.mark.parametrize("key", ["client_secret", "certificate_password"])
def test_secret_in_place_of_a_reference__is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(InvalidTargetError, match="secrets are never stored") as caught:
        describe({"vault": "contoso", "secret": "demo", key: "hunter2-hunter2", "credential": "dev"})
    assert "hunter2" not in str(caught.value)


def test_secret_in_a_wrong_key__is_refused_and_not_repeated() -> None:
    secret = "abc8Q~" + "x" * 34
    with pytest.raises(InvalidTargetError, match="name contains what looks like") as caught:
        describe({"name": secret, "vault": "contoso", "secret": "demo"})
    assert secret not in str(caught.value)


@pytest.mark.django_db
def test_import__keeps_the_state_of_the_same_address_only() -> None:
    for name in ("same", "moved"):
        store([describe({"name": name, "vault": "contoso", "secret": "demo"})])
        record(Target.objects.get(name=name).pk, seen())
    moved = {"name": "moved", "vault": "contoso", "secret": "other"}
    assert store([describe({"name": "same", "vault": "contoso", "secret": "demo"}), describe(moved)]) == (0, 2, 0)
    assert Target.objects.get(name="same").ok is True
    target = Target.objects.get(name="moved")
    assert (target.ok, target.state, target.observations.count()) == (None, "", 0)


@pytest.mark.django_db
def test_prune_and_remove__leave_the_site_s_own_target() -> None:
    Target.objects.create(name="this site: contoso.vault.azure.net/demo", kind="own")
    call_command("fleet", "add", "vault=contoso", "secret=demo")
    assert store([describe({"vault": "contoso", "secret": "other"})], remove_others=True) == (1, 0, 1)
    call_command("fleet", "remove", "contoso/other")
    assert [target.kind for target in Target.objects.all()] == ["own"]
    with pytest.raises(CommandError, match="There is no target 'contoso/other'"):
        call_command("fleet", "remove", "contoso/other")


def test_overrides__a_credential_of_its_own_replaces_the_site_s() -> None:
    site = {"KVSITE_CREDENTIAL": "managed-identity", "KVSITE_MANAGED_IDENTITY_CLIENT_ID": CLIENT,
            "KVSITE_EXPECTED_OBJECT_ID": CLIENT}  # fmt: skip
    with_site = conf.load({**site, **overrides(ADDRESS, {})})
    assert with_site.credential
    assert with_site.credential.managed_identity
    assert with_site.expected is None
    own = conf.load({**site, **overrides(ADDRESS, {"KVSITE_CREDENTIAL": "azure-cli"})})
    assert own.credential
    assert own.credential.managed_identity is None
    assert not own.problems


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://A.example:8443/", "https://a.example:8443"),
        ("https://a.example/principal/api/reading", "https://a.example/principal"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_site_url(text: str, url: str) -> None:
    assert site_url(text) == url


@pytest.mark.parametrize(
    "text", ["ftp://a", "https://", "https://a?x=1", "https://a b", "//a", "https://a:x", "http://10.0.0.1"]
)
def test_site_url__invalid(text: str) -> None:
    with pytest.raises(InvalidTargetError):
        site_url(text)
