"""The environment's service principal, with the thumbprint of the certificate it proved itself with."""

import base64
import json
from typing import Any

import azure.identity
from azure.core.pipeline import PipelineRequest


class EnvironmentCredential(azure.identity.EnvironmentCredential):
    """azure-identity's own of that name. What it sends to Entra names the certificate; nothing else of it does."""

    def __init__(self, **more: Any) -> None:
        self.certificate_thumbprint: str | None = None
        """SHA-1 in capital hex digits; None while no certificate was used."""
        super().__init__(raw_request_hook=self._note, **more)

    def _note(self, request: PipelineRequest[Any]) -> None:
        form = request.http_request.content  # of a request for a token: a dict of fields
        assertion = form.get("client_assertion") if isinstance(form, dict) else None
        if assertion:
            self.certificate_thumbprint = _thumbprint_named_by(assertion)


def _thumbprint_named_by(assertion: str | bytes) -> str | None:
    """The certificate that a client assertion's header names.

    https://learn.microsoft.com/entra/identity-platform/certificate-credentials#header
    """
    text = assertion.decode() if isinstance(assertion, bytes) else assertion
    try:
        header = json.loads(base64.urlsafe_b64decode(text.partition(".")[0] + "=="))
        return base64.urlsafe_b64decode(header["x5t"] + "==").hex().upper()
    except (ValueError, KeyError, TypeError):
        return None
