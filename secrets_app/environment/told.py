"""How a variable is told: ids and addresses as they are, of everything else only whether it is set and how long."""

import re
from collections.abc import Iterable, Mapping

from secrets_app.environment.check import Fact
from secrets_app.redaction import redact

_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TENANT = re.compile(rf"{_ID.pattern}|(?:[A-Za-z0-9-]+\.)+[A-Za-z]{{2,}}|organizations|common|consumers")
_ADDRESS = re.compile(r"https?://[\w.:\[\]-]+(?:/[\w./-]*)?")
_PLAIN = re.compile(r"[\w./:\\ ~+-]+")
_WORD = re.compile(r"[A-Za-z]{1,40}")

# Whoever puts a secret into the wrong variable must not find it on a page: a value is shown only in its right form.
_SHOWN: Mapping[str, re.Pattern[str]] = {
    "AZURE_CLIENT_ID": _ID,
    "AZURE_TENANT_ID": _TENANT,
    "AZURE_TOKEN_CREDENTIALS": _WORD,
    "AZURE_AUTHORITY_HOST": _ADDRESS,
    "AZURE_POD_IDENTITY_AUTHORITY_HOST": _ADDRESS,
    "AZURE_CLIENT_CERTIFICATE_PATH": _PLAIN,
    "AZURE_FEDERATED_TOKEN_FILE": _PLAIN,
    "IDENTITY_ENDPOINT": _ADDRESS,
    "IMDS_ENDPOINT": _ADDRESS,
    "MSI_ENDPOINT": _ADDRESS,
    "WEBSITE_SITE_NAME": _PLAIN,
    "FUNCTIONS_WORKER_RUNTIME": _PLAIN,
    "CONTAINER_APP_NAME": _PLAIN,
    "KUBERNETES_SERVICE_HOST": _PLAIN,
    "REQUESTS_CA_BUNDLE": _PLAIN,
    "CURL_CA_BUNDLE": _PLAIN,
    "SSL_CERT_FILE": _PLAIN,
    "SSL_CERT_DIR": _PLAIN,
}


def told(environ: Mapping[str, str], name: str) -> str:
    """What may be said of this variable."""
    value = environ.get(name)
    if value is None:
        return "not set"
    if not value:
        return "set, but empty"
    form = _SHOWN.get(name)
    if form and form.fullmatch(value):
        return redact(value)
    return f"set, {len(value)} character{'' if len(value) == 1 else 's'}"


def all_told(environ: Mapping[str, str], names: Iterable[str]) -> tuple[Fact, ...]:
    """One fact for each variable."""
    return tuple((name, told(environ, name)) for name in names)


def is_id(value: str) -> bool:
    """`value` looks like a client, object or tenant id: 36 characters in five groups."""
    return bool(_ID.fullmatch(value))


def listed(names: Iterable[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
