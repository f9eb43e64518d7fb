"""Messages of operating systems and runtimes, in several languages, and texts that a screenshot broke into lines."""

import json
from pathlib import Path

from secrets_app.diagnosis.explain import explain

_HERE = Path(__file__).parent


def _texts(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (_HERE / name).read_text(encoding="utf-8").splitlines()]


def test_message_of_a_system__has_its_cause_in_a_request_to_a_vault() -> None:
    """Constants of Node and OpenSSL; messages of Java, Go, .NET and Windows, also in German, Spanish and Chinese."""
    request = "Error reading https://contoso.vault.azure.net/secrets/demo: "
    found = [
        (text["cause"], explain(request + text["text"]).causes[0], text["text"])
        for text in _texts("system_texts.jsonl")
    ]
    assert len(found) > 100
    assert [row for row in found if row[0] != row[1]] == []


def test_screenshot__words_and_numbers_broken_into_lines_are_joined() -> None:
    found = [(text["cause"], explain(text["text"]).causes[0]) for text in _texts("screenshot_texts.jsonl")]
    assert [row for row in found if row[0] != row[1]] == []


def test_number__is_joined_only_with_a_line_that_completes_it() -> None:
    assert explain("AADSTS50076\n2026-01-01 10:00:00 next record").evidence.aadsts == (50076,)
    assert explain("AADSTS7000222\n17 more lines").evidence.aadsts == (7000222,)
    assert explain("AADSTS5007\n6: multifactor").evidence.aadsts == (50076,)
