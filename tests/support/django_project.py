"""A project of `django-admin startproject` with the app, as docs/embedding.md describes it, and a visit to it."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SNIPPETS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8"), re.S)
"""The settings, the URLs, and the URLs with a decorator of the project."""
_SETTINGS = """
import os
ALLOWED_HOSTS = ["127.0.0.1"]
LANGUAGE_CODE = "de"
MIDDLEWARE.insert(2, "django.middleware.locale.LocaleMiddleware")
"""
_VISIT = """
import asyncio, io, logging, warnings
warnings.simplefilter("error")
import httpx
from django.core.management import call_command
from shop.asgi import application as asgi
from shop.wsgi import application as wsgi

def over_wsgi(path):
    got = {}
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "SCRIPT_NAME": "", "SERVER_NAME": "127.0.0.1",
               "SERVER_PORT": "8000", "HTTP_HOST": "127.0.0.1:8000", "REMOTE_ADDR": "127.0.0.1",
               "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_ACCEPT_LANGUAGE": "de",
               "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http", "wsgi.errors": io.StringIO()}
    body = b"".join(wsgi(environ, lambda status, headers: got.update(status=int(status[:3]), headers=dict(headers))))
    return got["status"], got["headers"], body.decode()

async def get(path):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(asgi), base_url="http://127.0.0.1:8000") as client:
        response = await client.get(path, headers={"Accept-Language": "de"})
        return response.status_code, response.headers, response.text

call_command("check", fail_level="WARNING")
for visit in (over_wsgi, lambda path: asyncio.run(get(path))):
    status, headers, page = visit("/principal/")
    assert status == 200, (visit, status)
    assert "ForbiddenByRbac" in page and "/static/secrets_app/principal-used.css" in page, page
    assert "Content-Security-Policy" in {name.title() for name in headers}, headers
    status, headers, page = visit("/admin/login/")
    assert status == 200 and "Django-Verwaltung" in page, page
    assert "Content-Security-Policy" not in {name.title() for name in headers}, headers
print("visited")
"""


def try_in_project(python: Path, folder: Path, env: Mapping[str, str]) -> None:
    """Make the project in `folder` with the interpreter `python`, check it, and visit it under WSGI and ASGI."""

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [python, *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("-m", "django", "startproject", "shop", ".")
    settings, urls = folder / "shop" / "settings.py", folder / "shop" / "urls.py"
    used = 'PRINCIPAL_USED |= {"key_vault_uri": os.environ["KEY_VAULT_URI"], "access": "open"}\n'
    settings.write_text(settings.read_text() + SNIPPETS[0] + _SETTINGS + used)
    urls.write_text(urls.read_text() + SNIPPETS[1])
    assert "visited" in run("-c", "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'shop.settings'\n" + _VISIT)
    assert not (folder / "db.sqlite3").exists()
