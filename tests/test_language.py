"""Texts use the terms of the Azure documentation: the vocabulary that the project has given up does not come back."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
AREAS = {
    "secrets_app": ("secrets_app/**/*.py", "secrets_app/static/secrets_app/*.js"),
    "fleet": ("fleet/**/*.py", "fleet/templates/**/*.html"),
    "kvsite": ("kvsite/**/*.py", "manage.py", "gunicorn.conf.py"),
    "localazure": ("localazure/**/*.py",),
    "templates": ("secrets_app/templates/**/*.html",),
    "documents": ("*.md", "docs/*.md", "localazure/*.md"),
}
# Only comments and docstrings are checked: strings in tests are input, or are compared with checked texts.
COMMENTED_AREAS = {
    "tests": ("tests/**/*.py",),
    "benchmarks": ("benchmarks/*.py",),
    "configuration": ("requirements*.in", "Makefile", "pyproject.toml"),
}
# Calls and arguments with Azure's own words: the diagnosis recognizes messages by them, and Local Azure sends them.
QUOTES_AZURE = {"phrase", "Signature", "signs", "squash", "quoted"}

EVERYWHERE = (
    "mend(?:s|ed|ing)?", "anew", "afresh", "who(?:m)?ever", "(?:no|some|any|every)body",
    "errands?", "at hand", "strangers?", "crowds?",
)  # fmt: skip
IN_TEXTS = (
    *EVERYWHERE, r"ways? (?:in|out)(?! which)", r"lets? (?:(?:us|you|it|them) )?in", r"turn(?:s|ed)? (?:\w+ )?away",
    "leads? nowhere", "pass-phrases?", "says? so", "(?:is|are|was|were|be) told", "g[ia]ves? (?:the|a|no|its) tokens?",
    r"ask(?:s|ed|ing)? as", r"ask(?:s|ed|ing)? (?:the|a|an|no|each|every|any) (?:vault|token|credential|chain|tool)s?",
    r"ask(?:s|ed|ing)? for (?:a|an|the|another|its|no) (?:new )?tokens?", "asked of", "who to be",
    "by halves", "(?:takes?|taken|took) away", "speaks? for",
)  # fmt: skip
CASE_SENSITIVE = (
    r"(?:[Oo]bject|[Cc]lient|[Tt]enant|[Aa]pplication|[Rr]esource|[Ss]ubscription|\(client\)) ids?",
    "[Ww]e", "us", "[Oo]urs?", "[Oo]urselves",
)  # fmt: skip


def _any_of(phrases: tuple[str, ...], case_sensitive: tuple[str, ...] = ()) -> re.Pattern[str]:
    """Whole words only; a part of a URL, an identifier or a hyphenated name does not count."""
    alternatives = "|".join(["(?i:" + "|".join(phrases).replace(" ", r"\s+") + ")", *case_sensitive])
    return re.compile(rf"(?<![\w./-])(?:{alternatives})(?![\w/-])")


BANNED_EVERYWHERE, BANNED_IN_TEXTS = _any_of(EVERYWHERE), _any_of(IN_TEXTS, CASE_SENSITIVE)
_NO_PROSE = re.compile(r"```.*?```|`[^`\n]+`|<(code|pre)\b.*?</\1>|https?://\S+", re.DOTALL)
_COMMENT = re.compile(r"(?:^|\s)##?:? (.*)")


def _findings(text: str, first_line: int, banned: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Line and excerpt of each banned phrase outside code spans."""
    prose = _NO_PROSE.sub(lambda code: "\n" * code[0].count("\n") or "X", text)
    for hit in banned.finditer(prose):
        before, after = prose[max(0, hit.start() - 30) : hit.start()], prose[hit.end() : hit.end() + 30]
        yield first_line + prose.count("\n", 0, hit.start()), " ".join(f"{before}[{hit[0]}]{after}".split())


def _is_quote(node: ast.AST) -> bool:
    call = node.elt if isinstance(node, ast.GeneratorExp) else node
    name = ast.unparse(call.func) if isinstance(call, ast.Call) else getattr(call, "arg", None) or ""
    return name in QUOTES_AZURE or name.startswith("re.")


def _strings(node: ast.AST) -> Iterator[tuple[int, str, bool]]:
    """Line and text of every string below the node, and whether it is a docstring. A value in an f-string is an X."""
    for child in ast.iter_child_nodes(node):
        parts = child.values if isinstance(child, ast.JoinedStr) else [child]
        texts = [part.value if isinstance(part, ast.Constant) else "X" for part in parts]
        if isinstance(child, ast.JoinedStr | ast.Constant) and all(isinstance(text, str) for text in texts):
            yield child.lineno, "".join(map(str, texts)), isinstance(node, ast.Expr)
        for part in parts:
            if not isinstance(part, ast.Constant) and not _is_quote(part):
                yield from _strings(part)


@cache
def _strings_of(source: str) -> list[tuple[int, str, bool]]:
    return list(_strings(ast.parse(source)))


def _in_texts(source: str) -> Iterator[tuple[int, str]]:
    for line_number, text, is_docstring in _strings_of(source):
        if not is_docstring and (" " in text or text[:1].isupper()):
            yield from _findings(text, line_number, BANNED_IN_TEXTS)


def _in_docstrings(source: str) -> Iterator[tuple[int, str]]:
    if not BANNED_EVERYWHERE.search(source):  # parsing every file takes most of the time
        return
    for line_number, text, is_docstring in _strings_of(source):
        if is_docstring:
            yield from _findings(text, line_number, BANNED_EVERYWHERE)


def _in_python_comments(source: str) -> Iterator[tuple[int, str]]:
    if not BANNED_EVERYWHERE.search(source):
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield from _findings(token.string, token.start[0], BANNED_EVERYWHERE)


def _in_configuration_comments(source: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.splitlines(), 1):
        for comment in _COMMENT.findall(line):
            yield from _findings(comment, number, BANNED_EVERYWHERE)


def _in_comments(path: Path) -> Iterator[tuple[int, str]]:
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return chain(_in_docstrings(source), _in_python_comments(source))
    return _in_configuration_comments(source)


def _in_python(source: str) -> Iterator[tuple[int, str]]:
    return chain(_in_texts(source), _in_docstrings(source), _in_python_comments(source))


def _in_file(path: Path) -> Iterator[tuple[int, str]]:
    source = path.read_text(encoding="utf-8")
    return _in_python(source) if path.suffix == ".py" else _findings(source, 1, BANNED_IN_TEXTS)


def _expect_none(patterns: tuple[str, ...], findings_in: Callable[[Path], Iterable[tuple[int, str]]]) -> None:
    paths = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    assert paths
    found = [f"{path.relative_to(ROOT)}:{line}: {text}" for path in paths for line, text in sorted(findings_in(path))]
    if found:
        pytest.fail("\n".join([f"{len(found)} banned phrases:", *found]), pytrace=False)


@pytest.mark.parametrize("area", AREAS)
def test_texts__use_no_banned_phrase(area: str) -> None:
    _expect_none(AREAS[area], _in_file)


@pytest.mark.parametrize("area", COMMENTED_AREAS)
def test_comments__use_no_banned_phrase(area: str) -> None:
    _expect_none(COMMENTED_AREAS[area], _in_comments)


def test_configuration__finds_banned_phrases_in_comments() -> None:
    source = "# Fine.\nnobody = 1  # made anew\nhelp:  ## for strangers\n"
    assert [line for line, _ in _in_configuration_comments(source)] == [2, 3]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("x = (\n  1,\n  f\"The `{y}` asks for a `{z}` token, and {'we try' if y else 0} again.\")", [3]),
        ('x = f"The `{y}` is not ours, `{z}` is."', [1]),
        ('def f():\n    """Fine.\n\n    Runs anew.\n    """', [4]),
        ("x = 1  # at hand", [1]),
        ('x = "Mend it: the vault let us in."', [1, 1]),
        ('x = "The client id or tenant ids"', [1, 1]),
        ('"""We are told: comments and docstrings have the shorter list."""', []),
        ('x = "Recommended: the client ID, `client id`, https://login.microsoftonline.us/us, Azure US Government"', []),
        ('x = re.compile("whoever is (here|there)"), phrase("we did not find"), Cause(signs=("way out",))', []),
        ('x = tuple(squash(text) for text in ("tenant id", "object id"))', []),
        ('x = d["us"], d["our"]', []),
        ('x = "the way in which az lets users in groups sign in"', []),
    ],
)
def test_python__finds_banned_phrases_in_what_people_read(source: str, lines: list[int]) -> None:
    assert [line for line, _ in _in_python(source)] == lines


def test_markup__finds_banned_phrases_outside_code() -> None:
    text = "<p>Fine.\n<code>nobody</code>\n```\nanew\n```\nThe `way out`, the way\nout."
    assert list(_findings(text, 1, BANNED_IN_TEXTS)) == [(6, "<p>Fine. X The X, the [way out].")]
