"""The kinds of errors in a connection string, and of warnings about one that works."""

from secrets_app.core.check_ids import CheckId

SYNTAX = CheckId("E046", "The connection string is not a list of `key=value` parts.")
DUPLICATE_KEY = CheckId("E047", "The connection string contains a key twice.")
RUN_AS = CheckId("E048", "The connection string has no supported value for `RunAs`.")
DEVELOPER_TOOL = CheckId("E049", "The connection string has no supported value for `DeveloperTool`.")
MISSING_KEY = CheckId("E050", "The connection string lacks a required key or its value.")
GUID = CheckId("E051", "An ID in the connection string is not a GUID.")
STORE = CheckId("E052", "The connection string has no supported value for `CertificateStoreLocation`.")
SECONDS = CheckId("E053", "`MsiRetryTimeout` in the connection string is not a whole number of seconds.")
SECRET_ID = CheckId("E054", "`KeyVaultCertificateSecretIdentifier` is not a secret identifier.")
EMPTY = CheckId("E085", "The connection string contains only spaces and semicolons.")
INVISIBLE = CheckId("E086", "The connection string contains an invisible character.")
TWO_SECRETS = CheckId("E087", "The connection string contains both `AppKey` and `AppKeyPercentEncoded`.")
TENANT = CheckId("E088", "`TenantId` in the connection string is not a tenant ID or domain.")
THUMBPRINT = CheckId("E089", "`CertificateThumbprint` in the connection string is not a thumbprint.")
SECRET_HOST = CheckId("E090", "`KeyVaultCertificateSecretIdentifier` has a host that is not an Azure Key Vault host.")

UNUSED_KEY = CheckId("W065", "The connection string contains keys that have no effect.")
VISUAL_STUDIO = CheckId("W091", "The connection string selects the Visual Studio account, which Python cannot use.")
WINDOWS = CheckId("W092", "The connection string selects integrated Windows sign-in, which Python cannot use.")

ALL = (
    *(SYNTAX, DUPLICATE_KEY, RUN_AS, DEVELOPER_TOOL, MISSING_KEY, GUID, STORE, SECONDS, SECRET_ID, EMPTY, INVISIBLE),
    *(TWO_SECRETS, TENANT, THUMBPRINT, SECRET_HOST, UNUSED_KEY, VISUAL_STUDIO, WINDOWS),
)
