"""Normalizes pasted text: removes ANSI colors, escapes, log prefixes and stack frames."""

import html
import re
from collections.abc import Iterable
from typing import NamedTuple

MAX_BYTES = 256 * 1024
"""Of a pasted text. Pages and commands reject longer ones; `explain` uses only this many characters."""

_ANSI_ESCAPES = re.compile(
    r"\x1b(?:\[[0-9;:?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1b\n]{0,512}(?:\x07|\x1b\\)|[@-_])|\[[0-9;]{1,12}m(?=\S|\s)"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u2069]")
_JSON_ESCAPE = re.compile(r"\\{1,4}(r\\{1,4}n|[nrt\"'/]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})")
_ENTITY = re.compile(r"&(?:#\d{1,5}|#x[0-9a-fA-F]{1,4}|quot|apos|amp|lt|gt|nbsp);")
_TAG = re.compile(r"<(?:/?[a-zA-Z][a-zA-Z0-9]{0,14}(?:\s[^<>]{0,400})?/?|!--[^<>]{0,400}--|![a-zA-Z][^<>]{0,200})>")
_FRAME = re.compile(
    r"""^[ \t]{0,40}(?:
        at\s(?:async\s|new\s)?[^\s(<\[]{0,300}\s?[(<\[] .{0,1000}   # .NET, Java, JavaScript
      | at\s[^\s]{1,300}:\d{1,6}(?::\d{1,6})?\s{0,4}
      | \.\.\.\s\d{1,5}\s(?:common\sframes\s)?(?:more|omitted) .{0,40}
      | ---\sEnd\sof\s .{0,200}
      | [ \t^~|]{3,400}
    )""",
    re.VERBOSE | re.MULTILINE,
)
_PYTHON_FRAME = re.compile(r'^[ \t|+-]{0,40}File "[^"]{0,400}", line \d{1,7}(?:, in .{0,200})?', re.MULTILINE)
_PREFIX = re.compile(
    r"""^[ \t]{0,60}+(?=\S)(?:
        [>|#│╷╵]\s{1,8}                                                  # also the frame around Terraform's errors
      | (?:E|\#\d{1,4})\s{2,8}
      | [\w./-]{1,40}[ \t]{0,30}\|\s                                       # a container's name (Docker Compose)
      | \[?\d{4}[-/]\d\d[-/]\d\d[T\s]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:\s?(?:Z|UTC|[+-]\d\d:?\d\d))?\]?:?\s{0,8}
      | \[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?\s{1,8}
      | [A-Z][a-z]{2}\s{1,2}\d{1,2}\s\d\d:\d\d:\d\d\s[\w.-]{1,64}\s[\w./-]{1,64}(?:\[\d{1,8}\])?:\s
      | \[\d{1,8}\](?:\s\[\w{1,10}\])?\s{0,4}
      | \[?(?:DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL|TRACE|fail|info|warn|crit|dbug)\]?:?\s{1,8}(?=\S)
      | (?:stderr|stdout)(?:\s[FP])?:?\s
    )""",
    re.VERBOSE | re.MULTILINE,
)
RUNNER_LOG = "log of a pipeline's agent"
"""Stands among the stack frames of a text whose lines start with the time as agents and runners print it."""
_RUNNER_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z ", re.MULTILINE)
"""The start of each line in a log of Azure Pipelines and GitHub Actions: seven decimals."""
_BLANK_LINES = re.compile(r"\n\n\n\n+")
_MAX_PREFIXES = 4
_PUNCTUATION = {code for code in range(128) if not chr(code).isalnum()} | set(
    map(ord, "\xa0\u2028\u2029“”‘’«»…–—´│╷╵┃\ufffd")
)
_NO_PUNCTUATION = dict.fromkeys(_PUNCTUATION)
_SPACE_FOR_PUNCTUATION = dict.fromkeys(_PUNCTUATION, " ")


class NormalizedText(NamedTuple):
    """A normalized text, and the stack frames that were removed from it."""

    text: str
    frames: str


def normalize(text: str) -> NormalizedText:
    """The same text without ANSI colors, control characters, JSON and HTML escapes, log prefixes and stack frames."""
    plain = text[:MAX_BYTES].replace("\r\n", "\n").replace("\r", "\n")
    if "\n\n\n\n" in plain:
        plain = _BLANK_LINES.sub("\n\n", plain)
    if "\x1b" in plain:
        plain = _ANSI_ESCAPES.sub("", plain)
    plain = _CONTROL.sub("", plain)
    unescaped = _unescape(plain)
    message, frames = _split_frames(unescaped.split("\n"))
    if "│ Error: " in unescaped or "╷" in unescaped:
        frames.insert(0, "│ Error:")  # the frame of Terraform, which is removed with the prefixes
    if "Z " in plain and _RUNNER_TIME.search(plain):
        frames.insert(0, RUNNER_LOG)
    return NormalizedText("\n".join(message), "\n".join(frames))


def contains_any(text: str, words: Iterable[str]) -> bool:
    """Whether `text` contains one of the words; a loop, because `any` with a generator takes twice as long."""
    for word in words:  # noqa: SIM110
        if word in text:
            return True
    return False


def squash(text: str) -> str:
    """Letters and digits only, lower case: the form in which phrases are compared.

    The comparison ignores line wrapping (even inside a word), indentation, quote characters and Markdown, which differ
    between a terminal, a ticket and a log.
    """
    return text.lower().translate(_NO_PUNCTUATION)


def tokenize(text: str) -> str:
    """Lower-case words, each surrounded by one space: the form in which short words are compared.

    Without word boundaries a short word matches inside others: `enotfound` is in "ModuleNotFoundError".
    """
    return f" {' '.join(text.lower().translate(_SPACE_FOR_PUNCTUATION).split())} "


def _unescape(text: str) -> str:
    if "\\" in text:
        text = _JSON_ESCAPE.sub(_escaped_character, text)
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    return _TAG.sub(" ", text) if "</" in text else text


def _escaped_character(match: re.Match[str]) -> str:
    name = match[1]
    if name[0] == "u":
        return chr(int(name[1:], 16))
    return {"n": "\n", "r": "\n", "t": "\t"}.get(name[0], name[0])


def _split_frames(lines: list[str]) -> tuple[list[str], list[str]]:
    """The lines of the message, and the stack frames with the source lines that Python prints below them."""
    message: list[str] = []
    frames: list[str] = []
    frame_depth: int | None = None
    for line in lines:
        plain = _without_prefix(line) if line else line
        is_frame = bool(plain) and _PYTHON_FRAME.match(plain) is not None
        is_source = frame_depth is not None and _indentation(plain) > frame_depth
        if is_frame or is_source or (plain and _FRAME.fullmatch(plain)):
            frames.append(plain)
        else:
            message.append(plain)
        frame_depth = _indentation(plain) if is_frame else None
    return message, frames


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _without_prefix(line: str) -> str:
    for _ in range(_MAX_PREFIXES):
        match = _PREFIX.match(line)
        if not match or match.end() == len(line):
            break
        line = line[match.end() :]
    return line
