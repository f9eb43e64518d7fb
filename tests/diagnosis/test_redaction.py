"""Redaction removes secrets from a text and leaves the rest readable."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_app.core.redaction import redact

SECRET = "Zq8~Q.k3y-Value_0123456789abcdefXYZ"
HEADER = base64.urlsafe_b64encode(b'{"alg":"RS256","typ":"JWT"}').decode().rstrip("=")
CLAIMS = base64.urlsafe_b64encode(json.dumps({"oid": "x" * 90}).encode()).decode().rstrip("=")
TOKEN = f"{HEADER}.{CLAIMS}.{'s1gn-ature_' * 12}"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SECRET}",
        f"authorization: {SECRET}",
        f"'Authorization': 'Basic {SECRET}'",
        f'{{"Authorization": "Bearer {SECRET}"}}',
        f"bearer {SECRET}",
        f"client_secret={SECRET}&grant_type=client_credentials",
        f"client_id=a&client_secret={SECRET}",
        f'{{"client_secret": "{SECRET}"}}',
        f"{{'clientSecret': '{SECRET}'}}",
        f"AZURE_CLIENT_SECRET={SECRET}",
        f"RunAs=App;AppId=a;TenantId=b;AppKey={SECRET}",
        f"Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey={SECRET}",
        f"DefaultEndpointsProtocol=https;AccountName=n;AccountKey={SECRET}==;EndpointSuffix=core.windows.net",
        f"Server=a;User Id=u;Password={SECRET};",
        f"Pwd = {SECRET}",
        f'"accessToken": "{SECRET}"',
        f"refresh_token={SECRET}",
        f"client_assertion={SECRET}&x=1",
        f"X-IDENTITY-HEADER: {SECRET}",
        f"MSI_SECRET={SECRET}",
        "https://a.blob.core.windows.net/c?sv=2022&sig=Zq8k3yValue0123456789abcdefXYZ%3D",
        f"http://user:{SECRET}@proxy.contoso.example:3128/",
        f"az login --service-principal -u a --password {SECRET} --tenant t",
        f"az login --service-principal -u a -p '{SECRET}'",
        f'--client-secret="{SECRET}"',
        f"-----BEGIN PRIVATE KEY-----\n{SECRET.replace('-', '')}\n-----END PRIVATE KEY-----",
        f'password="with \\" a quote {SECRET}"',
        f'{{"value": "it\'s \\"{SECRET}", "id": "https://contoso.vault.azure.net/secrets/demo/0"}}',
        f"{{'value': 'say \"x\" {SECRET}'}}",
        f'{{"home_account_id": "a", "secret": "{SECRET}"}}',
    ],
)
def test_secret__in_any_format__is_hidden(text: str) -> None:
    shown = redact(text)
    assert SECRET not in shown
    assert "k3yValue0123456789" not in shown
    assert SECRET.replace("-", "") not in shown
    assert "[hidden]" in shown


@pytest.mark.parametrize("cut", [len(TOKEN), len(TOKEN) - 40, len(HEADER) + len(CLAIMS), len(HEADER) + 1 + 60])
def test_token__whole_or_cut_off__is_hidden(cut: int) -> None:
    shown = redact(f"got token {TOKEN[:cut]} from the cache")
    assert TOKEN[:30] not in shown
    assert CLAIMS[:40] not in shown
    assert shown.startswith("got token [hidden]")


def test_token__wrapped_at_a_terminals_edge__is_hidden() -> None:
    wrapped = "\n    ".join(TOKEN[start : start + 72] for start in range(0, len(TOKEN), 72))
    shown = redact(wrapped)
    assert "x" * 20 not in base64.b64decode(CLAIMS[:40] + "==").decode(errors="replace") or CLAIMS[72:130] not in shown
    assert CLAIMS[72:130] not in shown


@given(st.text(alphabet="abcdefXYZ0123456789-_", min_size=8, max_size=200), st.text(max_size=50))
def test_token__with_any_body__is_hidden(body: str, around: str) -> None:
    token = f"eyJ{body}.eyJ{body}.{body}"
    assert token not in redact(f"{around} {token}")


@given(st.text(max_size=400))
def test_any_text__is_redacted_twice_as_once(text: str) -> None:
    once = redact(text)
    assert redact(once).count("[hidden]") >= once.count("[hidden]")


@pytest.mark.parametrize(
    "text",
    [
        "appid=aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee;oid=41baaa1d-3381-4fb6-83c8-cc76b4500d0d",
        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the value, not the secret ID.",
        "AADSTS50055: The password is expired.",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        "https://contoso-kv.vault.azure.net/secrets/demo",
        "HTTPSConnection(host='contoso-kv.vault.azure.net', port=443): Failed to resolve",
        "Code: Forbidden Inner error: ForbiddenByRbac",
        'Bearer authorization="https://login.microsoftonline.com/0a1b2c3d", resource="https://vault.azure.net"',
        "grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    ],
)
def test_ids_hosts_and_codes__stay(text: str) -> None:
    assert redact(text) == text
