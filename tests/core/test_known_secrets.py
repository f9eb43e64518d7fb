"""Secrets in use are found in a text in every usual format, and ordinary words are left alone."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from localazure.crypto.tokens import issue
from localazure.scenarios.directory import CONTOSO, DEVELOPER, KEY_VAULT_AUDIENCE
from secrets_app.core.known_secrets import KnownSecrets

TOKEN = issue(DEVELOPER, tenant=CONTOSO, audience=KEY_VAULT_AUDIENCE, now_s=1_795_000_000).text
OPAQUE = "Zq8k3yValue0123456789abcdefXYZ"
PASSPHRASE = 'correct horse <battery> & "staple" über'


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FORMATS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "reversed": lambda text: text[::-1],
    "base64": b64,
    "base64 of a header": lambda text: b64(f"Bearer {text}"),
    "base64 behind two characters": lambda text: b64(f"ab{text}z"),
    "base64url": lambda text: base64.urlsafe_b64encode(f"x{text}".encode()).decode().rstrip("="),
    "hex": lambda text: text.encode().hex(),
    "upper-case hex of a header": lambda text: f"Bearer {text}".encode().hex().upper(),
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded in full": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "HTML": html.escape,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "repr": lambda text: repr(text)[1:-1],
}


def known(*secrets: str) -> KnownSecrets:
    found = KnownSecrets()
    for secret in secrets:
        found.add(secret)
    return found


@pytest.mark.parametrize("secret", [TOKEN, TOKEN.rpartition(".")[2], OPAQUE], ids=["token", "signature", "opaque"])
def test_secret__in_any_format__is_hidden(secret: str) -> None:
    for name, write in FORMATS.items():
        shown = known(TOKEN, OPAQUE).hide(f"conn_type=Ipv4;addr={write(secret)};x")
        assert "[hidden]" in shown, name
        assert write(secret)[8:-8] not in shown, name
        assert shown.endswith(";x"), name


@pytest.mark.parametrize("name", ["plain", "reversed", "percent-encoded", "HTML", "JSON", "repr"])
def test_passphrase_with_spaces_and_quotes__is_hidden(name: str) -> None:
    assert known(PASSPHRASE).hide(f"<p>{FORMATS[name](PASSPHRASE)}</p>") == "<p>[hidden]</p>"


def test_secret__inside_a_longer_word__is_hidden() -> None:
    assert known(TOKEN).hide(f"x{TOKEN}y") == "x[hidden]y"


def test_every_occurrence__is_hidden() -> None:
    assert known(OPAQUE).hide(f"{OPAQUE} and '{OPAQUE}'") == "[hidden] and '[hidden]'"


@pytest.mark.parametrize("secret", ["a-b-c-d-e-f-g", "!!!---???...", "üöä-ßüö-äßüö"])
def test_secret_without_words__is_hidden(secret: str) -> None:
    assert known(secret).hide(f"it is {secret}.") == "it is [hidden]."


def test_private_key__each_line_is_hidden() -> None:
    lines = [b64(OPAQUE * 2)[:64], b64(OPAQUE[::-1] * 2)[:64]]
    pem = "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"])
    assert known(pem).hide(f"see {lines[1]}") == "see [hidden]"


@pytest.mark.parametrize("word", ["demo", "password", "production", "1234567", "", "contoso-kv"])
def test_ordinary_word__is_not_hidden(word: str) -> None:
    """Replacing it would damage the page, and reveal the value to its reader."""
    assert known(word).hide(f"the {word} page") == f"the {word} page"


@pytest.mark.parametrize("text", ["8b7a232e-7db2-4618-9223-c1d922beb033", "/subscriptions/x/resourceGroups/y", "über"])
def test_other_text__is_unchanged(text: str) -> None:
    assert known(TOKEN, OPAQUE, PASSPHRASE).hide(text) is text


def test_text_that_was_clean__is_searched_again_for_a_new_secret() -> None:
    secrets, page = known(PASSPHRASE), f"first line\n{OPAQUE}\nlast line"
    assert secrets.hide(page) is page
    secrets.add(OPAQUE)
    assert secrets.hide(page) == "first line\n[hidden]\nlast line"
    assert secrets.hide(f"other line\n{b64(OPAQUE)}\nlast line") == "other line\n[hidden]\nlast line"


def test_secret_of_several_lines__is_hidden_next_to_lines_seen_before() -> None:
    secret = "alpha-beta\nZq8k3yValue0123456789\ngamma-delta"
    secrets = known(secret)
    for line in secret.split("\n"):
        secrets.hide(line)
    assert secrets.hide(f"<p>\n{secret}\n</p>") == "<p>\n[hidden]\n</p>"


def test_many_different_texts__take_bounded_memory() -> None:
    secrets = known(OPAQUE)
    for number in range(30):
        secrets.hide("\n".join(f"line {number} {line}" for line in range(1000)))
    assert len(secrets._clean) < 6000  # noqa: SLF001 - there is nothing else to see it by
    assert secrets.hide(f"line 1\n{OPAQUE}") == "line 1\n[hidden]"


def test_what_the_visitor_sent__is_not_hidden() -> None:
    """Otherwise a visitor could try guesses until one is hidden."""
    assert known(OPAQUE).hide(f"No secret {OPAQUE}.", given=f"?name={OPAQUE}") == f"No secret {OPAQUE}."


def test_value_that_is_shown__is_not_hidden__other_secrets_are() -> None:
    secrets = known(OPAQUE, TOKEN)
    text = f"{OPAQUE} {b64(OPAQUE)} {TOKEN}"
    assert secrets.hide(text, shown=secrets.digest(OPAQUE)) == f"{OPAQUE} {b64(OPAQUE)} [hidden]"


def test_secrets__are_not_stored() -> None:
    secrets = known(OPAQUE, PASSPHRASE)
    assert OPAQUE not in repr(vars(secrets))
    assert OPAQUE[10:20] not in repr(vars(secrets))
    assert "battery" not in repr(vars(secrets))


def test_many_values__evict_the_oldest__never_the_settings() -> None:
    secrets = KnownSecrets()
    secrets.add(PASSPHRASE, pinned=True)
    secrets.add(OPAQUE)
    for number in range(1100):
        secrets.add(f"Value-{number:08d}-of-a-visitor")
        secrets.add(TOKEN)  # in use
    assert secrets.hide(f"{PASSPHRASE} {TOKEN}") == "[hidden] [hidden]"
    assert secrets.hide(OPAQUE) == OPAQUE
