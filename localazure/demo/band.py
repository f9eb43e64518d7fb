"""The band at the top of every page: that this Azure is local, which scenario it plays, and a form to change it."""

import re
from html import escape

from localazure.scenario import Scenario
from localazure.scenarios import SCENARIOS

FORM_PATH = "/.localazure/scenario"
STYLE_PATH = "/.localazure/band.css"
SEARCHED = 64 * 1024
"""A page whose <body> has not begun after so many bytes gets no band."""

_BODY = re.compile(rb"<body(\s[^>]*)?>", re.IGNORECASE)

# The link stands in the body, and nothing is inline, because the site's own head and its CSP are not touched.
_BAND = """
<link rel="stylesheet" href="{style}">
<aside class="local-azure" lang="en" aria-label="Local Azure">
<p><strong>This Azure is local:</strong> no account, no network. <b>{name}</b>: {sentence}</p>
<form method="post" action="{form}">
<input type="hidden" name="back" value="{back}">
<label for="local-azure-scenario">Scenario</label>
<select id="local-azure-scenario" name="scenario">{options}</select>
<button>Change</button>
</form>
</aside>
"""

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title></head>
<body>{band}<main class="local-azure-page"><h1>{title}</h1><p>{text}</p></main></body></html>
"""

STYLE = """\
.local-azure, .local-azure-page { font: 1rem/1.5 system-ui, sans-serif; color-scheme: light dark; }
.local-azure {
  display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; justify-content: space-between;
  margin: 0; padding: .6rem clamp(.75rem, 3vw, 1.5rem); text-align: left;
  background: #fff1c2; color: #2b2300; border-bottom: 2px solid #7a6200;
}
.local-azure p { margin: 0; flex: 1 1 22rem; max-width: none; color: inherit; }
.local-azure form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: 0; max-width: 100%; }
.local-azure label { font: inherit; font-weight: 600; color: inherit; margin: 0; }
.local-azure select, .local-azure button {
  font: inherit; min-height: 2.75rem; padding: .25rem .75rem; margin: 0; max-width: 100%; width: auto;
  border: 1px solid #7a6200; border-radius: .4rem;
}
.local-azure select { flex: 1 1 6rem; min-width: 0; background: #fffdf5; color: #2b2300; }
.local-azure button { background: #4a3b00; color: #fff; cursor: pointer; }
.local-azure :focus-visible { outline: 3px solid #0b57d0; outline-offset: 2px; }
.local-azure-page { max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
@media (prefers-color-scheme: dark) {
  .local-azure { background: #3a2f00; color: #ffeeb0; border-color: #c7a500; }
  .local-azure select { background: #241d00; color: #ffeeb0; border-color: #c7a500; }
  .local-azure button { background: #ffe082; color: #241d00; border-color: #ffe082; }
  .local-azure :focus-visible { outline-color: #9ecaff; }
}
@media print { .local-azure { display: none; } }
"""


def band(scenario: Scenario, *, back: str) -> str:
    """The band's HTML; `back` is the address to return to after a change."""
    options = "".join(_option(name, chosen=name == scenario.name) for name in SCENARIOS)
    return _BAND.format(
        style=STYLE_PATH,
        form=FORM_PATH,
        name=escape(scenario.name),
        sentence=escape(scenario.sentence),
        back=escape(back),
        options=options,
    )


def page(scenario: Scenario, *, title: str, text: str, back: str) -> str:
    """A whole page of the demo's own, for when the site has none to show."""
    return _PAGE.format(title=escape(title), text=escape(text), band=band(scenario, back=back))


class BandInserter:
    """Puts the band right after <body> of a page that comes in pieces."""

    def __init__(self, band: str) -> None:
        self._band = band.encode()
        self._held = b""
        self._done = False

    def feed(self, piece: bytes) -> bytes:
        """What may be sent on now; the start of the page is held back until its <body> has come."""
        if self._done:
            return piece
        self._held += piece
        body = _BODY.search(self._held)
        if body:
            return self._let_go(self._held[: body.end()] + self._band + self._held[body.end() :])
        return self._let_go(self._held) if len(self._held) > SEARCHED else b""

    def end(self) -> bytes:
        """What is still held back."""
        return self._let_go(self._held)

    def _let_go(self, page: bytes) -> bytes:
        self._done, self._held = True, b""
        return page


def _option(name: str, *, chosen: bool) -> str:
    return f"<option{' selected' if chosen else ''}>{escape(name)}</option>"
