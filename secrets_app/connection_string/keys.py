"""The keys that the library knew."""

from enum import StrEnum


class Key(StrEnum):
    """A key of the connection string, as the library's guide writes it."""

    RUN_AS = "RunAs"
    DEVELOPER_TOOL = "DeveloperTool"
    APP_ID = "AppId"
    TENANT_ID = "TenantId"
    APP_KEY = "AppKey"
    APP_KEY_PERCENT_ENCODED = "AppKeyPercentEncoded"
    CERTIFICATE_THUMBPRINT = "CertificateThumbprint"
    CERTIFICATE_SUBJECT_NAME = "CertificateSubjectName"
    CERTIFICATE_STORE_LOCATION = "CertificateStoreLocation"
    KEY_VAULT_CERTIFICATE = "KeyVaultCertificateSecretIdentifier"
    KEY_VAULT_APP_ID = "KeyVaultAppId"
    MSI_RETRY_TIMEOUT = "MsiRetryTimeout"


_OTHER_NAMES = {
    "keyvaultsecretidentifier": Key.KEY_VAULT_CERTIFICATE,
    "keyvaultuserassignedmanagedidentityid": Key.KEY_VAULT_APP_ID,
}
"""The same under the names of the library's other versions."""
_KEYS = {key.lower(): key for key in Key} | _OTHER_NAMES


def key_named(text: str) -> Key | None:
    """The key that `text` is, in any case; None when the library knew none of that name."""
    return _KEYS.get(text.lower())
