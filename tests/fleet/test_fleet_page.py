"""The page and the JSON of the fleet."""

import html
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fleet.description import describe
from fleet.models import Observation, Target
from fleet.observed import Observed
from fleet.openapi import openapi_document
from fleet.recording import record
from fleet.storing import store
from fleet.urls import urlpatterns
from tests.conftest import World
from tests.fleet.conftest import DENIED, OK
from tests.support.access_requests import ELSEWHERE
from tests.support.json_schemas import specification_errors, strict_validator

EXPECTED = "11111111-1111-4111-8111-111111111111"
UNEXPECTED = {**OK, "ok": False, "cause": "unexpected_principal"}
NO_ANSWER = {"ok": False, "cause": "dns_failure", "stage": "network"}


def add(
    name: str, result: dict[str, Any] | None, *, minutes_ago: float = 5, secret: str = "demo", **more: Any
) -> Target:
    """A target that was checked once, `minutes_ago`."""
    store([describe({"name": name, **({} if "site" in more else {"vault": "contoso", "secret": secret}), **more})])
    target = Target.objects.get(name=name)
    if result is not None:
        record(target.pk, Observed(at=datetime.now(UTC) - timedelta(minutes=minutes_ago), **result))
    return Target.objects.get(name=name)


@pytest.mark.django_db
def test_check_without_a_token__shows_no_earlier_principal(world: World, client: Client) -> None:
    world("app-service")
    target = add("offline now", OK, minutes_ago=10)
    record(target.pk, Observed(at=datetime.now(UTC), **NO_ANSWER))
    row = json.loads(client.get("/api/fleet").content)["targets"][0]
    assert (row["state"], row["principal"]) == ("unreachable", "")
    assert "as kvsite-demo" not in client.get(f"/history/?target={target.pk}").content.decode()
    assert "kvsite-demo" not in client.get("/fleet/").content.decode()


def test_unauthenticated_visitor__sees_no_target(targets: None) -> None:
    paths = [f"/{pattern.pattern}" for pattern in urlpatterns]
    assert len(paths) >= 5
    visitor = Client(headers={"host": "127.0.0.1:8000"}, **ELSEWHERE)  # type: ignore[arg-type]
    target = Target.objects.latest("pk").pk
    for path in (*paths, f"/history/?target={target}", f"/api/history?target={target}&format=csv"):
        response = visitor.get(path)
        assert response.status_code == 403, path
        assert b"contoso" not in response.content
        assert b"denied lately" not in response.content


@pytest.fixture
def targets(db: None, world: World) -> None:
    world("app-service")
    soon = datetime.now(UTC) + timedelta(days=3)
    add("fine", {**OK, "expires_on": soon, "is_certificate": True}, labels={"team": "web"})
    add("denied earlier", DENIED, minutes_ago=90, secret="other", labels={"team": "payments"})
    add("denied lately", DENIED, minutes_ago=3, labels={"team": "payments"})
    add("silent", NO_ANSWER, labels={"team": "web"})
    add("somebody else", UNEXPECTED, expected_object_id=EXPECTED, labels={"team": "web"})
    add("new", None, credential_expires_on=(datetime.now(UTC) - timedelta(days=1)).date())


@pytest.mark.usefixtures("targets")
def test_json__the_worst_first_with_counts_and_groups(client: Client) -> None:
    document = client.get("/api/fleet?group=team").json()
    names = [target["name"] for target in document["targets"]]
    assert names == ["denied lately", "denied earlier", "silent", "somebody else", "new", "fine"]
    counts = {row["state"]: row["count"] for row in document["states"]}
    assert counts == {"refused": 2, "unreachable": 1, "unexpected": 1, "unchecked": 1, "readable": 1}
    groups = {row["value"]: (row["count"], row["failing"]) for row in document["groups"]}
    assert groups == {"payments": (2, 2), "web": (3, 2), "": (1, 0)}
    assert document["ok"] is False
    assert [(row["what"], row["target"]) for row in document["expiries"]] == [
        ("credential", "new"),
        ("certificate", "fine"),
    ]
    assert document["expired"] == 1
    assert [(day["certificates"], day["secrets"]) for day in document["expiry_days"]] == [(1, 0)]


@pytest.mark.usefixtures("targets")
def test_json__is_what_its_schema_says(client: Client) -> None:
    document = client.get("/api/fleet").json()
    schema = client.get("/api/fleet/schema").json()
    assert schema == openapi_document()
    assert specification_errors(schema) == []
    check = strict_validator(schema, "Fleet")
    assert [error.message for error in check.iter_errors(document)] == []
    assert [error.message for error in check.iter_errors({**document, "count": "6"})] != []


@pytest.mark.usefixtures("targets")
def test_page__summary_rows_heat_map_calendar_and_matrix(client: Client) -> None:
    page = client.get("/fleet/").content.decode()
    assert "4 of 6 targets are not readable." in page
    assert "<strong>2</strong> Refused" in page
    assert page.index("denied lately") < page.index("denied earlier") < page.index(">fine<")
    assert page.count('<svg class="states"') == 6
    assert 'aria-label="Last 24 hours: no readings"' in page
    assert '<svg class="calendar"' in page
    assert "1 certificate" in page
    assert 'role="region"' in page
    assert "<script" in page.replace('src="/static/secrets_app/copy.js" defer', "")  # the site's own, nothing needs it
    assert page.count("<script") == 1


@pytest.mark.usefixtures("targets")
def test_other_principal__is_said_with_the_expected_one(client: Client) -> None:
    page = client.get("/fleet/?state=unexpected").content.decode()
    assert "Other principal" in page
    assert f"expected object <code>{EXPECTED}</code>" in page
    assert "kvsite-demo (system-assigned managed identity)" in page
    [row] = client.get("/api/fleet?state=unexpected").json()["targets"]
    assert (row["ok"], row["state"], row["expected"]) == (False, "unexpected", {"object_id": EXPECTED})


@pytest.mark.usefixtures("targets")
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=refused", ["denied lately", "denied earlier"]),
        ("state=unchecked", ["new"]),
        ("q=FORBIDDENBYRBAC", ["denied lately", "denied earlier"]),
        ("label=team=web&state=readable", ["fine"]),
        ("label=team=", ["new"]),
        ("label=team=web,team=payments", []),
        ("label=team=web&label=env=&state=failing", ["silent", "somebody else"]),
        ("state=failing", ["denied lately", "denied earlier", "silent", "somebody else"]),
        ("cause=dns_failure", ["silent"]),
        ("q=%25", []),
        ("page=7", ["denied lately", "denied earlier", "silent", "somebody else", "new", "fine"]),
    ],
)
def test_filters(client: Client, query: str, names: list[str]) -> None:
    assert [row["name"] for row in client.get(f"/api/fleet?{query}").json()["targets"]] == names
    assert client.get(f"/fleet/?{query}").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        "state=x",
        "page=0",
        "page=²",
        "label=x",
        "label='=1",
        "cause=a%00b",
        "label=a=%E2%80%AEb",
        "state=refused&state=readable",
        "group=a b",
        "range=90d",
        "nonsense=1",
        f"q={'x' * 101}",
    ],
)
def test_invalid_query__is_400(world: World, client: Client, query: str) -> None:
    world("app-service")
    assert client.get(f"/fleet/?{query}").status_code == 400


@pytest.mark.django_db
def test_without_targets__the_page_says_how_to_add_them(world: World, client: Client) -> None:
    world("app-service")
    page = client.get("/fleet/").content.decode()
    assert "There are no targets yet." in page
    assert "manage.py fleet import" in page
    assert client.get("/api/fleet").json()["ok"] is None


@pytest.mark.django_db
def test_access__is_that_of_the_site(settings: Any, world: World) -> None:
    world("app-service")
    settings.SECRETS_APP = {**settings.SECRETS_APP, "KVSITE_ACCESS": "loopback"}
    remote = Client(headers={"host": "127.0.0.1:8000"}, REMOTE_ADDR="203.0.113.5")
    for path in ("/fleet/", "/api/fleet", "/api/fleet/schema"):
        assert remote.get(path).status_code == 403


@pytest.mark.django_db
def test_texts_from_targets__are_escaped(world: World, client: Client) -> None:
    world("app-service")
    add("<b>bold</b>", {**OK, "principal_name": "<i>x</i>"}, labels={"team": "<u>y</u>"})
    page = client.get("/fleet/").content.decode()
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert not any(tag in page for tag in ("<b>", "<i>", "<u>"))


@pytest.mark.django_db
def test_many_targets__the_work_of_a_page_does_not_grow_with_them(world: World, client: Client) -> None:
    world("app-service")

    def page(count: int) -> tuple[int, int]:
        store(
            [
                describe({"vault": f"v-{n % 7}a", "secret": f"s-{n}", "labels": {"team": str(n % 3)}})
                for n in range(count)
            ]
        )
        with CaptureQueriesContext(connection) as queries:
            text = client.get("/fleet/").content.decode()
        return len(queries), text.count('<svg class="states"')

    few, many = page(120), page(400)
    assert few == many
    assert few[1] == 100


@pytest.mark.django_db
def test_heat_map__has_gap_failure_and_share(world: World, client: Client) -> None:
    world("app-service")
    target = add("flapping", {**OK}, minutes_ago=60)
    now = datetime.now(UTC)
    Observation.objects.create(
        target=target, first_at=now - timedelta(minutes=30), last_at=now, ok=False, cause="x", status=403
    )
    page = client.get("/fleet/?range=7d").content.decode()
    assert re.search(r'aria-label="Last 7 days: readable 50.* % since 20[0-9-]+ [0-9:]+ UTC, 1 failure"', page)


@pytest.mark.django_db
def test_failures__by_error_with_their_vaults_and_principals(world: World, client: Client) -> None:
    world("app-service")
    for number in range(3):
        add(f"a-{number}", DENIED, secret=f"s-{number}", minutes_ago=10 + number)
    add("b", {**DENIED, "principal_name": "other"}, vault="fabrikam", minutes_ago=2)
    add("c", NO_ANSWER)
    first, second = client.get("/api/fleet").json()["failures"]
    assert (first["code"], first["count"], first["principals"], first["principal"]) == ("403 ForbiddenByRbac", 4, 2, "")
    assert [(place["url"], place["count"]) for place in first["most_in"]] == [
        ("https://contoso.vault.azure.net", 3),
        ("https://fabrikam.vault.azure.net", 1),
    ]
    assert first["first_since"] == first["most_in"][0]["since"] < first["since"]
    assert (second["cause"], second["count"], second["state"]) == ("dns_failure", 1, "unreachable")
    page = client.get("/fleet/").content.decode()
    assert "The identity has no role assignment that allows reading secrets" in page
    link = re.search(r'<a href="(\?[^"]+)" aria-label="4 targets, 403 ForbiddenByRbac">4</a>', page)
    assert link
    names = [row["name"] for row in client.get(f"/api/fleet{html.unescape(link[1])}").json()["targets"]]
    assert names == ["b", "a-0", "a-1", "a-2"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["2024", "state", "q", "page", "label", "a.b", "a-b", "-"])
def test_label__with_any_name_groups_and_filters(world: World, client: Client, name: str) -> None:
    """Digits are no index of an array, and names of parameters are those of labels too."""
    world("app-service")
    labels = {"labels": {name: "x=1"}} if name != "-" else {}
    add("labelled", OK, **labels)
    add("other", OK, labels={"team": "y"})
    if name == "-":  # no label: the groups are switched off
        assert client.get("/api/fleet?group=-").json()["groups"] == []
        assert 'id="groups"' not in client.get("/fleet/?group=-").content.decode()
        return
    groups = client.get(f"/api/fleet?group={name}").json()["groups"]
    assert {(group["value"], group["count"]) for group in groups} == {("", 1), ("x=1", 1)}
    document = client.get(f"/api/fleet?label={name}=x=1").json()
    assert [row["name"] for row in document["targets"]] == ["labelled"]
    assert document["filters"] == {"state": "", "q": "", "cause": "", "label": [f"{name}=x=1"]}
    page = client.get(f"/fleet/?group={name}&state=readable").content.decode()
    assert f'href="?state=readable&amp;group={name}&amp;label={name}=x=1"' in page


@pytest.mark.usefixtures("targets")
def test_links__keep_the_other_filters(client: Client) -> None:
    page = client.get("/fleet/?label=team=web&label=env=&q=s&range=7d").content.decode()
    assert 'href="?state=unreachable&amp;q=s&amp;range=7d&amp;label=team=web&amp;label=env="' in page
    assert 'value="team=web,env="' in page
    again = client.get("/fleet/?label=team=web&group=team").content.decode()
    assert 'href="?group=team&amp;label=team=web"' in again  # the other value of a label replaces it


@pytest.mark.usefixtures("targets")
def test_json__has_the_states_of_the_page_with_a_range(client: Client) -> None:
    document = client.get("/api/fleet?range=24h&state=failing").json()
    assert document["range"] == "24h"
    assert [row["target_id"] for row in document["histories"]] == [row["id"] for row in document["targets"]]
    assert document["histories"][0]["segments"][-1]["result"] == "403 ForbiddenByRbac"
    assert client.get("/api/fleet").json()["histories"] == []
    schema = strict_validator(openapi_document(), "Fleet")
    assert [error.message for error in schema.iter_errors(document)] == []


@pytest.mark.usefixtures("targets")
def test_parameters__are_those_of_the_schema(client: Client) -> None:
    named = {row["name"] for row in openapi_document()["paths"]["/api/fleet"]["get"]["parameters"]}
    answer = client.get("/fleet/?nonsense=1").content.decode()
    assert named == {"state", "q", "cause", "label", "group", "page", "range"}
    assert all(name in answer for name in named)


@pytest.mark.django_db
def test_removed_target__its_page_says_so(world: World, client: Client) -> None:
    world("app-service")
    answer = client.get("/history/?target=999")
    assert answer.status_code == 404
    assert "There is no target with this number." in answer.content.decode()


def test_old_schema__is_one_sentence(world: World, client: Client, transactional_db: None) -> None:
    world("app-service")
    call_command("migrate", "fleet", "0001", verbosity=0, skip_checks=True)
    try:
        answer = client.get("/fleet/")
        assert answer.status_code == 503
        assert "Run: python manage.py migrate" in answer.content.decode()
        assert json.loads(client.get("/api/fleet").content)["error"].endswith("Run: python manage.py migrate")
    finally:
        connection.close()
        call_command("migrate", "fleet", verbosity=0, skip_checks=True)
