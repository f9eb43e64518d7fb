"""Role definitions and assignments: the grants of the running scenario, who may change them, and Azure's refusals."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient
from management_client import GROUP, VAULT, Management, error_code

from localazure import LocalAzure
from localazure.scenarios.directory import DEVELOPER, FABRIKAM, PRODUCTION, SITE_IDENTITY
from localazure.scenarios.roles import SECRETS_OFFICER_ROLE, SECRETS_USER_ROLE

pytest_plugins = ["scenario_fixtures"]

Start = Callable[..., Management]
AUTHORIZATION = "/providers/Microsoft.Authorization"
VERSION = "2022-04-01"


def assignment_path(scope: str = VAULT, name: str = "") -> str:
    return f"{scope}{AUTHORIZATION}/roleAssignments/{name or uuid.uuid4()}"


def assignment_body(role: str = SECRETS_USER_ROLE.id, **more: str) -> dict[str, Any]:
    definition = f"/subscriptions/{PRODUCTION.id}{AUTHORIZATION}/roleDefinitions/{role}"
    properties = {"roleDefinitionId": definition, "principalId": SITE_IDENTITY.object_id}
    return {"properties": properties | more}


def read(azure: LocalAzure) -> str | None:
    client = SecretClient(azure.env["KEY_VAULT_URI"], DefaultAzureCredential(), retry_total=0)
    return client.get_secret(azure.env["SECRET_NAME"]).value


def test_role_assignment__lets_the_identity_read_until_it_is_deleted(management: Start) -> None:
    arm = management("no-role")
    path = assignment_path()
    assert arm.send("PUT", path, VERSION, body=assignment_body()).status_code == 201
    assert read(arm.azure) == arm.azure.secret_value
    assert arm.send("DELETE", path, VERSION).status_code == 200
    assert arm.send("DELETE", path, VERSION).status_code == 204
    with pytest.raises(HttpResponseError, match="Caller is not authorized"):
        read(arm.azure)


@pytest.mark.parametrize("scope", [PRODUCTION.scope, GROUP, f"{VAULT}/secrets/demo", VAULT.upper()])
def test_role_assignment__at_another_scope_that_contains_the_secret(management: Start, scope: str) -> None:
    arm = management("no-role")
    assert arm.send("PUT", assignment_path(scope), VERSION, body=assignment_body()).status_code == 201
    assert read(arm.azure) == arm.azure.secret_value


@pytest.mark.parametrize("scope", [f"{VAULT}/secrets/demo2", f"{VAULT}x", f"{GROUP}/providers/Microsoft.Web/sites/x"])
def test_role_assignment__at_a_scope_without_the_secret__does_not_apply(management: Start, scope: str) -> None:
    arm = management("no-role")
    assert arm.send("PUT", assignment_path(scope), VERSION, body=assignment_body()).status_code == 201
    with pytest.raises(HttpResponseError, match="Caller is not authorized"):
        read(arm.azure)


def test_role_assignment__belongs_to_one_running_scenario(management: Start) -> None:
    arm = management("no-role")
    arm.send("PUT", assignment_path(), VERSION, body=assignment_body())
    with LocalAzure("no-role") as other:
        assert SITE_IDENTITY.object_id not in [item.principal_id for item in other._state.roles]  # noqa: SLF001


def test_role_assignment__by_an_identity_without_that_right__is_refused(management: Start) -> None:
    arm = management("app-service")
    refused = arm.send("PUT", assignment_path(), VERSION, identity=SITE_IDENTITY, body=assignment_body())
    assert (refused.status_code, error_code(refused)) == (403, "AuthorizationFailed")
    text = refused.json()["error"]["message"]
    assert f"The client '{SITE_IDENTITY.client_id}' with object id '{SITE_IDENTITY.object_id}'" in text
    assert "to perform action 'Microsoft.Authorization/roleAssignments/write' over scope" in text


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("x", assignment_body(), 400, "InvalidRoleAssignmentId"),
        ("", assignment_body("0" * 8), 400, "RoleDefinitionDoesNotExist"),
        ("", assignment_body(principalId=str(uuid.UUID(int=7))), 400, "PrincipalNotFound"),
        ("", assignment_body(principalType="User"), 400, "UnmatchedPrincipalType"),
        ("", assignment_body(principalId="x"), 400, "BadRequestFormat"),
        ("", [], 400, "InvalidRequestContent"),
    ],
)
def test_role_assignment__invalid__has_azures_code(
    management: Start, name: str, body: object, status: int, code: str
) -> None:
    refused = management("no-role").send("PUT", assignment_path(name=name), VERSION, body=body)
    assert (refused.status_code, error_code(refused)) == (status, code)


def test_role_assignment__that_exists__is_a_conflict(management: Start) -> None:
    arm = management("no-role")
    name = str(uuid.uuid4())
    first = arm.send("PUT", assignment_path(name=name), VERSION, body=assignment_body())
    again = arm.send("PUT", assignment_path(), VERSION, body=assignment_body())
    assert (again.status_code, error_code(again)) == (409, "RoleAssignmentExists")
    assert name.replace("-", "") in again.json()["error"]["message"]
    other = arm.send("PUT", assignment_path(name=name), VERSION, body=assignment_body(SECRETS_OFFICER_ROLE.id))
    assert error_code(other) == "RoleAssignmentUpdateNotPermitted"
    assert arm.send("GET", assignment_path(name=name), VERSION).json() == first.json()


def test_role_assignments__are_listed_by_filter(management: Start) -> None:
    arm = management("app-service")

    def principals(filter_: str) -> list[str]:
        found = arm.send("GET", f"{VAULT}{AUTHORIZATION}/roleAssignments", VERSION, filter_=filter_).json()["value"]
        return [item["properties"]["principalId"] for item in found]

    assert sorted(principals("")) == sorted([SITE_IDENTITY.object_id, DEVELOPER.object_id])
    assert principals(f"principalId eq '{SITE_IDENTITY.object_id}'") == [SITE_IDENTITY.object_id]
    assert principals(f"assignedTo('{DEVELOPER.object_id}')") == [DEVELOPER.object_id]
    refused = arm.send("GET", f"{VAULT}{AUTHORIZATION}/roleAssignments", VERSION, filter_="x eq 1")
    assert error_code(refused) == "UnsupportedQuery"


def test_role_definition__is_found_by_name(management: Start) -> None:
    path = f"{VAULT}{AUTHORIZATION}/roleDefinitions"
    arm = management("no-role")
    (found,) = arm.send("GET", path, VERSION, filter_="roleName eq 'Key Vault Secrets User'").json()["value"]
    assert found["id"] == f"/subscriptions/{PRODUCTION.id}{AUTHORIZATION}/roleDefinitions/{SECRETS_USER_ROLE.id}"
    assert arm.send("GET", path, VERSION, filter_="roleName eq 'Nothing'").json() == {"value": []}
    assert arm.send("GET", f"{path}/{SECRETS_USER_ROLE.id}", VERSION).json() == found


def test_other_tenant__is_refused_with_the_expected_issuer(management: Start) -> None:
    refused = management("no-role").send("GET", VAULT, tenant=FABRIKAM)
    assert (refused.status_code, error_code(refused)) == (401, "InvalidAuthenticationTokenTenant")
    assert "It must match the tenant 'https://sts.windows.net/8b7a232e" in refused.json()["error"]["message"]


def test_grant_and_revoke__change_the_running_scenario(start_scenario: Callable[..., LocalAzure]) -> None:
    azure = start_scenario("no-role")
    azure.grant(SITE_IDENTITY)
    assert read(azure) == azure.secret_value
    azure.revoke(SITE_IDENTITY.object_id)
    with pytest.raises(HttpResponseError, match="Caller is not authorized"):
        read(azure)
    with pytest.raises(LookupError, match=r"Role 'Reader of everything' does not exist. Roles: Owner"):
        azure.grant(SITE_IDENTITY, "Reader of everything")
    with pytest.raises(LookupError, match=r"Vault 'other' does not exist. Vaults: contoso"):
        azure.grant(SITE_IDENTITY, vault="other")
