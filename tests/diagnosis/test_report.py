"""The report is safe to paste: no secrets, and no text that Markdown or HTML would interpret as markup."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_app.core.reading import Attempt, Failure, Outcome, Principal, PrincipalType, Reading, Stage
from secrets_app.output.report import markdown
from tests.support.readings import diagnose
from tests.support.scenario_visits import Visit

OBJECT = "41baaa1d-3381-4fb6-83c8-cc76b4500d0d"


def _reading(message: str = "ForbiddenByRbac", secret_name: str = "demo") -> Reading:
    return diagnose(
        Reading(
            vault_url="https://contoso-kv.vault.azure.net",
            secret_name=secret_name,
            started_at=datetime(2026, 9, 14, 7, 30, tzinfo=UTC),
            elapsed_s=0.25,
            principal=Principal(type=PrincipalType.APP, object_id=OBJECT, name=message),
            attempts=(
                Attempt(credential="ManagedIdentityCredential", outcome=Outcome.TOKEN, elapsed_s=0.1),
                Attempt(credential="AzureCliCredential", outcome=Outcome.UNAVAILABLE, message=message),
            ),
            failure=Failure(stage=Stage.VAULT, status=403, code="ForbiddenByRbac", message=message),
        )
    )


def test_report__holds_the_reading() -> None:
    text = markdown(*_reading())
    assert "cannot read the secret" in text
    assert OBJECT in text
    assert "\nManagedIdentityCredential: succeeded, 100 ms\n" in text
    assert "\nResult          failed, 403 ForbiddenByRbac\n" in text
    assert re.search(r"\nEvidence +Service: Key Vault\. 403 ForbiddenByRbac\.\n", text)
    assert "\nPrincipal Used: IsAuthenticated:True Type:App\n" in text
    assert "az role assignment create" in text
    assert "<https://learn.microsoft.com/azure/key-vault/general/rbac-guide>" in text


def test_report__with_short_ids() -> None:
    text = markdown(*_reading(), shorten_ids=True)
    assert OBJECT not in text
    assert "41baaa1d…" in text


def test_report__hides_tokens_and_secrets() -> None:
    message = (
        "Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOiJ_x-y_z-0123456789.sig_na-ture "
        "client_secret=Zq8~Q_k-3y_Value"
    )
    text = markdown(*_reading(message))
    assert "eyJ" not in text
    assert "Value" not in text
    assert "hidden" in text


def test_report__hostile_values_stay_text() -> None:
    hostile = (
        "x | y\n## Owned\n<script>alert(1)</script> [click](javascript:1) ![i](http://evil) `code` @everyone\n```\n"
    )
    lines = markdown(*_reading(hostile)).splitlines()
    outside = list(_outside_fences(lines))
    assert "<script>" not in "".join(outside)
    assert "](" not in "".join(outside).replace("\\](", "")
    assert " @everyone" not in "".join(outside)
    assert "## Owned" not in outside


def _outside_fences(lines: list[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        inside ^= line.startswith("```")
        if not inside:
            yield line


@given(st.text(max_size=300))
def test_report__of_any_text__keeps_its_sections_and_fences(text: str) -> None:
    lines = markdown(*_reading(text, text)).splitlines()
    assert sum(line.startswith("```") for line in lines) % 2 == 0
    outside = list(_outside_fences(lines))
    sections = [line for line in outside if line.startswith("<")]
    assert [line.partition(":")[0] for line in sections if line != "</details>"] == [
        "<details><summary>Full error</summary>",
        "<details><summary>Credential chain",
        "<details><summary>If that does not help",
    ]
    assert sections.count("</details>") == 3


@pytest.mark.parametrize("scenario", ["no-role", "firewall", "wrong-tenant", "app-service-off", "laptop-signed-out"])
def test_report__has_the_error_once_and_is_short(visited: Callable[[str], Visit], scenario: str) -> None:
    html = visited(scenario).pages["/report/"]
    text = unescape(re.search(r'<pre class="command report"[^>]*>(.*?)</pre>', html, re.DOTALL)[1])  # type: ignore[index]
    assert text.count("Caller is not authorized") <= 1
    assert "\\" not in text  # no escape that stays raw where Markdown is not rendered
    assert 150 < len(text.split()) <= 600
    folded = re.findall(r"<details>.*?</details>", text, re.DOTALL)
    assert sum(len(part.split()) for part in folded) >= len(text.split()) / 3
