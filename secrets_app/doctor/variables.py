"""How a variable is displayed: IDs and addresses in full, other values only as set or not, with their length."""

import re
from collections.abc import Iterable, Mapping

from secrets_app.core.formatting import plural
from secrets_app.core.hosts import GUID_PATTERN
from secrets_app.core.redaction import redact
from secrets_app.doctor.check import Fact

_ID = re.compile(GUID_PATTERN)
_TENANT = re.compile(rf"{GUID_PATTERN}|(?:[A-Za-z0-9-]+\.)+[A-Za-z]{{2,}}|organizations|common|consumers")
_ADDRESS = re.compile(r"https?://[\w.:\[\]-]+(?:/[\w./-]*)?")
_NAME = re.compile(r"[\w.:-]{1,80}")
# A path with a folder prefix, or a certificate file name; a client secret is neither.
_PATH = re.compile(r"(?:[/~]|\.{1,2}/|[A-Za-z]:[\\/])[\w./:\\ ~+()-]{1,300}|[\w./ -]{1,200}\.(?:pem|pfx|p12|crt|cer)")
_WORD = re.compile(r"[A-Za-z]{1,40}")

# A secret in the wrong variable must not be displayed: a value is shown only if it has the expected format.
_SHOWN: Mapping[str, re.Pattern[str]] = {
    "AZURE_CLIENT_ID": _ID,
    "AZURE_TENANT_ID": _TENANT,
    "AZURE_TOKEN_CREDENTIALS": _WORD,
    "AZURE_AUTHORITY_HOST": _ADDRESS,
    "AZURE_POD_IDENTITY_AUTHORITY_HOST": _ADDRESS,
    "AZURE_CLIENT_CERTIFICATE_PATH": _PATH,
    "AZURE_FEDERATED_TOKEN_FILE": _PATH,
    "IDENTITY_ENDPOINT": _ADDRESS,
    "IMDS_ENDPOINT": _ADDRESS,
    "MSI_ENDPOINT": _ADDRESS,
    "WEBSITE_SITE_NAME": _NAME,
    "FUNCTIONS_WORKER_RUNTIME": _NAME,
    "CONTAINER_APP_NAME": _NAME,
    "KUBERNETES_SERVICE_HOST": _NAME,
    "REQUESTS_CA_BUNDLE": _PATH,
    "CURL_CA_BUNDLE": _PATH,
    "SSL_CERT_FILE": _PATH,
    "SSL_CERT_DIR": _PATH,
}


def describe_variable(environ: Mapping[str, str], name: str) -> str:
    """The display form of this variable."""
    value = environ.get(name)
    if value is None:
        return "not set"
    if not value:
        return "set, but empty"
    pattern = _SHOWN.get(name)
    if pattern and pattern.fullmatch(value):
        return redact(value)
    return f"set, {plural(len(value), 'character')}"


def describe_variables(environ: Mapping[str, str], names: Iterable[str]) -> tuple[Fact, ...]:
    """One fact for each variable."""
    return tuple((name, describe_variable(environ, name)) for name in names)
