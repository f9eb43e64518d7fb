"""Fake azd and pwsh with the arguments and output that azure-identity expects.

From azure-identity 1.27 (azd_cli.py, azure_powershell.py); azd's output is that of 1.24 and of versions before 1.23.7.
"""

import os
import sys
import time
from pathlib import Path

from localazure.crypto.tokens import AccessToken, issue
from localazure.scenarios.directory import CONTOSO, DEVELOPER, KEY_VAULT_AUDIENCE

_AZD = """\
import json, sys, time
words = sys.argv[1:]
if words[:5] != ["auth", "token", "--output", "json", "--no-prompt"] or words[5] != "--scope":
    sys.exit("ERROR: unknown command")
open({asked!r}, "a").write(" ".join(words) + "\\n")
ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime({expires_on}))
print(json.dumps({{"token": {token!r}, "expiresOn": ends}}))
"""
_PWSH = """\
import base64, re, sys
words = sys.argv[1:]
if words[:3] != ["-NoProfile", "-NonInteractive", "-EncodedCommand"]:
    sys.exit(64)
script = base64.b64decode(words[3]).decode("utf-16-le")
resource = re.search(r"'ResourceUrl' = '([^']*)'", script)[1]
tenant = re.search(r"[$]tenantId = '([^']*)'", script)[1]
open({asked!r}, "a").write(resource + " " + tenant + "\\n")
print("\\nazsdk%" + {token!r} + "%" + {expires_on!r} + "\\n")
"""
_BROWSER = """\
import html, os, re, sys, urllib.parse, urllib.request
page = urllib.request.urlopen(sys.argv[1]).read().decode()
action = html.unescape(re.search('action="([^"]*)"', page)[1])
fields = {{name: html.unescape(value) for name, value in re.findall('name="([a-z_]+)" value="([^"]*)"', page)}}
direct = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
direct.open(action, urllib.parse.urlencode(fields).encode())
open({asked!r}, "a").write(sys.argv[1] + "\\n")
"""
_SAYS = "import sys; sys.stdout.write({output!r}); sys.stderr.write({errors!r}); sys.exit({code})\n"


def azd(folder: Path) -> AccessToken:
    """Install an azd with Dana signed in; it records its arguments in `folder/asked`."""
    return _signed_in(folder, "azd", _AZD)


def pwsh(folder: Path) -> AccessToken:
    """Install a PowerShell with Az.Accounts and Dana signed in; it records resource and tenant in `folder/asked`."""
    return _signed_in(folder, "pwsh", _PWSH)


def browser(folder: Path) -> None:
    """Install a browser with Dana signed in: it opens the given page, submits its form and records each visit."""
    _install(folder, "browser", _BROWSER.format(asked=str(folder / "asked")))
    os.environ["BROWSER"] = f"{folder / 'browser'} %s &"  # in the background, like a browser window


def message(folder: Path, name: str, output: str = "", errors: str = "", code: int = 0) -> None:
    """Install a tool that prints only this."""
    _install(folder, name, _SAYS.format(output=output, errors=errors, code=code))


def token_of_dana() -> AccessToken:
    """A token that the current scenario's vault accepts."""
    return issue(DEVELOPER, tenant=CONTOSO, audience=KEY_VAULT_AUDIENCE, now_s=int(time.time()))


def _signed_in(folder: Path, name: str, script: str) -> AccessToken:
    token = token_of_dana()
    asked = str(folder / "asked")
    _install(folder, name, script.format(asked=asked, token=token.text, expires_on=str(token.expires_on)))
    return token


def _install(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(script)
    tool = folder / name
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {folder / name}.py "$@"\n')
    tool.chmod(0o700)
    if str(folder) not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([str(folder), os.environ["PATH"]])
