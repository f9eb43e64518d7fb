"""Access through App Service authentication (Easy Auth) headers."""

import base64
import json
import runpy
import subprocess
from contextlib import closing, suppress
from http.client import HTTPConnection
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from secrets_app.access.easy_auth import Person, UnreadableError, person_of
from secrets_app.checks import check_settings
from tests.support.access_requests import ADA, ADA_ID, BROWSER, OBJECT_ID, PASSPHRASE, ROOT, headers, principal
from tests.support.serving import gunicorn


def test_signed_in_user__sees_the_page_without_the_value(site: Any) -> None:
    client = site(KVSITE_ACCESS="easy-auth")
    response = client.get("/", headers=headers())
    assert response.status_code == 200
    assert "Show value" not in response.content.decode()
    assert "Your account is not listed in KVSITE_VALUE_PEOPLE." in response.content.decode()
    assert f"Signed in as {ADA} ({ADA_ID})." in response.content.decode()


def test_headers__are_not_trusted_while_authentication_is_off(site: Any) -> None:
    response = site(KVSITE_ACCESS="easy-auth", signs_in=False).get("/", headers=headers())
    assert response.status_code == 403
    assert "the platform does not report that it is enabled" in response.content.decode()


def test_check__warns_while_authentication_is_off(site: Any) -> None:
    site(KVSITE_ACCESS="easy-auth", signs_in=False)
    (warning,) = check_settings()
    assert (warning.id, warning.is_serious()) == ("secrets_app.W026", False)
    assert warning.msg.endswith("the platform does not report that authentication is on. All visitors are denied.")
    site(KVSITE_ACCESS="easy-auth")
    assert check_settings() == []


def test_other_access_modes__ignore_the_headers(site: Any) -> None:
    assert site(KVSITE_ACCESS="loopback").get("/", headers=headers()).status_code == 403
    assert site(KVSITE_ACCESS="token", KVSITE_PASSPHRASE=PASSPHRASE).get("/", headers=headers()).status_code == 403


def test_loopback_client__has_no_access_without_signing_in(site: Any) -> None:
    site(KVSITE_ACCESS="easy-auth")
    response = Client(headers=BROWSER).get("/")
    assert response.status_code == 403
    assert "You are not signed in" in response.content.decode()
    assert "/.auth/login/aad" in response.content.decode()


@pytest.mark.parametrize(
    ("people", "sent", "status"),
    [
        (ADA, headers(), 200),
        (ADA_ID.upper(), headers(), 200),
        ("bob@contoso.com, ADA@Contoso.com", headers(), 200),
        ("bob@contoso.com", headers(), 403),
        (ADA, headers(name="bob@contoso.com,ada@contoso.com"), 403),
        (ADA, headers(name="mallory", idp="github", object_id="77"), 403),
        (ADA, headers(name=ADA, idp="github", object_id="77"), 403),
        ("77", headers(name=ADA, idp="github", object_id="77"), 200),
        (ADA_ID, headers(name="x", idp="github", object_id=ADA_ID), 200),
        ("kim@contoso.com", headers(name="\u212aim@contoso.com".encode().decode("latin-1")), 403),
        ("*", headers(), 200),
        ("*, bob@contoso.com", headers(), 403),
        ("ada@contoso.com; bob@contoso.com", headers(), 403),
        (",", headers(), 403),
    ],
)
def test_kvsite_people__restricts_access(site: Any, people: str, sent: dict[str, str], status: int) -> None:
    assert site(KVSITE_ACCESS="easy-auth", KVSITE_PEOPLE=people).get("/", headers=sent).status_code == status


def test_users_in_kvsite_value_people__see_values(site: Any) -> None:
    client = site(KVSITE_ACCESS="easy-auth", KVSITE_VALUE_PEOPLE=ADA_ID)
    assert "Show value" in client.get("/", headers=headers()).content.decode()
    assert client.post("/value/", headers=headers()).status_code == 200
    assert client.post("/value/", headers=headers(name="bob@contoso.com", object_id="2")).status_code == 403


def test_user_not_in_kvsite_people__sees_no_value(site: Any) -> None:
    client = site(KVSITE_ACCESS="easy-auth", KVSITE_PEOPLE="bob@contoso.com", KVSITE_VALUE_PEOPLE=ADA)
    assert client.post("/value/", headers=headers()).status_code == 403


MALFORMED = {
    "no base64": "!!!",
    "no JSON": base64.b64encode(b"{").decode(),
    "no UTF-8": base64.b64encode(b"\xff\xfe\xfa").decode(),
    "a list": base64.b64encode(b"[]").decode(),
    "a number": base64.b64encode(b"7").decode(),
    "null": base64.b64encode(b"null").decode(),
    "nested without end": base64.b64encode(b"[" * 100_000).decode(),
    "an endless number": base64.b64encode(b"1" * 10_000).decode(),
    "claims no list": base64.b64encode(b'{"auth_typ": "aad", "claims": {"oid": "x"}}').decode(),
    "claims no objects": base64.b64encode(b'{"auth_typ": "aad", "claims": ["oid"]}').decode(),
    "provider no text": principal((OBJECT_ID, "x"), auth_typ=["aad"]),
    "two object ids": principal((OBJECT_ID, ADA_ID), ("oid", "another")),
    "no claims": principal(),
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED)
def test_malformed_principal__is_denied(site: Any, sent: str) -> None:
    client = site(KVSITE_ACCESS="easy-auth", KVSITE_VALUE_PEOPLE=ADA)
    assert client.get("/", headers={"X-MS-CLIENT-PRINCIPAL": sent}).status_code == 403
    assert client.get("/", headers={"X-MS-CLIENT-PRINCIPAL": sent, "accept": "*/*"}).status_code == 403


@given(st.one_of(st.text(), st.binary().map(lambda raw: base64.b64encode(raw).decode())), st.text(), st.text())
def test_random_headers__never_identify_a_listed_user(blob: str, name: str, provider: str) -> None:
    sent = {
        "HTTP_X_MS_CLIENT_PRINCIPAL": blob,
        "HTTP_X_MS_CLIENT_PRINCIPAL_NAME": name,
        "HTTP_X_MS_CLIENT_PRINCIPAL_IDP": provider,
    }
    with suppress(UnreadableError):
        assert not person_of(sent).is_listed_in((ADA_ID,))


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner) | st.dictionaries(st.sampled_from(["auth_typ", "claims", "typ", "val"]), inner)


@given(st.recursive(st.none() | st.booleans() | st.text(), nested, max_leaves=10))
def test_random_json__is_a_user_or_unreadable(document: Any) -> None:
    blob = base64.b64encode(json.dumps(document).encode()).decode()
    with suppress(UnreadableError):
        assert person_of({"HTTP_X_MS_CLIENT_PRINCIPAL": blob}).display_name


def test_empty_list__contains_no_user() -> None:
    assert not Person(display_name=ADA, identifiers=frozenset({ADA})).is_listed_in(())


@pytest.mark.parametrize(
    ("variables", "believed"),
    [
        ({"WEBSITE_AUTH_ENABLED": "True", "WEBSITE_SITE_NAME": "x"}, True),
        ({"WEBSITE_AUTH_ENABLED": "True", "WEBSITE_HOSTNAME": "x.azurewebsites.net"}, True),
        ({"WEBSITE_AUTH_ENABLED": "False", "WEBSITE_SITE_NAME": "x"}, False),
        ({"WEBSITE_AUTH_ENABLED": "1", "WEBSITE_SITE_NAME": "x"}, False),
        ({"WEBSITE_AUTH_ENABLED": "True"}, False),
        ({"WEBSITE_SITE_NAME": "x"}, False),
    ],
)
def test_authentication__is_enabled_by_the_platforms_variables_only(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], believed: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert runpy.run_path(str(ROOT / "kvsite" / "settings.py"))["PLATFORM_SIGNS_IN"] is believed


@pytest.mark.program
def test_gunicorn__drops_headers_with_similar_names() -> None:
    of_the_platform = {"WEBSITE_SITE_NAME": "x", "WEBSITE_AUTH_ENABLED": "True", "KVSITE_ACCESS": "easy-auth"}
    with gunicorn(of_the_platform, stderr=subprocess.DEVNULL) as site:
        assert status_of(site.port, ("X-MS-CLIENT-PRINCIPAL-NAME", ADA)) == 200
        assert status_of(site.port, ("x-ms-client-principal-name", ADA)) == 200
        assert status_of(site.port, ("X_MS_CLIENT_PRINCIPAL_NAME", ADA)) == 403
        assert status_of(site.port, ("X-MS_CLIENT-PRINCIPAL-NAME", ADA)) == 403
        assert status_of(site.port, ("HTTP_X_MS_CLIENT_PRINCIPAL_NAME", ADA)) == 403
        assert status_of(site.port, *[("X-MS-CLIENT-PRINCIPAL-NAME", name) for name in (ADA, "bob@contoso.com")]) == 403
        # Only the server sets the path at which the site is mounted.
        assert status_of(site.port, ("X-MS-CLIENT-PRINCIPAL-NAME", ADA), ("SCRIPT_NAME", "/nowhere")) == 200
        assert status_of(site.port, ("X-MS-CLIENT-PRINCIPAL-NAME", ADA), ("PATH_INFO", "/nowhere")) == 200


def status_of(port: int, *sent: tuple[str, str]) -> int:
    """The HTTP status of a page that sends no request to Azure."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.putrequest("GET", "/causes/")
        for name, value in sent:
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse().status
