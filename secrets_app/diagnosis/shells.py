"""Commands for bash, PowerShell and cmd: the same words for each, quoted by its own rules.

Double quotes mean the same in all three unless a value contains a character that one of them treats specially.
https://www.gnu.org/software/bash/manual/html_node/Double-Quotes.html
https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
https://learn.microsoft.com/windows-server/administration/windows-commands/cmd
"""

import re
import shlex
from enum import StrEnum


class Shell(StrEnum):
    """A shell of the person who runs a command."""

    BASH = "bash"
    POWERSHELL = "powershell"
    CMD = "cmd"

    @property
    def is_windows(self) -> bool:
        return self is not Shell.BASH


# Unquoted, each of these is an ordinary character in all three shells. PowerShell splits -a.b, and commas and an @ at
# the start of a word have a meaning there.
_PLAIN = re.compile(r"[\w./][\w./:=@+-]*", re.ASCII)
_SPECIAL_IN_DOUBLE_QUOTES = {
    Shell.BASH: re.compile(r'["$`\\!]'),
    # Windows PowerShell 5.1 also drops a double quote inside an argument, whichever way it is written.
    Shell.POWERSHELL: re.compile('["$`\u201c\u201d\u201e]'),
    Shell.CMD: re.compile(r'["%!^\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]'),
}
_QUOTED = re.compile(r"""("[^"]*")|'([^'"]*)'""")
_ASSIGNMENT = re.compile(r"\$env:(\w+) = (?:'([^']*)'|\"([^\"]*)\"|([\w./:+-]+))")
_REMOVAL = re.compile(r"Remove-Item Env:(\w+)")
_OUTPUT_OF = re.compile(r'(.*)"\$\(([^"]*)\)"(.*)')
_CMDLET = re.compile(r"[A-Z][a-z]+-[A-Z]")


def quote(value: str, shell: Shell) -> str:
    """`value` as one word for `shell`: unchanged or in double quotes where possible, so that it suits all shells."""
    if _PLAIN.fullmatch(value):
        return value
    if not _SPECIAL_IN_DOUBLE_QUOTES[shell].search(value) and not value.endswith("\\"):
        return f'"{value}"'
    if shell is Shell.BASH:
        return shlex.quote(value)
    if shell is Shell.POWERSHELL:  # typographic single quotes end the string too
        return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", value) + "'"
    return _quote_for_cmd(value)


def _quote_for_cmd(value: str) -> str:
    """Inside double quotes cmd expands only %NAME%; "" is one double quote for programs that parse like the C runtime.

    A % between two quoted parts is not followed by a name, so nothing is expanded.
    """
    one_line = " ".join(value.splitlines())  # cmd has no way to write a line break
    escaped = one_line.replace('"', '""').replace("%", '"^%"')
    trailing = escaped[len(escaped.rstrip("\\")) :]  # doubled, or the last one would escape the closing quote
    return f'"{escaped}{trailing}"'


def to_cmd(command: str) -> str:
    """`command`, written for PowerShell or for all shells, for cmd."""
    if _ASSIGNMENT.match(command):
        return " & ".join(
            f'set "{name}={single or double or plain}"' for name, single, double, plain in _ASSIGNMENT.findall(command)
        )
    if _REMOVAL.match(command):
        return " & ".join(f'set "{name}="' for name in _REMOVAL.findall(command))
    if _CMDLET.match(command):
        escaped = command.replace('"', '\\"')
        return f'powershell -NoProfile -Command "{escaped}"'
    if output := _OUTPUT_OF.fullmatch(command):
        before, inner, after = output.groups()
        return f'for /f "delims=" %i in (\'{inner}\') do @{to_cmd(before)}"%i"{to_cmd(after)}'
    # The only quotes of cmd are double quotes; a single quote inside them is an ordinary character.
    return _QUOTED.sub(lambda part: part[1] or f'"{part[2]}"', command)
