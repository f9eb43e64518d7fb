"""The toolbar at the top of every page: the running scenario and a form to change it."""

import re
from collections.abc import Sequence
from html import escape

from localazure.demo.suggestions import CommandRun
from localazure.scenarios.catalog import SCENARIOS
from localazure.scenarios.scenario import Scenario

FORM_PATH = "/.localazure/scenario"
FIX_PATH = "/.localazure/fix"
STYLE_PATH = "/.localazure/toolbar.css"
MAX_SEARCH_BYTES = 64 * 1024
"""The toolbar is not added when <body> does not occur within this many bytes."""

_BODY = re.compile(rb"<body(\s[^>]*)?>", re.IGNORECASE)

# The stylesheet is linked in the body and nothing is inline, because the site's head and CSP are not changed.
_TOOLBAR = """
<link rel="stylesheet" href="{style}">
<aside class="local-azure" lang="en" aria-label="Local Azure">
<details><summary><span><strong>Local Azure</strong> · <b>{name}</b>: {sentence}</span></summary>
<p>An emulator of Azure on this machine: no Azure account, no network.</p></details>
<form method="post" action="{form}">
<input type="hidden" name="back" value="{back}">
<label for="local-azure-scenario">Scenario</label>
<select id="local-azure-scenario" name="scenario">{options}</select>
<button>Change</button>
</form>
<div class="local-azure-actions">{actions}</div>
{runs}</aside>
"""
_RUN_FORM = """<form method="post" action="{fix}"><input type="hidden" name="back" value="{back}">\
<button>Run<span> the suggested command</span></button></form>"""
_COMPLETE_FORM = """<form method="post" action="{fix}"><input type="hidden" name="back" value="{back}">\
<input name="command" value="{line}" aria-label="Command to complete" autocomplete="off" spellcheck="false">\
<button>Run</button></form>{outcome}"""
_RESET_FORM = """<form method="post" action="{form}"><input type="hidden" name="back" value="{back}">\
<input type="hidden" name="scenario" value="{name}"><button>Reset</button></form>"""

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title></head>
<body>{toolbar}<main class="local-azure-page"><h1>{title}</h1><p>{text}</p></main></body></html>
"""

STYLE = """\
.local-azure {
  display: flex; flex-wrap: wrap; gap: .35rem 1rem; align-items: center;
  margin: 0; padding: .35rem clamp(.75rem, 3vw, 1.5rem); text-align: left; font-size: .9rem; line-height: 1.3;
  background: #fff1c2; color: #2b2300; border-bottom: 2px solid #7a6200;
}
.local-azure details { flex: 1 1 20rem; min-width: 0; margin: 0; }
.local-azure details[open] { flex-basis: 100%; }
.local-azure summary { display: flex; gap: .4rem; align-items: baseline; min-height: 1.5rem; cursor: pointer; }
.local-azure summary::before { content: "\\25b8" / ""; }
.local-azure [open] summary::before { content: "\\25be" / ""; }
.local-azure summary span {
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden;
}
.local-azure [open] summary span { -webkit-line-clamp: none; }
.local-azure p { margin: 0; max-width: none; color: inherit; }
.local-azure form, .local-azure-actions { display: flex; gap: .4rem; align-items: center; margin: 0; }
.local-azure label { font: inherit; font-weight: 600; color: inherit; margin: 0; }
.local-azure select, .local-azure button {
  font: inherit; min-height: 2rem; padding: .1rem .7rem; margin: 0; width: auto; white-space: nowrap;
  border: 1px solid #7a6200; border-radius: .4rem;
}
.local-azure select { flex: 1 1 auto; min-width: 0; max-width: 15rem; background: #fffdf5; color: #2b2300; }
.local-azure button { background: #4a3b00; color: #fff; cursor: pointer; }
.local-azure :focus-visible { outline: 3px solid #0b57d0; outline-offset: 2px; }
.local-azure-runs { flex: 1 1 100%; min-width: 0; }
.local-azure-runs ul { margin: .1rem 0 0; padding-left: 1.25rem; }
.local-azure-runs form { margin: .2rem 0; }
.local-azure-runs input {
  flex: 1 1 auto; min-width: 0; min-height: 2rem; padding: .1rem .5rem;
  border: 1px solid #7a6200; border-radius: .4rem; background: #fffdf5; color: #2b2300;
}
.local-azure-runs input, .local-azure-runs samp { font: .8rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.local-azure-runs code { overflow-wrap: anywhere; background: none; color: inherit; padding: 0; border: 0; }
.local-azure-page { font: 1rem/1.5 system-ui, sans-serif; color-scheme: light dark; }
.local-azure-page { max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
@media (max-width: 48rem) {
  .local-azure details { flex-basis: 100%; }
  .local-azure summary span { -webkit-line-clamp: 1; }
  .local-azure > form { flex: 1 1 auto; min-width: 0; }
  .local-azure label, .local-azure-actions button span {
    position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  }
  .local-azure { gap: .35rem .5rem; }
  .local-azure select, .local-azure button { padding-inline: .45rem; }
  .local-azure form, .local-azure-actions { flex-wrap: nowrap; }
  .local-azure > form > select { flex: 1 1 4rem; width: 4rem; max-width: none; }
}
@media (prefers-color-scheme: dark) {
  .local-azure { background: #3a2f00; color: #ffeeb0; border-color: #c7a500; }
  .local-azure select, .local-azure-runs input { background: #241d00; color: #ffeeb0; border-color: #c7a500; }
  .local-azure button { background: #ffe082; color: #241d00; border-color: #ffe082; }
  .local-azure :focus-visible { outline-color: #9ecaff; }
}
@media print { .local-azure { display: none; } }
"""


def toolbar(scenario: Scenario, *, back: str, can_run: bool = False, runs: Sequence[CommandRun] = ()) -> str:
    """Return the toolbar's HTML. After a change, the browser is redirected to `back`.

    `can_run` offers to run the command that the site suggests; `runs` are the commands that were run last.
    """
    names = {"fix": FIX_PATH, "form": FORM_PATH, "back": escape(back), "name": escape(scenario.name)}
    actions = (_RUN_FORM.format(**names) if can_run else "") + _RESET_FORM.format(**names)
    options = "".join(_option(name, chosen=name == scenario.name) for name in SCENARIOS)
    return _TOOLBAR.format(
        style=STYLE_PATH,
        form=FORM_PATH,
        name=escape(scenario.name),
        sentence=escape(_sentence(scenario, runs)),
        back=escape(back),
        options=options,
        actions=actions,
        runs=_runs(runs, back),
    )


def _sentence(scenario: Scenario, runs: Sequence[CommandRun]) -> str:
    """The scenario's sentence, which may no longer be true after a command."""
    is_changed = any(run.is_change for run in runs)
    return f"Changed by the commands below. At its start: {scenario.sentence}" if is_changed else scenario.sentence


def _runs(runs: Sequence[CommandRun], back: str) -> str:
    """The commands, with the exit code and the output or error; one that has to be completed is a form."""
    items = "".join(f"<li>{_run(run, back)}</li>" for run in runs)
    return f'<div class="local-azure-runs" role="status"><p>Commands run:</p><ul>{items}</ul></div>' if items else ""


def _run(run: CommandRun, back: str) -> str:
    if run.result is None:
        return _COMPLETE_FORM.format(
            fix=FIX_PATH, back=escape(back), line=escape(run.line), outcome=escape(run.outcome)
        )
    output = f"<br><samp>{escape(run.output)}</samp>" if run.output else ""
    return f"<code>{escape(run.line)}</code> {escape(run.outcome)}{output}"


def page(toolbar_html: str, *, title: str, text: str) -> str:
    """Return a page of the demo itself, for errors and messages."""
    return _PAGE.format(title=escape(title), text=escape(text), toolbar=toolbar_html)


class ToolbarInserter:
    """Inserts the toolbar after <body> of a streamed page."""

    def __init__(self, toolbar: str) -> None:
        self._toolbar = toolbar.encode()
        self._buffer = b""
        self._finished = False

    def feed(self, chunk: bytes) -> bytes:
        """Return what can be sent now; the start of the page is buffered until <body> is found."""
        if self._finished:
            return chunk
        self._buffer += chunk
        body = _BODY.search(self._buffer)
        if body:
            return self._flush(self._buffer[: body.end()] + self._toolbar + self._buffer[body.end() :])
        return self._flush(self._buffer) if len(self._buffer) > MAX_SEARCH_BYTES else b""

    def end(self) -> bytes:
        """Return the rest of the buffer."""
        return self._flush(self._buffer)

    def _flush(self, page: bytes) -> bytes:
        self._finished, self._buffer = True, b""
        return page


def _option(name: str, *, chosen: bool) -> str:
    return f"<option{' selected' if chosen else ''}>{escape(name)}</option>"
