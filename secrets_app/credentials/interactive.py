"""The two interactive credentials: a browser window, and a device code.

They prompt only in a terminal. A web page cannot: it would open windows on the server and block a worker.
"""

import sys
from datetime import datetime
from typing import Any

from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenRequestOptions
from azure.identity import AuthenticationRequiredError, CredentialUnavailableError
from azure.identity import DeviceCodeCredential as PlainDeviceCodeCredential
from azure.identity import InteractiveBrowserCredential as PlainInteractiveBrowserCredential

from secrets_app.core.credential_options import CredentialOptions
from secrets_app.core.own_messages import INTERACTIVE_SIGN_IN_REQUIRED
from secrets_app.credentials.arguments import network, tenants, without_unset


class InteractiveBrowserCredential(PlainInteractiveBrowserCredential):
    """azure-identity's class, with a message for when prompting is not possible."""

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        try:
            return super().get_token_info(*scopes, options=options)
        except AuthenticationRequiredError as error:
            raise _not_interactive("interactive-browser") from error


class DeviceCodeCredential(PlainDeviceCodeCredential):
    """azure-identity's class, with a message for when prompting is not possible."""

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        try:
            return super().get_token_info(*scopes, options=options)
        except AuthenticationRequiredError as error:
            raise _not_interactive("device-code") from error


def interactive_browser(options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    """Opens the browser on this machine."""
    return InteractiveBrowserCredential(**_arguments(options, deadline_s))


def device_code(options: CredentialOptions, deadline_s: float) -> SupportsTokenInfo:
    """Shows a code to enter in a browser on any device."""
    return DeviceCodeCredential(prompt_callback=_show_code, **_arguments(options, deadline_s))


def _arguments(options: CredentialOptions, deadline_s: float) -> dict[str, Any]:
    return {
        **tenants(options),
        **without_unset(client_id=options.client_id),
        **network(options, deadline_s),
        "disable_automatic_authentication": not options.interactive,
        # It times out before the reading does, so that its own error is shown.
        "timeout": max(1, int(deadline_s * 0.9)),
    }


def _not_interactive(kind: str) -> CredentialUnavailableError:
    return CredentialUnavailableError(
        message=f"{INTERACTIVE_SIGN_IN_REQUIRED} Run this in a terminal: python manage.py principal --credential {kind}"
    )


def _show_code(address: str, code: str, _ends: datetime) -> None:
    """On standard error: standard output may be JSON."""
    sys.stderr.write(f"To sign in, open {address} in a browser and enter the code {code}\n")
    sys.stderr.flush()
