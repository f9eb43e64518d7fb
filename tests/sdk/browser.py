"""Opens a URL as a browser does: follows redirects and submits the form of the page that signs in."""

import sys
from html.parser import HTMLParser
from urllib.parse import urlencode
from urllib.request import urlopen


class Form(HTMLParser):
    """The first form of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = values["action"]
        elif tag == "input" and "name" in values:
            self.fields[values["name"]] = values.get("value", "")


with urlopen(sys.argv[1]) as response:  # noqa: S310 - the sign-in page
    form = Form(response.read().decode())
if form.action:
    with urlopen(form.action, urlencode(form.fields).encode()) as response:  # noqa: S310 - its form
        response.read()
