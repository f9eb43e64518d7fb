"""The Python interface for other projects: seed, secrets, grants, switching, resetting and running in this process."""

import os
from pathlib import Path

import httpx
import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

import localazure
from localazure import ListenError, LocalAzure, SeedError
from localazure.scenarios.directory import SITE_IDENTITY

SEED = """
[[vault]]
name = "orders"
secrets.db-password = "from the seed"
grants = [{to = "kvsite-demo", role = "Key Vault Secrets User"}]
"""
SEED_MAPPING = {
    "vault": [
        {
            "name": "orders",
            "secrets": {"db-password": "from the seed"},
            "grants": [{"to": "kvsite-demo", "role": "Key Vault Secrets User"}],
        }
    ]
}


def read(name: str = "demo", vault: str = "contoso") -> str | None:
    with SecretClient(f"https://{vault}.vault.azure.net", DefaultAzureCredential()) as client:
        return client.get_secret(name).value


@pytest.mark.parametrize("kind", ["path", "text", "mapping"])
def test_seed__path_text_or_mapping(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "seed.toml"
    path.write_text(SEED)
    seed = {"path": path, "text": SEED, "mapping": SEED_MAPPING}[kind]
    with LocalAzure(seed=seed) as azure, azure.active():  # type: ignore[arg-type]
        assert read("db-password", "orders") == "from the seed"


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ("/nowhere.toml", "/nowhere.toml: No such file or directory"),
        ("[[vault]]\n", "seed:1: vault 1: name is missing"),
        ({"vault": [{"name": "x", "secrets": {"a": 1}}]}, "seed: vault 'x', secret 'a': must be a table"),
    ],
)
def test_seed__invalid__names_the_position(seed: object, message: str) -> None:
    with pytest.raises(SeedError) as raised:
        LocalAzure(seed=seed)  # type: ignore[arg-type]
    assert str(raised.value) == message


def test_vault__secrets_as_a_mapping() -> None:
    with LocalAzure() as azure, azure.active():
        secrets = azure.vault("contoso")
        secrets["db-password"] = "one"
        secrets["db-password"] = "two"
        assert read("db-password") == "two"
        with SecretClient("https://contoso.vault.azure.net", DefaultAzureCredential()) as client:
            assert len(list(client.list_properties_of_secret_versions("db-password"))) == 2
        assert secrets["DB-Password"] == "two"
        assert sorted(secrets) == ["db-password", "demo"]
        assert "two" not in repr(secrets)
        del secrets["db-password"]
        with pytest.raises(HttpResponseError, match="SecretNotFound"):
            read("db-password")
        secrets["db-password"] = "three"  # recovers it
        assert read("db-password") == "three"


def test_vault__mistakes() -> None:
    with LocalAzure() as azure:
        secrets = azure.vault()
        with pytest.raises(KeyError):
            secrets["missing"]
        with pytest.raises(KeyError):
            del secrets["missing"]
        with pytest.raises(ValueError, match="'a_b' is not a secret name"):
            secrets["a_b"] = "x"
        with pytest.raises(TypeError, match="must be a string, not int"):
            secrets["a"] = 7  # type: ignore[assignment]
        with pytest.raises(LookupError, match="Vault 'other' does not exist"):
            azure.vault("other")


def test_active__sets_variables_and_restores_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", "mine")
    monkeypatch.setenv("OTHER", "kept")
    before = dict(os.environ)
    with LocalAzure() as azure:
        with azure.active():
            assert os.environ["LOCAL_AZURE_STATUS_URL"] == azure.status_url
            assert os.environ["OTHER"] == "kept"
            assert "AZURE_CLIENT_ID" not in os.environ
            assert read() == azure.secret_value
        assert dict(os.environ) == before
        with pytest.raises(ZeroDivisionError), azure.active():
            _ = 1 / 0
    assert dict(os.environ) == before


def test_switch__same_port_and_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    before = dict(os.environ)
    with LocalAzure(seed=SEED) as azure, azure.active():
        first = azure.env
        azure.switch("no-role")
        assert {azure.env[name] == first[name] for name in ("HTTPS_PROXY", "SSL_CERT_FILE")} == {True}
        with pytest.raises(HttpResponseError, match="ForbiddenByRbac"):
            read()
        azure.switch("service-principal-secret")
        assert "IDENTITY_ENDPOINT" not in os.environ
        assert read() == azure.secret_value
        azure.switch("laptop")
        assert read() == azure.secret_value
        azure.switch("intercepted")
        with pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(azure.env["KEY_VAULT_URI"])
        azure.switch("app-service")
        assert read("db-password", "orders") == "from the seed"
    assert dict(os.environ) == before


@pytest.mark.parametrize("scenario", ["app-service", "service-principal-secret", "service-principal-certificate"])
def test_reset__running_clients_go_on(scenario: str) -> None:
    with LocalAzure(scenario) as azure, azure.active():
        client = SecretClient(azure.env["KEY_VAULT_URI"], DefaultAzureCredential())
        assert client.get_secret("demo").value == azure.secret_value
        before = azure.env
        azure.vault()["demo"] = "changed"
        azure.vault()["more"] = "x"
        assert client.get_secret("demo").value == "changed"
        azure.reset()
        assert azure.env == before
        assert azure.requests == ()
        assert list(azure.vault()) == ["demo"]
        assert client.get_secret("demo").value == azure.secret_value
        assert azure.requests[-1].query == "api-version=2026-04-01"
        assert azure.requests[-1].identity in ("kvsite-demo", "kvsite-app")
        assert DefaultAzureCredential().get_token("https://vault.azure.net/.default").token


def test_reset__removes_grants() -> None:
    with LocalAzure("no-role") as azure, azure.active():
        azure.grant(SITE_IDENTITY)
        assert read() == azure.secret_value
        azure.reset()
        with pytest.raises(HttpResponseError, match="ForbiddenByRbac"):
            read()


def test_host_and_port__are_in_the_variables() -> None:
    with LocalAzure("laptop", host="localhost") as azure, azure.active():
        assert azure.env["HTTPS_PROXY"].startswith("http://localhost:")
        assert read() == azure.secret_value
        port = int(azure.env["HTTPS_PROXY"].rpartition(":")[2])
        with pytest.raises(ListenError, match=f"cannot listen on localhost:{port}: Address already in use"):
            LocalAzure(host="localhost", port=port).__enter__()
    with LocalAzure(host="localhost", port=port) as again:
        assert again.env["HTTPS_PROXY"] == f"http://localhost:{port}"
    with pytest.raises(ListenError, match=r"cannot listen on nowhere\.invalid"):
        LocalAzure(host="nowhere.invalid").__enter__()


def test_public_names__are_found() -> None:
    assert [name for name in localazure.__all__ if not hasattr(localazure, name)] == []
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        localazure.Nothing  # noqa: B018
