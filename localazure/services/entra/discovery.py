"""Discovery documents: the endpoints of a tenant, the hosts of all clouds, and the signing keys.

https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
"""

import base64
import json
import re
from typing import Any
from urllib.parse import urlsplit

from jwt.algorithms import RSAAlgorithm

from localazure.crypto.signing_keys import signing_key
from localazure.services.entra.errors import LOGIN

ALIASES = [LOGIN, "login.windows.net", "login.microsoft.com", "sts.windows.net"]
_CHINA, _US = "login.partner.microsoftonline.cn", "login.microsoftonline.us"
CLOUDS = (
    (LOGIN, "login.windows.net", ALIASES),
    (_CHINA, _CHINA, [_CHINA, "login.chinacloudapi.cn"]),
    ("login.microsoftonline.de", "login.microsoftonline.de", ["login.microsoftonline.de"]),
    (_US, _US, [_US, "login.usgovcloudapi.net"]),
    ("login-us.microsoftonline.com", "login-us.microsoftonline.com", ["login-us.microsoftonline.com"]),
)
"""The host, the name in caches and all hosts of each cloud."""
INSTANCES = frozenset(host for _, _, aliases in CLOUDS for host in aliases)
"""The hosts that instance discovery confirms as an authority."""
CLAIMS = (
    *("sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host", "aud"),
    *("exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash"),
    "email",
)
CLAIMS_V1 = (
    *("sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host", "aud"),
    *("exp", "iat", "auth_time", "acr", "amr", "nonce", "email", "given_name", "family_name", "nickname"),
)
_AUTHORITY = re.compile(r"/([^/]+)/oauth2/(v2\.0/)?authorize", re.IGNORECASE)


def host_of(authorization_endpoint: str) -> str | None:
    """Return the host of an authorization endpoint; None when it is not a URL."""
    try:
        return urlsplit(authorization_endpoint).hostname
    except ValueError:
        return None


def instance_metadata(authorization_endpoint: str) -> dict[str, Any]:
    """Return the clouds, and the discovery document of the authority that was requested."""
    match = _AUTHORITY.fullmatch(urlsplit(authorization_endpoint).path)
    tenant, version = (match[1], match[2] or "") if match else ("common", "v2.0/")
    address = f"https://{host_of(authorization_endpoint)}/{tenant}/{version}.well-known/openid-configuration"
    clouds = (
        {"preferred_network": host, "preferred_cache": cache, "aliases": aliases} for host, cache, aliases in CLOUDS
    )
    return {"tenant_discovery_endpoint": address, "api-version": "1.1", "metadata": list(clouds)}


def configuration_v1(tenant: str, issuer: str) -> dict[str, Any]:
    """Return the document of the v1 endpoints. `tenant` is the one in the URLs."""
    return {
        **_configuration(tenant, "", issuer),
        "response_types_supported": ["code", "id_token", "code id_token", "token id_token", "token"],
        "scopes_supported": ["openid"],
        "microsoft_multi_refresh_token": True,
        "check_session_iframe": f"https://{LOGIN}/{tenant}/oauth2/checksession",
        "userinfo_endpoint": f"https://{LOGIN}/{tenant}/openid/userinfo",
        "claims_supported": list(CLAIMS_V1),
    }


def configuration_v2(tenant: str, issuer: str) -> dict[str, Any]:
    """Return the document of the v2 endpoints. `tenant` is the one in the URLs."""
    return {
        **_configuration(tenant, "/v2.0", issuer),
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "claims_supported": list(CLAIMS),
    }


def _configuration(tenant: str, version: str, issuer: str) -> dict[str, Any]:
    base = f"https://{LOGIN}/{tenant}"
    return {
        "token_endpoint": f"{base}/oauth2{version}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery{version}/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": issuer,
        "authorization_endpoint": f"{base}/oauth2{version}/authorize",
        "device_authorization_endpoint": f"{base}/oauth2{version}/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{base}/oauth2{version}/logout",
        "kerberos_endpoint": f"{base}/kerberos",
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    }


def public_key(issuer: str) -> dict[str, Any]:
    """Return the signing key as a JSON Web Key with its certificate."""
    key = signing_key()
    public = json.loads(RSAAlgorithm.to_jwk(key.private.public_key()))
    certificate = base64.b64encode(key.certificate).decode()
    names = {"kty": "RSA", "use": "sig", "kid": key.id, "x5t": key.id, "n": public["n"], "e": public["e"]}
    return {**names, "x5c": [certificate], "issuer": issuer}
