"""The place in a chain of one who could not be made."""

from typing import NoReturn

from azure.core.credentials import SupportsTokenInfo, TokenRequestOptions
from azure.identity import CredentialUnavailableError

from secrets_app.sign_in import Way


class StandIn(SupportsTokenInfo):
    """Says at every asking why the other could not be made, and lets the chain go on."""

    def __init__(self, way: Way, message: str) -> None:
        self.stands_for = _class_name(way)
        self._message = message

    def get_token_info(self, *_scopes: str, options: TokenRequestOptions | None = None) -> NoReturn:  # noqa: ARG002
        raise CredentialUnavailableError(message=self._message)

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> "StandIn":
        return self

    def __exit__(self, *_args: object) -> None:
        self.close()


def _class_name(way: Way) -> str:
    """azure-identity's: `WorkloadIdentityCredential` for workload-identity."""
    words = way.value.removeprefix("client-") if way is Way.CLIENT_CERTIFICATE else way.value
    return f"{''.join(word.capitalize() for word in words.split('-'))}Credential"
