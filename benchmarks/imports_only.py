"""A WSGI application that only imports Django and the Azure libraries: the memory baseline."""

from collections.abc import Callable, Iterable
from typing import Any

import azure.identity
import azure.keyvault.secrets
import django.core.wsgi

IMPORTED = (azure.identity, azure.keyvault.secrets, django.core.wsgi)


def application(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = b"imported\n"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
