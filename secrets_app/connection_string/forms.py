"""The pairs of a connection string -> the credential it selects. Each form that the library supports is one entry.

The precedence of forms and the ignored keys are those of the library (AzureServiceTokenProviderFactory.Create).
`RunAs=Workload` and `DeveloperTool=VisualStudioCode` come from its ports.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from secrets_app.connection_string import check_ids
from secrets_app.connection_string.parsed import ConnectionStringWarning, Form, ParsedConnectionString
from secrets_app.connection_string.parser import ConnectionStringError, Key, Option, OptionReader
from secrets_app.connection_string.service_principals import (
    certificate_in_store,
    certificate_in_vault,
    client_secret,
    example_for,
)
from secrets_app.core.check_ids import CheckId
from secrets_app.core.credential_options import CredentialKind, CredentialOptions, IdentityKind, ManagedIdentityId
from secrets_app.core.formatting import capitalize, join_words

_VISUAL_STUDIO = ConnectionStringWarning(
    check=check_ids.VISUAL_STUDIO,
    message="selects the Visual Studio account, which is not available in Python. The VS Code account is tried "
    "instead, then Azure CLI, so it may be a different user.",
    hint="Check the line Principal Used. To use the same account, run az login with the Visual Studio account.",
)
_WINDOWS = ConnectionStringWarning(
    check=check_ids.WINDOWS,
    message="selects integrated Windows sign-in, which is not available in Python. The Windows account is tried "
    "through its broker instead, then Azure CLI. On other systems, only Azure CLI is available.",
    hint="On Windows, install azure-identity-broker. On other systems, run az login with that account.",
)


def parse_form(pairs: Iterable[Option], *, allowed_hosts: tuple[str, ...] = ()) -> ParsedConnectionString:
    """What the pairs select. `allowed_hosts` are trusted in addition to Azure's. Raises ConnectionStringError."""
    reader = OptionReader(pairs)
    try:
        found = _chosen(_RUN_AS, check_ids.RUN_AS, Key.RUN_AS, reader)(reader, allowed_hosts)
    except ConnectionStringError as error:
        error.example = example_for(reader)
        raise
    return replace(found, warnings=(*found.warnings, *unused_key_warnings(reader, found.options)))


def _chosen(table: Mapping[str, Form], check: CheckId, key: Key, reader: OptionReader) -> Form:
    """The entry of `table` for the value of `key`, ignoring case."""
    text = reader.given(key)
    by_name = {name.lower(): form for name, form in table.items()}
    if text and text.lower() in by_name:
        return by_name[text.lower()]
    known = ", ".join(table)
    hint = f"Set {key} to one of: {known}."
    if text:
        raise ConnectionStringError(check, f"has a value for {key} that is not one of {known}.", hint)
    message = f"has {key} without a value." if reader.has(key) else f"has no {key}."
    raise ConnectionStringError(check, message, hint, cause="setting_missing")


def _developer(reader: OptionReader, allowed_hosts: tuple[str, ...]) -> ParsedConnectionString:
    return _chosen(_DEVELOPER_TOOLS, check_ids.DEVELOPER_TOOL, Key.DEVELOPER_TOOL, reader)(reader, allowed_hosts)


def _fixed(description: str, *kinds: CredentialKind, warning: ConnectionStringWarning | None = None) -> Form:
    meaning = ParsedConnectionString(
        options=CredentialOptions(kinds=kinds), description=description, warnings=(warning,) if warning else ()
    )
    return lambda _reader, _allowed_hosts: meaning


def _workload(reader: OptionReader, _allowed_hosts: tuple[str, ...]) -> ParsedConnectionString:
    options = CredentialOptions(
        kinds=(CredentialKind.WORKLOAD_IDENTITY,), client_id=reader.guid(Key.APP_ID), tenant_id=reader.tenant()
    )
    return ParsedConnectionString(options=options, description="a workload identity")


def _app(reader: OptionReader, allowed_hosts: tuple[str, ...]) -> ParsedConnectionString:
    if not reader.has(Key.APP_ID):
        return _managed_identity(reader)
    reader.needed_guid(Key.APP_ID)
    if any(map(reader.has, (Key.CERTIFICATE_STORE_LOCATION, Key.CERTIFICATE_THUMBPRINT, Key.CERTIFICATE_SUBJECT_NAME))):
        return certificate_in_store(reader)
    if reader.has(Key.KEY_VAULT_CERTIFICATE):
        return certificate_in_vault(reader, allowed_hosts)
    if reader.has(Key.APP_KEY) or reader.has(Key.APP_KEY_PERCENT_ENCODED):
        return client_secret(reader)
    return _managed_identity(reader)


def _managed_identity(reader: OptionReader) -> ParsedConnectionString:
    client_id = reader.guid(Key.APP_ID)
    identity = ManagedIdentityId(kind=IdentityKind.CLIENT_ID, value=client_id) if client_id else None
    options = CredentialOptions(
        kinds=(CredentialKind.MANAGED_IDENTITY,),
        managed_identity=identity,
        retry_timeout_s=reader.seconds(Key.MSI_RETRY_TIMEOUT),
    )
    return ParsedConnectionString(
        options=options, description=f"the {'user' if identity else 'system'}-assigned managed identity"
    )


_DEVELOPER_TOOLS: Mapping[str, Form] = {
    "AzureCli": _fixed("the user signed in to Azure CLI", CredentialKind.AZURE_CLI),
    "VisualStudio": _fixed(
        "the user signed in to Visual Studio",
        CredentialKind.VISUAL_STUDIO_CODE,
        CredentialKind.AZURE_CLI,
        warning=_VISUAL_STUDIO,
    ),
    "VisualStudioCode": _fixed("the user signed in to VS Code", CredentialKind.VISUAL_STUDIO_CODE),
}
_RUN_AS: Mapping[str, Form] = {
    "Developer": _developer,
    "CurrentUser": _fixed(
        "the user signed in to Windows", CredentialKind.BROKER, CredentialKind.AZURE_CLI, warning=_WINDOWS
    ),
    "App": _app,
    "Workload": _workload,
}


_CREDENTIAL_KEYS = (
    *(Key.APP_KEY, Key.APP_KEY_PERCENT_ENCODED, Key.CERTIFICATE_THUMBPRINT, Key.CERTIFICATE_SUBJECT_NAME),
    Key.KEY_VAULT_CERTIFICATE,
)


def unused_key_warnings(reader: OptionReader, options: CredentialOptions) -> tuple[ConnectionStringWarning, ...]:
    """At most one warning about the parts without effect. If they change the selected identity, it starts with that."""
    unused = reader.unused_keys
    if not unused:
        return ()
    several, names = len(unused) > 1, join_words(unused)
    effect = f"had no effect in the library and {'have' if several else 'has'} none here."
    removal = f"remove {'them' if several else 'it'}."
    is_managed_identity = options.kinds == (CredentialKind.MANAGED_IDENTITY,)
    incomplete = _incomplete_service_principal(reader) if is_managed_identity else None
    if incomplete:
        sentence, missing = incomplete
        return (
            ConnectionStringWarning(
                message=f"{sentence} {capitalize(names)} {effect}",
                hint=f"For a service principal, add {missing}=... to it. For the managed identity, {removal}",
                changes_identity=True,
            ),
        )
    quoting = (
        f"If {'one' if several else 'it'} is the rest of a value that contains a ;, put the whole value in quotes."
    )
    return (
        ConnectionStringWarning(
            message=f"has {names}, which {effect}",
            hint=f"{capitalize(removal)} {quoting}",
            may_be_cut_off=reader.unknown is not None,
        ),
    )


def _incomplete_service_principal(reader: OptionReader) -> tuple[str, Key] | None:
    """A sentence on the missing part, and its key; None when nothing is missing.

    The library selected a managed identity in this case, without an error.
    """
    present = [key for key in (Key.TENANT_ID, *_CREDENTIAL_KEYS) if reader.has(key)]
    if not present:
        return None
    missing = Key.APP_KEY if reader.has(Key.APP_ID) else Key.APP_ID
    lacks = "no AppKey and no certificate" if missing is Key.APP_KEY else "no AppId"
    question = f"Is {missing} misspelled in part {reader.unknown}?" if reader.unknown else f"Is {missing} missing?"
    return f"has {join_words(present)}, but {lacks}, so it selects a managed identity. {question}", missing
