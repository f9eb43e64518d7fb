"""Remarks on the parts of a connection string that have no effect."""

from secrets_app.connection_string.option_reader import OptionReader
from secrets_app.connection_string.parsed import ConnectionStringWarning
from secrets_app.connection_string.parser import Key
from secrets_app.core.credential_options import CredentialKind, CredentialOptions
from secrets_app.core.formatting import capitalize, join_words

_CREDENTIAL_KEYS = (Key.APP_KEY, Key.APP_KEY_PERCENT_ENCODED, Key.CERTIFICATE_THUMBPRINT, Key.CERTIFICATE_SUBJECT_NAME,
           Key.KEY_VAULT_CERTIFICATE)  # fmt: skip


def unused_key_warnings(words: OptionReader, options: CredentialOptions) -> tuple[ConnectionStringWarning, ...]:
    """At most one remark on the parts without effect. If they change the selected identity, it starts with that."""
    idle = words.idle
    if not idle:
        return ()
    many, named = len(idle) > 1, join_words(idle)
    did = f"had no effect in the library and {'have' if many else 'has'} none here."
    take_out = f"remove {'them' if many else 'it'}."
    half = _incomplete_service_principal(words) if options.kinds == (CredentialKind.MANAGED_IDENTITY,) else None
    if half:
        doubt, missing = half
        return (
            ConnectionStringWarning(
                message=f"{doubt} {capitalize(named)} {did}",
                hint=f"For a service principal, add {missing}=... to it. For the managed identity, {take_out}",
                changes_who=True,
            ),
        )
    rest = f"If {'one' if many else 'it'} is the rest of a value that contains a ;, put the whole value in quotes."
    leftover = words.unknown is not None
    return (
        ConnectionStringWarning(
            message=f"has {named}, which {did}", hint=f"{capitalize(take_out)} {rest}", leftover=leftover
        ),
    )


def _incomplete_service_principal(words: OptionReader) -> tuple[str, Key] | None:
    """A sentence on the missing part, and its key; None when nothing is missing.

    The library selected a managed identity in this case, without an error.
    """
    has = [key for key in (Key.TENANT_ID, *_CREDENTIAL_KEYS) if words.has(key)]
    if not has:
        return None
    missing = Key.APP_KEY if words.has(Key.APP_ID) else Key.APP_ID
    lacks = "no AppKey and no certificate" if missing is Key.APP_KEY else "no AppId"
    asked = f"Is {missing} misspelled in part {words.unknown}?" if words.unknown else f"Is {missing} missing?"
    return f"has {join_words(has)}, but {lacks}, so it selects a managed identity. {asked}", missing
