"""Which service refused, and what it was asked to do: read from an error text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import groupby

from secrets_app.diagnosis.normalize import contains_any


class Service(StrEnum):
    """The service that returned the error; the values are the names on the page."""

    KEY_VAULT = "Key Vault"
    ENTRA = "Microsoft Entra ID"
    RESOURCE_MANAGER = "Azure Resource Manager"
    IMDS = "Instance Metadata Service (IMDS)"
    IDENTITY_ENDPOINT = "Managed identity endpoint"
    GRAPH = "Microsoft Graph"
    STORAGE = "Azure Storage"
    SQL = "Azure SQL"
    SERVICE_BUS = "Service Bus or Event Hubs"
    COSMOS = "Azure Cosmos DB"
    CONTAINER_REGISTRY = "Azure Container Registry"
    APP_CONFIGURATION = "App Configuration"
    APPLICATION_GATEWAY = "Application Gateway"
    AI_SERVICES = "Azure AI services"
    AZURE_DEVOPS = "Azure DevOps"
    GITHUB = "GitHub"
    DATABRICKS = "Azure Databricks"
    KUBERNETES = "Kubernetes"


class ObjectKind(StrEnum):
    """What a request to Key Vault is about."""

    SECRET = "secrets"  # noqa: S105 - a kind of object
    KEY = "keys"
    CERTIFICATE = "certificates"
    VAULT = "vaults"


class Action(StrEnum):
    """What a request does with the object."""

    READ = "read"
    LIST = "list"
    WRITE = "write"
    DELETE = "delete"
    PURGE = "purge"
    RECOVER = "recover"
    IMPORT = "import"
    BACKUP = "backup"
    USE = "use"
    """Encrypt, decrypt, wrap, unwrap, sign or verify with a key."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A request to Key Vault, as far as the text tells."""

    object: ObjectKind | None = None
    action: Action | None = None

    def __str__(self) -> str:
        """For example `secrets, read`; empty if nothing is known."""
        return ", ".join(part for part in (self.object, self.action) if part)


UNKNOWN_OPERATION = Operation()

_ENTRA_CODE = re.compile(r"aadsts\s?\d{4}")
_OBJECTS = (
    (ObjectKind.SECRET, re.compile(r"vaults/secrets|/secrets/|secrets? (?:get|list|set|delete|purge|recover)\b")),
    (ObjectKind.KEY, re.compile(r"vaults/keys|/keys/|\bkeys? (?:get|list|create|wrap|unwrap|sign|decrypt|encrypt)")),
    (
        ObjectKind.CERTIFICATE,
        re.compile(r"vaults/certificates|/certificates/|certificates? (?:get|list|import|create)"),
    ),
)
_FILE = "service_words.tsv"
"""One row a word, in lowercase (`\\s` is a space at its end). The tables:

- `answer`: words of this service's own answers; `caller`: words of programs that call it, where no answer is quoted;
  `host`: the host of the last request, where no words tell. In these the last occurrence in the text wins.
- `name`: names of the service, in order of preference, where neither words nor a host tell.
- `vault`: requests that create, recover or purge a vault, whatever else the text names.
- `object` and `action`: what a request to Key Vault is about, in order of preference.
"""


@cache
def _words(table: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The values of a table in the order of the file, each with its words."""
    lines = files(__package__).joinpath(_FILE).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line.startswith(f"{table}\t")]
    return tuple(
        (value, tuple(word.replace("\\s", " ") for _, _, word in group))
        for value, group in groupby(rows, key=lambda row: row[1])
    )


def detect_service(text: str) -> Service | None:
    """The service that refused, or was not reached; None if the text does not tell. `text` is in lowercase."""
    if _ENTRA_CODE.search(text):
        return Service.ENTRA
    for table in ("answer", "caller", "host"):
        found = [(position, service) for service, words in _words(table) if (position := _last(text, words)) >= 0]
        if found:
            return Service(max(found)[1])
    named = _first(text, "name")
    return Service(named) if named else None


def detect_operation(text: str) -> Operation:
    """The object and the action of a request to Key Vault, as far as the text tells. `text` is in lowercase."""
    kinds = [(match.start(), kind) for kind, pattern in _OBJECTS if (match := pattern.search(text))]
    named = _first(text, "vault") or ("" if kinds else _first(text, "object"))
    action = _first(text, "action")
    return Operation(
        object=ObjectKind(named) if named else min(kinds)[1] if kinds else None,
        action=Action(action) if action else None,
    )


def _first(text: str, table: str) -> str:
    return next((value for value, words in _words(table) if contains_any(text, words)), "")


def _last(text: str, words: Iterable[str]) -> int:
    return max(map(text.rfind, words))
