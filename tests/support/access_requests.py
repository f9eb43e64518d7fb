"""Settings, passphrases and request headers for tests of the access modes."""

import base64
import json
from pathlib import Path
from typing import Any

from django.test import Client

from tests.conftest import HERE

ROOT = Path(__file__).resolve().parents[2]


RIGHT = {"KEY_VAULT_URI": "https://contoso.vault.azure.net", "SECRET_NAME": "demo"}


ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}


BROWSER = {**HERE, "accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


PASSPHRASE = "correct horse battery"


VALUES_PASSPHRASE = "staple and a second horse"


ADA, ADA_ID = "ada@contoso.com", "11111111-2222-4333-8444-555555555555"


OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def principal(*claims: tuple[Any, Any], auth_typ: Any = "aad") -> str:
    document = {"auth_typ": auth_typ, "claims": [{"typ": typ, "val": val} for typ, val in claims]}
    return base64.b64encode(json.dumps(document).encode()).decode()


def headers(name: str = ADA, object_id: str = ADA_ID, idp: str = "aad") -> dict[str, str]:
    """What App Service puts on a request of somebody who signed in."""
    return {
        "X-MS-CLIENT-PRINCIPAL": principal((OBJECT_ID, object_id), ("name", "Ada"), auth_typ=idp),
        "X-MS-CLIENT-PRINCIPAL-ID": object_id,
        "X-MS-CLIENT-PRINCIPAL-NAME": name,
        "X-MS-CLIENT-PRINCIPAL-IDP": idp,
    }


def sign_in(client: Client, passphrase: str, address: str = "/sign-in/", **more: Any) -> Any:
    return client.post(address, {"passphrase": passphrase}, **more)
