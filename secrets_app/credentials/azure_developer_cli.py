"""Azure Developer CLI credential that ends with its reading. azure-identity's only ends by its own time limit.

Arguments and messages are those of azure-identity 1.27 (azd_cli.py), whose azd inherits the site's environment.
"""

import base64
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NoReturn

from azure.core.credentials import AccessTokenInfo, TokenRequestOptions
from azure.identity import CredentialUnavailableError

from secrets_app.azure_client.process import CompletedTool, ToolError, find, process_environment, run
from secrets_app.credentials.tool_credential import TOKEN, ToolCredential, single_scope

_NOT_FOUND = (
    "Azure Developer CLI could not be found. Please visit https://aka.ms/azure-dev for installation instructions and "
    "then,once installed, authenticate to your Azure account using 'azd auth login'."
)
_NOT_LOGGED_IN = "Please run 'azd auth login' from a command prompt to authenticate before using this credential."
_CLAIMS_UNSUPPORTED = (
    "Claims challenges are not supported by the Azure Developer CLI version you are using. Please update to version "
    "1.18.1 or later."
)
_TROUBLESHOOTING = "https://aka.ms/azsdk/python/identity/azdevclicredential/troubleshoot"
_NOT_FOUND_EXIT_CODE = 127


class AzureDeveloperCliCredential(ToolCredential):
    """Gets tokens for the account that is signed in to azd."""

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """The token that azd prints. Raises CredentialUnavailableError, ClientAuthenticationError, ValueError."""
        options = options or {}
        arguments = ["auth", "token", "--output", "json", "--no-prompt", "--scope", single_scope(scopes, "azd")]
        tenant, claims = self._tenant(options.get("tenant_id")), options.get("claims")
        arguments += ["--tenant-id", tenant] if tenant else []
        arguments += ["--claims", base64.b64encode(claims.encode()).decode()] if claims else []
        output = self._output(arguments)
        try:
            return _token(json.loads(output))
        except (KeyError, ValueError, TypeError, OverflowError, RecursionError):
            if message := _message_in(output):
                raise self._error(message) from None
            self._raise_unexpected("Azure Developer CLI", output, _TROUBLESHOOTING)

    def _output(self, arguments: list[str]) -> str:
        environ = process_environment(NO_COLOR="true")
        azd = find(environ, "azd")
        if azd is None:
            raise CredentialUnavailableError(message=_NOT_FOUND)
        try:
            completed = run([azd, *arguments], environ, self._timeout_s)
        except ToolError as error:
            raise CredentialUnavailableError(message="Failed to invoke the Azure Developer CLI") from error
        if completed.exit_code:
            self._raise_error(completed)
        return completed.stdout

    def _raise_error(self, completed: CompletedTool) -> NoReturn:
        text = f"{completed.stdout}\n{completed.stderr}"
        if completed.exit_code == _NOT_FOUND_EXIT_CODE or completed.stderr.startswith("'azd' is not recognized"):
            raise CredentialUnavailableError(message=_NOT_FOUND)
        if "not logged in, run `azd auth login` to login" in text and "AADSTS" not in text:
            raise CredentialUnavailableError(message=_NOT_LOGGED_IN)
        if "unknown flag: --claims" in text:
            raise CredentialUnavailableError(message=_CLAIMS_UNSUPPORTED)
        message = _message_in(completed.stdout) or _message_in(completed.stderr) or _without_token(completed.stderr)
        raise self._error(message or "Failed to invoke Azure Developer CLI")


def _token(document: dict[str, Any]) -> AccessTokenInfo:
    """Raises KeyError, TypeError, ValueError or OverflowError if `document` is not a token response."""
    if not TOKEN.fullmatch(document["token"]):
        raise ValueError("no token")
    # azure-identity reads it as local time too, although azd writes UTC.
    expires_on = datetime.strptime(document["expiresOn"], "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007
    return AccessTokenInfo(document["token"], int(expires_on.timestamp()))


def _message_in(output: str) -> str | None:
    """The error in azd's JSON lines: `{"error": ...}` since 1.23.7, before that a consoleMessage."""
    documents = list(_json_objects(output))
    errors = [document.get("error") for document in documents]
    errors += [data.get("message") for document in documents if isinstance(data := document.get("data"), dict)]
    message = next((error.strip() for error in errors if isinstance(error, str) and error.strip()), None)
    return _without_token(message) if message else None


def _json_objects(output: str) -> Iterator[dict[str, Any]]:
    for line in output.splitlines():
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            yield document


def _without_token(text: str) -> str:
    return re.sub(r"\"token\": \"(.*?)(\"|$)", "****", text)
