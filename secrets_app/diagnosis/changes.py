"""What changed since the secret was last read, as evidence: which change explains which cause."""

from collections.abc import Mapping
from dataclasses import replace

from secrets_app.core.formatting import moment
from secrets_app.core.reading import ChangeKind, Hint, LastReadable

_IDENTITY = (ChangeKind.PRINCIPAL, ChangeKind.TENANT, ChangeKind.CREDENTIAL)
_RELEVANT: Mapping[str, tuple[ChangeKind, ...]] = {
    "kv_rbac_denied": _IDENTITY,
    "kv_access_policy_denied": _IDENTITY,
    "kv_role_condition": _IDENTITY,
    "unexpected_principal": _IDENTITY,
    "kv_firewall_denied": (ChangeKind.ADDRESS,),
    "kv_public_access_disabled": (ChangeKind.ADDRESS,),
    "kv_wrong_tenant": (ChangeKind.TENANT, *_IDENTITY),
    "tenant_id_wrong": (ChangeKind.TENANT, *_IDENTITY),
    "kv_secret_not_found": (ChangeKind.VERSION,),
    "kv_secret_disabled": (ChangeKind.VERSION,),
}
"""Cause -> the changes that explain it, the most relevant first. Any other cause: a change of the credential."""
_SAME: Mapping[str, str] = {
    "kv_rbac_denied": "the same principal read this secret. Its role assignment was removed since then, or its scope "
    "or condition was changed",
    "kv_access_policy_denied": "the same principal read this secret. Its access policy was changed since then, or the "
    "vault was switched to another permission model",
    "kv_firewall_denied": "the secret was read from the same address. The vault's network rules were changed since "
    "then",
    "kv_public_access_disabled": "the secret was read from the same address. Public network access was disabled since "
    "then",
}
"""Cause -> what it means if none of these changed."""


def with_change(hints: tuple[Hint, ...], last: LastReadable | None) -> tuple[Hint, ...]:
    """The hints; the reason of the first one begins with the change since the secret was last read."""
    if not hints or last is None:
        return hints
    text = explanation(hints[0].cause, last)
    return (replace(hints[0], why=f"{text} {hints[0].why}"), *hints[1:]) if text else hints


def explanation(cause: str, last: LastReadable) -> str:
    """One sentence on the change that explains this cause; empty if none does."""
    found = {change.kind: change for change in last.changes}
    for kind in _RELEVANT.get(cause, (ChangeKind.CREDENTIAL,)):
        if kind in found:
            return f"{found[kind].sentence} Before that, the secret was read, last on {moment(last.at)}."
    is_same = last.same_address if cause in _BY_ADDRESS else last.same_principal
    return f"Until {moment(last.at)}, {_SAME[cause]}." if cause in _SAME and is_same else ""


_BY_ADDRESS = frozenset({"kv_firewall_denied", "kv_public_access_disabled"})
