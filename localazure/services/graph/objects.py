"""The JSON of directory objects: https://learn.microsoft.com/graph/api/resources/directoryobject"""

from datetime import UTC, datetime
from typing import Any

from localazure.scenarios.directory import CONTOSO, Application, Identity, ManagedIdentity, User
from localazure.scenarios.registrations import FederatedCredential
from localazure.state.client_secrets import ClientSecret
from localazure.state.emulator_state import EmulatorState


def user_json(user: User) -> dict[str, Any]:
    return {
        "businessPhones": [],
        "displayName": user.name,
        "givenName": user.given_name,
        "jobTitle": None,
        "mail": user.guest_of or user.principal_name,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": user.family_name,
        "userPrincipalName": user.principal_name,
        "id": user.object_id,
    }


def application_json(state: EmulatorState, application: Application) -> dict[str, Any]:
    """An app registration. The values of its client secrets are not part of it."""
    return {
        "id": application.registration_id,
        "appId": application.client_id,
        "displayName": application.name,
        "signInAudience": "AzureADMyOrg",
        "identifierUris": [],
        "isFallbackPublicClient": None,
        "keyCredentials": [],
        "passwordCredentials": [secret_json(item) for item in state.directory.client_secrets.of(application.client_id)],
        "requiredResourceAccess": [],
    }


def service_principal_json(identity: Application | ManagedIdentity) -> dict[str, Any]:
    managed = False
    alternative_names: list[str] = []
    if isinstance(identity, ManagedIdentity):
        managed = True
        alternative_names = [f"isExplicit={identity.user_assigned}", identity.resource_id]
    return {
        "id": identity.object_id,
        "accountEnabled": True,
        "alternativeNames": alternative_names,
        "appId": identity.client_id,
        "appDisplayName": None if managed else identity.name,
        "appOwnerOrganizationId": None if managed else CONTOSO.id,
        "displayName": identity.name,
        "servicePrincipalNames": [identity.client_id],
        "servicePrincipalType": "ManagedIdentity" if managed else "Application",
        "keyCredentials": [],
        "passwordCredentials": [],
    }


def directory_object_json(identity: Identity) -> dict[str, Any]:
    """An object of any type, with its type."""
    if isinstance(identity, User):
        return {"@odata.type": "#microsoft.graph.user", **user_json(identity)}
    return {"@odata.type": "#microsoft.graph.servicePrincipal", **service_principal_json(identity)}


def secret_json(secret: ClientSecret) -> dict[str, Any]:
    return {
        "customKeyIdentifier": None,
        "displayName": secret.name,
        "endDateTime": _date(secret.ends_on),
        "hint": secret.hint,
        "keyId": secret.key_id,
        "secretText": None,
        "startDateTime": _date(secret.starts_on),
    }


def federated_json(credential: FederatedCredential) -> dict[str, Any]:
    return {
        "name": credential.name,
        "issuer": credential.issuer,
        "subject": credential.subject,
        "description": None,
        "audiences": [credential.audience],
    }


def _date(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%SZ}"
