"""What differs between an observation and what was known before, as sentences."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from fleet.models import Observation
from fleet.observed import Observed, principal_label
from secrets_app.core.formatting import span
from secrets_app.core.reading import Change, ChangeKind

_TRACKED: Mapping[ChangeKind, str] = {
    ChangeKind.PRINCIPAL: "principal",
    ChangeKind.TENANT: "tenant",
    ChangeKind.CREDENTIAL: "credential",
    ChangeKind.VERSION: "version of the secret",
    ChangeKind.ADDRESS: "client address",
}
"""Kind -> what it is called in a sentence."""


def properties(of: Observed | Observation) -> dict[str, str]:
    """The values that a change is derived from; without those that this observation does not show."""
    values = {
        ChangeKind.PRINCIPAL: of.object_id or of.app_id,
        ChangeKind.TENANT: of.tenant_id,
        ChangeKind.CREDENTIAL: of.credential,
        ChangeKind.VERSION: of.secret_version,
        ChangeKind.FINGERPRINT: of.fingerprint,
        ChangeKind.ADDRESS: of.client_address,
        "label": principal_label(of),
    }
    return {str(name): value for name, value in values.items() if value}


def changed_properties(known: Mapping[str, str], now: Mapping[str, str], *, with_address: bool) -> Iterator[Change]:
    """The tracked properties that differ. A value that is not known on one side is no change.

    `with_address`: compare the client addresses as well. An app may use several at the same time, so a different one
    counts only where the outcome differs too.
    """
    for kind, what in _TRACKED.items():
        before, after = known.get(kind), now.get(kind)
        if before and after and before != after and (with_address or kind is not ChangeKind.ADDRESS):
            yield _change(kind, what, *_shown(kind, known, now))
    yield from _changed_value(known, now)


def _shown(kind: ChangeKind, known: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, str]:
    """The two values. Principals by name, unless both have the same one."""
    before, after = known[kind], now[kind]
    names = known.get("label", ""), now.get("label", "")
    if kind is not ChangeKind.PRINCIPAL or not all(names):
        return before, after
    return names if names[0] != names[1] else (f"{names[0]}, object ID {before}", f"{names[1]}, object ID {after}")


def _changed_value(known: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Change]:
    """A version has one value: if only the fingerprint differs, the key of the fingerprints was changed."""
    before, after = known.get(ChangeKind.FINGERPRINT), now.get(ChangeKind.FINGERPRINT)
    same_version = known.get(ChangeKind.VERSION) == now.get(ChangeKind.VERSION)
    if not before or not after or (before != after) is not same_version:
        return
    sentence = (
        "The fingerprint changed but not the version: KVSITE_SECRET_KEY, the key of the fingerprints, is another one."
        if same_version
        else "The new version has the same value as the one before."
    )
    yield Change(kind=ChangeKind.FINGERPRINT, before=before, after=after, sentence=sentence)


def _change(kind: ChangeKind, what: str, before: str, after: str) -> Change:
    return Change(kind=kind, before=before, after=after, sentence=f"The {what} changed from {before} to {after}.")


def changed_outcome(*, was_ok: bool, before: str, now: Observed, since: datetime | None) -> Change | None:
    """The change of the outcome or, between two failures, of the cause; None if neither changed.

    `before`: the earlier result, `403 ForbiddenByRbac`; `since`: when that outcome began.
    """
    lasted = f" for {rough_span(now.at - since)}" if since and now.at > since else ""
    if was_ok and not now.ok:
        sentence = f"No longer readable: {_error(now)}. It was readable{lasted} before."
    elif now.ok and not was_ok:
        sentence = f"Readable again. It was not readable{lasted} before: {before}."
    elif not now.ok and before != now.result:
        return Change(
            kind=ChangeKind.CAUSE, before=before, after=now.result,
            sentence=f"Still not readable; the error changed from {before} to {_error(now)}.",
        )  # fmt: skip
    else:
        return None
    return Change(kind=ChangeKind.OUTCOME, before=before, after=now.result, sentence=sentence)


def _error(now: Observed) -> str:
    """`403 ForbiddenByRbac (kv_rbac_denied)`."""
    return now.result if now.result == now.cause else f"{now.result} ({now.cause})"


def rough_span(time: timedelta) -> str:
    """`3 days`, `2 hours`: the largest unit only."""
    seconds = int(time.total_seconds())
    unit = next((unit for unit in (86_400, 3_600, 60) if seconds >= unit), 1)
    return span(seconds // unit * unit)


def first_change(now: Observed) -> Change:
    """The first observation of a target."""
    sentence = f"First reading: {'readable' if now.ok else f'not readable, {_error(now)}'}."
    return Change(kind=ChangeKind.OUTCOME, before="", after=now.result, sentence=sentence)
