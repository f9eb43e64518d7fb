"""The pairs of a connection string -> the credential it selects. Each form that the library supports is one entry.

The precedence of forms and the ignored keys are those of the library (AzureServiceTokenProviderFactory.Create).
`RunAs=Workload` and `DeveloperTool=VisualStudioCode` come from its ports.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from secrets_app.connection_string import check_ids
from secrets_app.connection_string.option_reader import OptionReader
from secrets_app.connection_string.parsed import ConnectionStringWarning, Form, ParsedConnectionString
from secrets_app.connection_string.parser import ConnectionStringError, Key, Option
from secrets_app.connection_string.service_principals import (
    certificate_in_store,
    certificate_in_vault,
    client_secret,
    example_for,
)
from secrets_app.connection_string.unused_keys import unused_key_warnings
from secrets_app.core.check_ids import CheckId
from secrets_app.core.credential_options import CredentialKind, CredentialOptions, IdentityKind, ManagedIdentityId

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
    """What the pairs select. `allowed_hosts` are vault hosts trusted in addition to Azure's. Raises Fault."""
    words = OptionReader(pairs)
    try:
        found = _chosen(_RUN_AS, check_ids.RUN_AS, Key.RUN_AS, words)(words, allowed_hosts)
    except ConnectionStringError as fault:
        fault.example = example_for(words)
        raise
    return replace(found, remarks=(*found.remarks, *unused_key_warnings(words, found.options)))


def _chosen(table: Mapping[str, Form], check: CheckId, key: Key, words: OptionReader) -> Form:
    """The entry of `table` for the value of `key`, ignoring case."""
    text = words.given(key)
    by_word = {word.lower(): form for word, form in table.items()}
    if text and text.lower() in by_word:
        return by_word[text.lower()]
    known = ", ".join(table)
    hint = f"Set {key} to one of: {known}."
    if text:
        raise ConnectionStringError(check, f"has a value for {key} that is not one of {known}.", hint)
    message = f"has {key} without a value." if words.has(key) else f"has no {key}."
    raise ConnectionStringError(check, message, hint, cause="setting_missing")


def _developer(words: OptionReader, allowed_hosts: tuple[str, ...]) -> ParsedConnectionString:
    return _chosen(_DEVELOPER_TOOLS, check_ids.DEVELOPER_TOOL, Key.DEVELOPER_TOOL, words)(words, allowed_hosts)


def _fixed(who: str, *kinds: CredentialKind, remark: ConnectionStringWarning | None = None) -> Form:
    meaning = ParsedConnectionString(
        options=CredentialOptions(kinds=kinds), who=who, remarks=(remark,) if remark else ()
    )
    return lambda _words, _allowed_hosts: meaning


def _workload(words: OptionReader, _allowed_hosts: tuple[str, ...]) -> ParsedConnectionString:
    options = CredentialOptions(
        kinds=(CredentialKind.WORKLOAD_IDENTITY,), client_id=words.guid(Key.APP_ID), tenant_id=words.tenant()
    )
    return ParsedConnectionString(options=options, who="a workload identity")


def _app(words: OptionReader, allowed_hosts: tuple[str, ...]) -> ParsedConnectionString:
    if not words.has(Key.APP_ID):
        return _managed_identity(words)
    words.needed_guid(Key.APP_ID)
    if any(map(words.has, (Key.CERTIFICATE_STORE_LOCATION, Key.CERTIFICATE_THUMBPRINT, Key.CERTIFICATE_SUBJECT_NAME))):
        return certificate_in_store(words)
    if words.has(Key.KEY_VAULT_CERTIFICATE):
        return certificate_in_vault(words, allowed_hosts)
    if words.has(Key.APP_KEY) or words.has(Key.APP_KEY_PERCENT_ENCODED):
        return client_secret(words)
    return _managed_identity(words)


def _managed_identity(words: OptionReader) -> ParsedConnectionString:
    client_id = words.guid(Key.APP_ID)
    identity = ManagedIdentityId(kind=IdentityKind.CLIENT_ID, value=client_id) if client_id else None
    options = CredentialOptions(
        kinds=(CredentialKind.MANAGED_IDENTITY,),
        managed_identity=identity,
        retry_timeout_s=words.seconds(Key.MSI_RETRY_TIMEOUT),
    )
    return ParsedConnectionString(
        options=options, who=f"the {'user' if identity else 'system'}-assigned managed identity"
    )


_DEVELOPER_TOOLS: Mapping[str, Form] = {
    "AzureCli": _fixed("the user signed in to Azure CLI", CredentialKind.AZURE_CLI),
    "VisualStudio": _fixed(
        "the user signed in to Visual Studio",
        CredentialKind.VISUAL_STUDIO_CODE,
        CredentialKind.AZURE_CLI,
        remark=_VISUAL_STUDIO,
    ),
    "VisualStudioCode": _fixed("the user signed in to VS Code", CredentialKind.VISUAL_STUDIO_CODE),
}
_RUN_AS: Mapping[str, Form] = {
    "Developer": _developer,
    "CurrentUser": _fixed(
        "the user signed in to Windows", CredentialKind.BROKER, CredentialKind.AZURE_CLI, remark=_WINDOWS
    ),
    "App": _app,
    "Workload": _workload,
}
