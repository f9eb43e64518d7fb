"""The form that a faulty connection string is nearest to, as a template to copy; none of its values is in it."""

from secrets_app.connection_string.keys import Key
from secrets_app.connection_string.words import Words

_SECRET = "RunAs=App;AppId=<client-id>;TenantId=<tenant-id>;AppKey=<client-secret>"  # noqa: S105 - a placeholder
_IN_STORE = "RunAs=App;AppId=<client-id>;TenantId=<tenant-id>;{which};CertificateStoreLocation=CurrentUser"
_IN_VAULT = (
    "RunAs=App;AppId=<client-id>;"
    "KeyVaultCertificateSecretIdentifier=https://<vault-name>.vault.azure.net/secrets/<certificate-name>"
)
_BY_RUN_AS = {
    "developer": "RunAs=Developer; DeveloperTool=AzureCli",
    "workload": "RunAs=Workload;AppId=<client-id>;TenantId=<tenant-id>",
}


def example_of(words: Words) -> str:
    """A whole string of the form that was meant; RunAs=App where none can be told."""
    run_as = (words.given(Key.RUN_AS) or "").lower()
    return _of_app(words) if run_as == "app" else _BY_RUN_AS.get(run_as, "RunAs=App")


def _of_app(words: Words) -> str:
    if words.has(Key.CERTIFICATE_SUBJECT_NAME) and not words.has(Key.CERTIFICATE_THUMBPRINT):
        return _IN_STORE.format(which="CertificateSubjectName=<subject>")
    if words.has(Key.CERTIFICATE_THUMBPRINT) or words.has(Key.CERTIFICATE_STORE_LOCATION):
        return _IN_STORE.format(which="CertificateThumbprint=<thumbprint>")
    if words.has(Key.KEY_VAULT_CERTIFICATE):
        return _IN_VAULT
    if words.has(Key.APP_KEY) or words.has(Key.APP_KEY_PERCENT_ENCODED):
        return _SECRET
    app_id = ";AppId=<client-id>" if words.has(Key.APP_ID) else ""
    return f"RunAs=App{app_id}{';MsiRetryTimeout=30' if words.has(Key.MSI_RETRY_TIMEOUT) else ''}"
