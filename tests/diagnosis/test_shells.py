"""Commands pasted into bash, PowerShell and cmd arrive as the intended arguments."""

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_app.core.reading import Platform
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.cause import Cause, Command
from secrets_app.diagnosis.command_values import PLACEHOLDERS, CommandValues, checked
from secrets_app.diagnosis.hints import hint
from secrets_app.diagnosis.shells import Shell, quote, to_cmd

GUID = "41baaa1d-3381-4fb6-83c8-cc76b4500d0d"
RESOURCE = "/subscriptions/x/resourceGroups/a(b)/y"
VALUES = checked(
    dict.fromkeys(PLACEHOLDERS, "contoso")
    | dict.fromkeys(("object_id", "app_id", "tenant", "vault_tenant", "subscription"), GUID)
    | dict.fromkeys(("vault_id", "identity_resource_id", "requested_identity"), RESOURCE)
    | {
        "role": "Key Vault Secrets User", "group": "(contoso).rg-1", "address": "203.0.113.7",
        "path": r"C:\Users\Dana Smith\key.pem", "issuer": "https://oidc.example.org/a?b=1&c=%20",
        "subject": "repo:a/{b}:*",
        "scope": "https://vault.azure.net/.default", "folder_setting": "KVSITE_USER_CERTIFICATES",
    }
)  # fmt: skip
SYNTAX = re.compile(r"""[|<>;&`]|\$\(|\$[A-Za-z]|^(?:export|unset|set|cd) """)
"""What is not one call of one program."""


def _cases() -> Iterator[tuple[Cause, Platform]]:
    return ((cause, platform) for cause in CAUSES.values() for platform in (Platform.UNKNOWN, Platform.APP_SERVICE))


def _intended(command: Command) -> list[str]:
    """The arguments: the template's words, with each value in its place."""
    words = shlex.split(command.fill(lambda name: f"\x00{name}\x00"))
    return [re.sub("\x00(\\w+)\x00", lambda name: _value(name[1]), word) for word in words]


def _value(name: str) -> str:
    return VALUES.get(name) or PLACEHOLDERS[name]


def _commands(shell: Shell) -> list[tuple[str, str, list[str]]]:
    """Cause, text and intended arguments of each command that calls one program."""
    found = {}
    for cause, platform in _cases():
        values = CommandValues(values=VALUES, platform=platform)
        texts = getattr(hint(cause, values).shells, shell)
        templates = [command for command in cause.commands if not command.systems]
        intended = {" ".join(_intended(command)): _intended(command) for command in templates}
        for text in texts:
            plain = re.sub("[\"'^]", "", text)
            for joined, words in intended.items():
                if re.sub("[\"'^]", "", joined) == plain and not _has_syntax(text):
                    found[text] = (cause.key, text, words)
    return list(found.values())


def _has_syntax(text: str) -> bool:
    return bool("$(" in text or SYNTAX.search(re.sub(r"\"[^\"]*\"|'[^']*'", "", text)))


def _bash(commands: list[str]) -> list[list[str]]:
    """The arguments that a program gets from each command, pasted into an interactive bash."""
    script = "command_not_found_handle() { printf '%s\\0' \"$@\"; printf '\\1'; }; PATH=/nowhere; hash -r\n"
    script += "alias python=python\n" + "".join(f"{command}\n" for command in commands)
    completed = subprocess.run(
        ["/bin/bash", "--norc", "--noprofile", "-i"],
        input=script, capture_output=True, text=True, timeout=30, env={"PS1": "", "HISTFILE": "/dev/null"},
    )  # fmt: skip
    return [call.split("\0")[:-1] for call in completed.stdout.split("\1")[:-1]]


def _windows_arguments(line: str) -> list[str]:
    """The words of a command line by the rules of the C runtime, which python.exe (and so az) follows.

    https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments
    """
    words, word, inside, position, started = [], "", False, 0, False
    while position < len(line):
        backslashes = re.compile(r"\\*").match(line, position)[0]  # type: ignore[index]
        position += len(backslashes)
        character = line[position : position + 1]
        if character == '"':
            word += "\\" * (len(backslashes) // 2)
            if len(backslashes) % 2 or (inside and line[position + 1 : position + 2] == '"'):
                word += '"'
                position += 0 if len(backslashes) % 2 else 1
            else:
                inside = not inside
            started = True
        else:
            word += backslashes
            if character in (" ", "\t", "") and not inside:
                words += [word] if word or started else []
                word, started = "", False
            else:
                word += character
        position += 1
    return [*words, word] if word or started else words


def _cmd_line(text: str) -> str:
    """What cmd passes on: carets outside double quotes are removed, and no operator is left outside them."""
    line, inside = "", False
    for character in text:
        inside ^= character == '"'
        assert inside or character not in "&|<>\n\r", text
        line += "" if character == "^" and not inside else character
    return line


def _cmd(text: str) -> list[str]:
    return _windows_arguments(_cmd_line(text))


def _powershell(text: str) -> list[str]:
    """The words of a command by PowerShell's quoting rules; a special character that has a meaning is an error."""
    words, word, position, started = [], "", 0, False
    while position < len(text):
        character = text[position]
        if character in "'\u2018\u2019\u201a\u201b":
            end = position + 1
            while text[end] not in "'\u2018\u2019\u201a\u201b" or text[end + 1 : end + 2] in (
                "'",
                *"\u2018\u2019\u201a\u201b",
            ):
                step = 2 if text[end] in "'\u2018\u2019\u201a\u201b" else 1
                word += text[end]
                end += step
            position, started = end, True
        elif character == '"':
            end = text.index('"', position + 1)
            inner = text[position + 1 : end]
            assert not set(inner) & set("$`"), text
            word, position, started = word + inner, end, True
        elif character == " ":
            words += [word] if started else []
            word, started = "", False
        else:
            assert character not in ";&|$`(){}<>@#," or (started and character == "@"), text
            word, started = word + character, True
        position += 1
    return [*words, word] if started else words


def test_bash__gets_the_intended_arguments() -> None:
    commands = _commands(Shell.BASH)
    assert len(commands) > 50
    for (key, text, intended), words in zip(commands, _bash([text for _, text, _ in commands]), strict=True):
        assert words == intended, (key, text)


@pytest.mark.parametrize(("shell", "parse"), [(Shell.POWERSHELL, _powershell), (Shell.CMD, _cmd)])
def test_windows_shells__get_the_intended_arguments(shell: Shell, parse: Callable[[str], list[str]]) -> None:
    commands = [case for case in _commands(shell) if "<" not in case[1]]
    assert len(commands) > 50
    for key, text, intended in commands:
        assert parse(text) == intended, (key, text)


def test_most_commands__are_the_same_in_all_shells() -> None:
    texts = {text for _, text, _ in _commands(Shell.BASH)}
    assert (
        len(
            texts & {text for _, text, _ in _commands(Shell.CMD)} & {text for _, text, _ in _commands(Shell.POWERSHELL)}
        )
        > 50
    )


def test_role_assignment__has_double_quotes() -> None:
    shells = hint(CAUSES["kv_rbac_denied"], CommandValues(values=VALUES)).shells
    assert shells.bash == shells.powershell == shells.cmd
    assert '--role "Key Vault Secrets User"' in shells.bash[0]


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=40)


@given(TEXTS)
def test_any_value__is_one_word_in_cmd(value: str) -> None:
    assert _cmd(f"az {quote(value, Shell.CMD)}")[1:] == [value]


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40))
def test_any_value__is_one_word_in_powershell(value: str) -> None:
    plain = value.replace("\u2018", "'").replace("\u2019", "'").replace("\u201a", "'").replace("\u201b", "'")
    (_, word) = _powershell(f"az {quote(value, Shell.POWERSHELL)}")
    assert re.sub("[\u2018\u2019\u201a\u201b]", "'", word) == plain


@pytest.mark.parametrize(
    ("powershell", "cmd"),
    [
        ("$env:AZURE_CLIENT_ID = 'a b'", 'set "AZURE_CLIENT_ID=a b"'),
        ('$env:A = 1; $env:B = "x"', 'set "A=1" & set "B=x"'),
        ("Remove-Item Env:AZURE_CLIENT_ID", 'set "AZURE_CLIENT_ID="'),
        ("Get-ChildItem Env:*_PROXY", 'powershell -NoProfile -Command "Get-ChildItem Env:*_PROXY"'),
        ("az ad sp list --filter \"n eq 'x'\"", "az ad sp list --filter \"n eq 'x'\""),
        (
            'az a --scope "$(az b --query id --output tsv)" --x y',
            'for /f "delims=" %i in (\'az b --query id --output tsv\') do @az a --scope "%i" --x y',
        ),
        ("curl --noproxy '*' x", 'curl --noproxy "*" x'),
    ],
)
def test_powershell_command__is_translated_for_cmd(powershell: str, cmd: str) -> None:
    assert to_cmd(powershell) == cmd
