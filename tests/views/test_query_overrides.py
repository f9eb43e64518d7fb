"""Query parameters that select the identity, as in the .NET samples: for this request only."""

import gc
import tracemalloc
import uuid
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from localazure.scenarios.directory import SHARED_IDENTITY, SITE_IDENTITY, WRITER_IDENTITY
from secrets_app import conf
from secrets_app.conf.overrides import resolve_overrides
from secrets_app.conf.request import secret_request
from secrets_app.core import budget
from secrets_app.keyvault.pool import pooled_connection
from tests.conftest import World
from tests.support.readings import get_reading

ME = "userAssignedClientId"


def name_of(client: Client, **query: str) -> Any:
    document = client.get(f"/api/reading?{urlencode(query)}").json()
    return document["principal"] and document["principal"]["name"]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("userAssignedClientId", WRITER_IDENTITY.client_id),
        ("userassignedclientid", WRITER_IDENTITY.client_id.upper()),
        ("USERASSIGNEDRESOURCEID", WRITER_IDENTITY.resource_id),
        ("userAssignedObjectId", WRITER_IDENTITY.object_id),
        ("userassignedid", WRITER_IDENTITY.client_id),
        ("userAssignedId", WRITER_IDENTITY.resource_id),
    ],
)
def test_identity_query__accepts_any_of_its_ids(client: Client, world: World, parameter: str, value: str) -> None:
    world("vm-two-identities")
    assert name_of(client, **{parameter: value}) == "kvsite-writer"


def test_empty_query__uses_the_configured_identity(client: Client, world: World) -> None:
    world("app-service")
    assert name_of(client) == SITE_IDENTITY.name
    assert name_of(client, userAssignedClientId="", userassignedid="  ") == SITE_IDENTITY.name


def test_identity_query__precedence_is_client_resource_object_id(client: Client, world: World) -> None:
    world("vm-two-identities")
    shared, writer = SHARED_IDENTITY, WRITER_IDENTITY
    first = {"userAssignedObjectId": writer.object_id, "userAssignedResourceId": shared.resource_id}
    assert name_of(client, **first) == shared.name
    assert name_of(client, **first, userAssignedClientId=writer.client_id) == writer.name
    assert name_of(client, **first, userassignedid=writer.client_id) == writer.name


def test_page__shows_and_keeps_the_requested_identity(client: Client, world: World) -> None:
    world("vm-two-identities")
    html = client.get(f"/?{ME}={SHARED_IDENTITY.client_id}").content.decode()
    assert "The secret demo was read." in html
    assert f"client ID {SHARED_IDENTITY.client_id}" in html
    assert f'href="/?refresh=1&amp;{ME}={SHARED_IDENTITY.client_id}"' in html
    assert f"client ID {SHARED_IDENTITY.client_id}" not in client.get("/").content.decode()


@pytest.mark.parametrize("path", ["/", "/secret/", "/api/reading"])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("userAssignedClientId=abc", "userAssignedClientId is not a valid client ID"),
        ("userassignedid=%7B91bc4621-2e5a-436e-bb44-75d5e0f13b45%7D", "userassignedid is not a valid client ID"),
        ("userAssignedObjectId=..%2F..", "userAssignedObjectId is not a valid object ID"),
        ("userAssignedResourceId=/subscriptions/x", "userAssignedResourceId is not the resource ID"),
        ("userassignedid=/subscriptions/x", "userassignedid is not the resource ID"),
        (f"userAssignedClientId={SHARED_IDENTITY.client_id}&userAssignedObjectId=1", "userAssignedObjectId is not"),
    ],
)
def test_invalid_id__is_rejected_before_anything_is_sent(
    client: Client, world: World, path: str, query: str, expected: str
) -> None:
    azure = world("app-service")
    response = client.get(f"{path}?{query}")
    assert response.status_code == 400
    assert expected in response.content.decode()
    assert azure.requests == ()


def test_identity_query__replaces_all_credential_settings(world: World, settings: Any) -> None:
    world("vm-two-identities")
    settings.SECRETS_APP |= {"KVSITE_MANAGED_IDENTITY_OBJECT_ID": WRITER_IDENTITY.object_id,
                             "KVSITE_CLIENT_ID": "wrong", "KVSITE_EXCLUDE_CREDENTIALS": "azure-cli",
                             "KVSITE_EXPECTED_APP_ID": WRITER_IDENTITY.client_id}  # fmt: skip
    reading = get_reading(resolve_overrides({ME: SHARED_IDENTITY.client_id}).request)
    assert reading.principal
    assert reading.principal.name == SHARED_IDENTITY.name
    assert reading.ok


def test_visitor_without_access__cannot_select_an_identity(client: Client, world: World) -> None:
    azure = world("vm-two-identities")
    for path in ("/", "/secret/", "/api/reading"):
        response = client.get(path, {ME: SHARED_IDENTITY.client_id}, REMOTE_ADDR="203.0.113.9")
        assert response.status_code == 403
    assert azure.requests == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/Home/GetSecret", "/secret/"),
        ("/home/getsecret/", "/secret/"),
        ("/GetSecret", "/secret/"),
        ("/GETSECRET?userAssignedClientId=x%20y&b=1", "/secret/?userAssignedClientId=x%20y&b=1"),
        ("/api/AcquireTokenMsi?userassignedid=1", "/api/reading?userassignedid=1"),
    ],
)
def test_old_url__redirects_with_its_query(client: Client, world: World, old: str, new: str) -> None:
    azure = world("app-service")
    response = client.get(old)
    assert (response.status_code, response.headers["Location"]) == (301, new)
    assert client.put(old).status_code == 405
    assert azure.requests == ()


def test_old_link__reaches_its_result(client: Client, world: World) -> None:
    world("vm-two-identities")
    response = client.get(f"/api/AcquireTokenMsi?userassignedid={SHARED_IDENTITY.client_id}", follow=True)
    assert response.json()["principal"]["name"] == SHARED_IDENTITY.name


def test_many_ids__keep_the_pool_bounded_and_the_sites_connection(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "READINGS_PER_S", 1000)  # the visitors' budget has tests of its own
    world("app-service")
    get_reading(conf.current())
    own = pooled_connection(secret_request(conf.current()))

    def flood(count: int) -> None:
        for _ in range(count):
            assert not get_reading(resolve_overrides({ME: str(uuid.uuid4())}).request).ok

    tracemalloc.start()
    try:
        flood(20)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        flood(40)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 40 * 50_000  # a connection that stays open needs 100 KB and more
    assert pooled_connection(secret_request(conf.current())) is own
    assert get_reading(conf.current()).token_reused
