"""What is said of the parts of a connection string that do nothing."""

from collections.abc import Sequence

from secrets_app.connection_string.keys import Key
from secrets_app.connection_string.meaning import Remark
from secrets_app.connection_string.words import Words
from secrets_app.sign_in import SignIn, Way

_PROOFS = (Key.APP_KEY, Key.APP_KEY_PERCENT_ENCODED, Key.CERTIFICATE_THUMBPRINT, Key.CERTIFICATE_SUBJECT_NAME,
           Key.KEY_VAULT_CERTIFICATE)  # fmt: skip


def idle_parts(words: Words, sign_in: SignIn) -> tuple[Remark, ...]:
    """One remark on the parts that do nothing, or none. Whether that changes who to be comes first in it."""
    idle = words.idle
    if not idle:
        return ()
    many, named = len(idle) > 1, _listed(idle)
    did = f"did nothing in the library and {'do' if many else 'does'} nothing here."
    take_out = f"take {'them' if many else 'it'} out."
    half = _half_a_service_principal(words) if sign_in.ways == (Way.MANAGED_IDENTITY,) else None
    if half:
        doubt, missing = half
        return (
            Remark(
                says=f"{doubt} {_capital(named)} {did}",
                way_out=f"For a service principal write {missing}=... into it. For the managed identity {take_out}",
                changes_who=True,
            ),
        )
    rest = f"If {'one' if many else 'it'} is the rest of a value with a ; in it, put that whole value into quotes."
    leftover = words.unknown is not None
    return (Remark(says=f"has {named}, which {did}", way_out=f"{_capital(take_out)} {rest}", leftover=leftover),)


def _half_a_service_principal(words: Words) -> tuple[str, Key] | None:
    """A sentence on it, and the key it lacks: to the library it was a managed identity, without a word. Else None."""
    has = [key for key in (Key.TENANT_ID, *_PROOFS) if words.has(key)]
    if not has:
        return None
    missing = Key.APP_KEY if words.has(Key.APP_ID) else Key.APP_ID
    lacks = "no AppKey and no certificate" if missing is Key.APP_KEY else "no AppId"
    asked = f"Is {missing} misspelt in its part {words.unknown}?" if words.unknown else f"Was {missing} left out?"
    return f"has {_listed(has)}, but {lacks}: so this string means a managed identity. {asked}", missing


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
