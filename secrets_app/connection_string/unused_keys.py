"""Warnings about the parts of a connection string that have no effect."""

from secrets_app.connection_string.option_reader import OptionReader
from secrets_app.connection_string.parsed import ConnectionStringWarning
from secrets_app.connection_string.parser import Key
from secrets_app.core.credential_options import CredentialKind, CredentialOptions
from secrets_app.core.formatting import capitalize, join_words

_CREDENTIAL_KEYS = (Key.APP_KEY, Key.APP_KEY_PERCENT_ENCODED, Key.CERTIFICATE_THUMBPRINT, Key.CERTIFICATE_SUBJECT_NAME,
           Key.KEY_VAULT_CERTIFICATE)  # fmt: skip


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
