"""The JSON API: answers against their schema, errors as JSON, POST, and the OpenAPI document."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve

from localazure.scenarios import SCENARIOS
from secrets_app.openapi import openapi_document
from secrets_app.openapi.document import build_document
from tests.conftest import HERE, World
from tests.support.json_schemas import errors_in, specification_errors
from tests.support.scenario_visits import Visit

CLIENT_ID = "0f4c2d0e-2c1b-4e0a-9d4b-111111111111"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_readings__match_the_schema_in_every_scenario(visited: Callable[[str], Visit], scenario: str) -> None:
    assert errors_in("Reading", json.loads(visited(scenario).pages["/api/reading"])) == []


def test_schema__rejects_what_it_does_not_describe(visited: Callable[[str], Visit]) -> None:
    answer = json.loads(visited("no-role").pages["/api/reading"])
    assert errors_in("Reading", answer | {"access_token": "x"})
    assert errors_in("Reading", {name: value for name, value in answer.items() if name != "hints"})
    assert errors_in("Reading", answer | {"elapsed_s": "0.1"})


def test_other_answers__match_their_schemas(client: Client, world: World) -> None:
    world("no-role")
    reading = client.get("/api/reading").json()
    answers = {
        "Doctor": client.get("/api/doctor"),
        "Explanation": client.post("/api/explain", {"message": "AADSTS7000222"}, "application/json"),
        "Readiness": client.get("/readyz"),
        "Differences": client.post("/api/compare", {"a": reading, "b": reading}, "application/json"),
        "Error": client.get("/api/reading?nonsense=1"),
    }
    assert {name: errors_in(name, answer.json()) for name, answer in answers.items()} == {name: [] for name in answers}
    assert errors_in("Reading", client.get("/api/token?scope=https://management.azure.com").json()) == []
    assert errors_in("Explanation", client.post("/api/explain", "no known error", "text/plain").json()) == []
    world("app-service")
    assert errors_in("Readiness", client.get("/readyz").json()) == []


def test_openapi__is_valid_and_current(client: Client, world: World) -> None:
    azure = world("app-service")
    response = client.get("/api/schema")
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == openapi_document() == build_document()
    assert specification_errors(response.json()) == []
    assert specification_errors(response.json() | {"paths": {"/x": {"get": {"responses": 5}}}})
    for path, methods in response.json()["paths"].items():
        if path != "/readyz":  # answered by middleware
            resolve(path)
        assert set(methods) <= {"get", "post"}
    assert azure.requests == ()


def test_openapi__refers_to_existing_schemas() -> None:
    text = json.dumps(openapi_document())
    assert set(re.findall(r"#/components/schemas/(\w+)", text)) <= openapi_document()["components"]["schemas"].keys()


def test_page__lists_every_url_and_schema(client: Client, world: World) -> None:
    world("app-service")
    html = client.get("/api/").content.decode()
    for path, methods in openapi_document()["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in html
    assert "<code>manage.py doctor --json</code>" in html
    assert "`" not in html
    ids = set(re.findall(r'id="(\w+)"', html))
    assert openapi_document()["components"]["schemas"].keys() <= ids
    assert set(re.findall(r'href="#(\w+)"', html)) <= ids | {"answer"}


@pytest.mark.parametrize("path", ["/api/reading", "/api/AcquireTokenMsi", "/API/acquiretokenmsi"])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("", "application/x-www-form-urlencoded"),
        ("", "text/plain"),
        ("{}", "application/json"),
        ('{"refresh": "1"}', "application/json"),
        ("refresh=0", "application/x-www-form-urlencoded"),
    ],
)
def test_post__reads_as_the_java_function_did(world: World, path: str, body: str, content_type: str) -> None:
    world("app-service")
    strict = Client(headers=HERE, enforce_csrf_checks=True)
    response = strict.generic("POST", path.replace("/API/", "/api/"), body, content_type=content_type)
    assert response.status_code == 200
    assert response.json()["ok"] is True


def test_post__takes_the_identity_from_query_or_body(client: Client, world: World) -> None:
    world("app-service")
    by_query = client.generic("POST", f"/api/AcquireTokenMsi?userAssignedClientId={CLIENT_ID}").json()
    by_form = client.post("/api/AcquireTokenMsi", {"userAssignedClientId": CLIENT_ID}).json()
    by_body = client.post("/api/reading", {"userAssignedClientId": CLIENT_ID}, "application/json").json()
    assert by_form["identity_asked"] == by_body["identity_asked"] == {"kind": "client_id", "value": CLIENT_ID}
    assert by_query["identity_asked"] == by_form["identity_asked"]
    both = client.post("/api/reading?refresh=1", {"refresh": "1"}, "application/json")
    assert (both.status_code, both.json()["error"]) == (400, "The query parameter refresh is given more than once.")


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "status", "sentence"),
    [
        ("GET", "/api/reading?x=1", "", "", 400, "Unknown query parameter 'x'."),
        ("POST", "/api/reading", "[1]", "application/json", 400, "The request body must be a JSON object."),
        ("POST", "/api/reading", '{"refresh": 1}', "application/json", 400, "refresh must be a string."),
        ("POST", "/api/reading", "{", "application/json", 400, "The request body is not valid JSON."),
        (
            "POST",
            "/api/reading",
            "<a/>",
            "text/xml",
            415,
            "The content type must be application/json or application/x-",
        ),
        ("POST", "/api/compare", "a=1", "text/plain", 415, "The content type must be application/json."),
        ("POST", "/api/compare", '{"a": {}}', "application/json", 400, "a is not a reading."),
        ("POST", "/api/explain", "x" * 300_000, "text/plain", 413, "256 KiB"),
        ("POST", "/api/explain", "x" * 2_000_000, "text/plain", 413, "256 KiB"),
        ("PUT", "/api/reading", "", "", 405, "This URL does not take PUT; use GET, HEAD, POST."),
        ("GET", "/api/explain", "", "", 405, "This URL does not take GET; use POST."),
        ("DELETE", "/api/schema", "", "", 405, "This URL does not take DELETE; use GET, HEAD."),
        ("POST", "/readyz", "", "", 405, "This URL does not take POST; use GET, HEAD."),
        ("GET", "/api/nothing", "", "", 404, "No API exists at this URL. /api/schema lists them."),
    ],
)
def test_errors__are_json_with_one_sentence(
    world: World, method: str, path: str, body: str, content_type: str, status: int, sentence: str
) -> None:
    world("app-service")
    response = Client(headers=HERE).generic(method, path, body, content_type=content_type or "text/plain")
    assert (response.status_code, response.headers["Content-Type"]) == (status, "application/json")
    assert errors_in("Error", response.json()) == []
    assert sentence in response.json()["error"]
    assert ("Allow" in response.headers) is (status == 405)


def test_forbidden_and_failed_requests__are_json(world: World, settings: Any, monkeypatch: Any) -> None:
    world("app-service")
    denied = Client().get("/api/reading", REMOTE_ADDR="203.0.113.9")
    assert (denied.status_code, errors_in("Error", denied.json())) == (403, [])
    cross_site = Client(headers={**HERE, "Sec-Fetch-Site": "cross-site"}).get("/api/reading")
    assert (cross_site.status_code, errors_in("Error", cross_site.json())) == (403, [])
    assert "Cross-site request blocked." in cross_site.json()["error"]
    monkeypatch.setattr("secrets_app.views.api.openapi_text", lambda: 1 / 0)
    failed = Client(headers=HERE, raise_request_exception=False).get("/api/schema")
    assert failed.status_code == 500
    assert failed.json() == {"error": "This site failed to answer. The traceback is in the site's log."}


@pytest.mark.parametrize("path", ["/Home", "/home/", "/Home/Index", "/HOME/INDEX/?userAssignedClientId=x"])
def test_old_home_addresses__lead_to_the_home_page(client: Client, world: World, path: str) -> None:
    world("app-service")
    response = client.get(path)
    assert response.status_code == 301
    assert response.headers["Location"] == "/" + ("?userAssignedClientId=x" if "?" in path else "")


def test_pages__have_an_error_page_for_other_methods(client: Client, world: World) -> None:
    world("app-service")
    response = client.put("/environment/")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD"
    assert "This URL does not take PUT; use GET, HEAD." in response.content.decode()
