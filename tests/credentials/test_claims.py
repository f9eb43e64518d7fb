"""The principal of an access token, determined from its claims only."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_app.core.claims import principal_of
from secrets_app.core.reading import PrincipalKind, PrincipalType

TENANT = "11111111-2222-4333-8444-555555555555"
OBJECT = "41baaa1d-3381-4fb6-83c8-cc76b4500d0d"
APP = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
SITE = "/subscriptions/s/resourcegroups/g/providers/Microsoft.Web/sites/kvsite-demo"
SHARED = "/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shared"


def token(**claims: Any) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'RS256'})}.{part(claims)}.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("claims", "credential", "kind"),
    [
        ({"idtyp": "user", "upn": "ann@contoso.com"}, "AzureCliCredential", PrincipalKind.USER),
        ({"scp": "user_impersonation"}, "AzureCliCredential", PrincipalKind.USER),
        ({"unique_name": "live.com#ann@example.com", "idp": "live.com"}, "AzureCliCredential", PrincipalKind.USER),
        ({"preferred_username": "ann@contoso.com", "ver": "2.0"}, "InteractiveBrowserCredential", PrincipalKind.USER),
        ({"idtyp": "app"}, "ClientSecretCredential", PrincipalKind.SERVICE_PRINCIPAL),
        ({"oid": OBJECT, "sub": OBJECT}, "EnvironmentCredential", PrincipalKind.SERVICE_PRINCIPAL),
        ({"azp": APP, "azpacr": "2"}, "CertificateCredential", PrincipalKind.SERVICE_PRINCIPAL),
        ({"idtyp": "app"}, "AzureCliCredential", PrincipalKind.SERVICE_PRINCIPAL),
        (
            {"idtyp": "app", "xms_mirid": SITE},
            "ManagedIdentityCredential",
            PrincipalKind.SYSTEM_ASSIGNED_MANAGED_IDENTITY,
        ),
        (
            {"idtyp": "app", "xms_mirid": SHARED},
            "ManagedIdentityCredential",
            PrincipalKind.USER_ASSIGNED_MANAGED_IDENTITY,
        ),
        ({"xms_mirid": SHARED.lower()}, "AzureCliCredential", PrincipalKind.USER_ASSIGNED_MANAGED_IDENTITY),
        ({"idtyp": "app"}, "ManagedIdentityCredential", PrincipalKind.MANAGED_IDENTITY),
        ({"idtyp": "app"}, "WorkloadIdentityCredential", PrincipalKind.WORKLOAD_IDENTITY),
    ],
)
def test_claims__identify_the_kind_of_principal(claims: dict[str, Any], credential: str, kind: PrincipalKind) -> None:
    principal = principal_of(token(**claims), credential=credential)
    assert principal.kind is kind
    assert principal.type is (PrincipalType.USER if kind is PrincipalKind.USER else PrincipalType.APP)


def test_v1_token__ids_and_times() -> None:
    principal = principal_of(
        token(idtyp="app", oid=OBJECT, tid=TENANT, appid=APP, xms_mirid=SITE, iat=1_790_000_000, exp=1_790_086_400),
        credential="ManagedIdentityCredential",
    )
    assert (principal.object_id, principal.tenant_id, principal.app_id) == (OBJECT, TENANT, APP)
    assert principal.name == "kvsite-demo"
    assert principal.token_issued_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
    assert principal.legacy == f"IsAuthenticated:True Type:App AppId:{APP} TenantId:{TENANT}"


def test_v2_token__client_is_in_azp() -> None:
    assert principal_of(token(azp=APP, idtyp="app"), credential=None).app_id == APP


def test_legacy_line__of_a_user_has_no_app_id() -> None:
    principal = principal_of(
        token(idtyp="user", upn="ann@contoso.com", tid=TENANT, appid=APP), credential="AzureCliCredential"
    )
    assert principal.legacy == f"IsAuthenticated:True Type:User TenantId:{TENANT} UserPrincipalName:ann@contoso.com"


def test_legacy_line__ends_with_the_certificate() -> None:
    principal = principal_of(token(idtyp="app", appid=APP), credential=None, certificate_thumbprint="AB12")
    assert principal.legacy == f"IsAuthenticated:True Type:App AppId:{APP} CertificateThumbprint:AB12"


DEEP = base64.b64encode(b"[" * 9000).decode()


@pytest.mark.parametrize("text", ["", "opaque", "a.b", "a.b.c", "a.b.c.d.e", "a.bnVsbA.c", "a.WzFd.c", f"a.{DEEP}.c"])
def test_unreadable_token__has_no_type(text: str) -> None:
    principal = principal_of(text, credential="AzureCliCredential")
    assert principal.type is None
    assert principal.kind is None
    assert principal.legacy == "IsAuthenticated:True"


def test_claims_without_type__leave_the_type_unknown() -> None:
    assert principal_of(token(tid=TENANT), credential="AzureCliCredential").type is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
NAMES = st.sampled_from(["idtyp", "oid", "sub", "tid", "appid", "upn", "scp", "xms_mirid", "iat", "exp", "azpacr"])


@given(st.dictionaries(NAMES | st.text(), JSON))
def test_any_claims__give_a_principal(claims: dict[str, Any]) -> None:
    assert principal_of(token(**claims), credential=None).legacy.startswith("IsAuthenticated:True")


@given(st.text() | st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*"))
def test_any_text__gives_a_principal(text: str) -> None:
    assert principal_of(text, credential=None).legacy.startswith("IsAuthenticated:True")


def test_lone_surrogates_and_deep_nesting_in_claims__can_be_serialized() -> None:
    nested: Any = "x"
    for _ in range(900):
        nested = [nested]
    principal = principal_of(token(name="\ud800", idtyp="user", deep=nested, odd=float("nan")), credential=None)
    json.dumps(principal.claims, allow_nan=False).encode()
    assert principal.name == "?"
