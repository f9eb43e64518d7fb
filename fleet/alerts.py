"""Alerts: one message for all targets whose state changed and stayed so for a while."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

import apprise
from django.db.models import F, Q

from fleet.models import Target
from secrets_app.core.formatting import moment, plural

log = logging.getLogger(__name__)

MAX_NAMED = 5
"""Targets of one vault with the same error that are named; the others are counted."""
MAX_GROUPS = 20


def send_alerts(now: datetime, urls: Sequence[str], hold_s: int) -> int:
    """Report the changes that have lasted `hold_s` seconds; returns how many targets. Raises django.db.Error.

    A change that is undone within that time is not reported. Each is claimed in the database before it is sent, so that
    several workers send one message; if no service accepts it, the next call tries again.
    """
    changed = [target for target in _pending(now, hold_s) if _claim(target)]
    if not changed:
        return 0
    if urls and not _send(urls, *message(changed)):
        for target in changed:
            Target.objects.filter(pk=target.pk, alerted_ok=target.ok).update(alerted_ok=target.alerted_ok)
        log.warning("An alert on %s was not accepted by any service; it is sent again.", plural(len(changed), "target"))
        return 0
    return len(changed)


def _pending(now: datetime, hold_s: int) -> list[Target]:
    held = Q(since__lte=now - timedelta(seconds=hold_s)) | Q(
        since__gt=now + timedelta(days=1)
    )  # the clock was set back
    rows = Target.objects.filter(held, made_up=False, ok__isnull=False, alerted_ok__isnull=False)
    rows = rows.exclude(ok=F("alerted_ok"))
    return list(rows.order_by("ok", "vault_url", "site_url", "code", "cause", "principal", "name"))


def _claim(target: Target) -> bool:
    """Whether this process reports the change: the first one that marks it."""
    same = Target.objects.filter(pk=target.pk, ok=target.ok, alerted_ok=target.alerted_ok)
    return bool(same.update(alerted_ok=target.ok))


def message(changed: Sequence[Target]) -> tuple[str, str]:
    """Title and text: failures first, by vault, error and principal.

    Names what the targets file names, error codes and principals; never an error text.
    """
    failed = sum(not target.ok for target in changed)
    recovered = len(changed) - failed
    parts = (
        f"{plural(failed, 'secret')} not readable" if failed else "",
        f"{plural(recovered, 'secret')} readable again" if recovered else "",
    )
    groups = [list(group) for _, group in groupby(changed, key=_group)]
    lines = [_line(group) for group in groups[:MAX_GROUPS]]
    if len(groups) > MAX_GROUPS:
        lines.append(f"And {sum(map(len, groups[MAX_GROUPS:]))} more. The fleet page has all of them.")
    return f"Principal Used: {', '.join(filter(None, parts))}", "\n".join(lines)


def _group(target: Target) -> tuple[bool | None, str, str, str, str]:
    """What a line says of all its targets."""
    return target.ok, target.vault_url or target.site_url, target.code, target.cause, target.principal


def _line(group: Sequence[Target]) -> str:
    """`contoso.vault.azure.net: not readable since 10:42, 403 ForbiddenByRbac (kv_rbac_denied): payroll, billing.`"""
    first = group[0]
    where = (first.vault_url or first.site_url).removeprefix("https://")
    since = moment(min(target.since for target in group if target.since))
    names = ", ".join(target.name for target in group[:MAX_NAMED])
    more = f" and {len(group) - MAX_NAMED} more" if len(group) > MAX_NAMED else ""
    error = f", {first.code}{f' ({first.cause})' if first.cause != first.code else ''}" if not first.ok else ""
    has_token = first.state not in {Target.State.NO_TOKEN, Target.State.INVALID}  # otherwise it is an earlier principal
    who = f", as {first.principal}" if first.principal and has_token else ""
    return f"{where}: {'readable again' if first.ok else 'not readable'} since {since}{error}{who}: {names}{more}."


def _send(urls: Sequence[str], title: str, text: str) -> bool:
    """Whether a service accepted the message. apprise limits each request to a few seconds."""
    services = apprise.Apprise()
    for url in urls:
        services.add(url)
    return bool(services.notify(title=title, body=text))
