"""Alerts: one message for all targets whose state changed and stayed so for a while.

A message is stored in the transaction that marks its targets as reported, and deleted when a service has accepted it:
a worker that is killed delays it, and repeats it at most.
"""

import logging
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

import apprise
from django.db import transaction
from django.db.models import F, Q

from fleet.models import Alert, Target
from secrets_app.core.formatting import moment, plural, span

log = logging.getLogger(__name__)

MAX_NAMED = 5
"""Targets of one vault with the same error that are named; the others are counted."""
MAX_GROUPS = 20
MAX_JOINED = 10
"""Messages that are sent as one to a service that did not accept them before."""
LEASE = timedelta(seconds=60)
"""A worker sends a message within this time; afterwards another one may."""
SEND_S = 30.0
_FIRST_RETRY, _MAX_RETRY = timedelta(seconds=30), timedelta(hours=1)
_MAX_SKEW = timedelta(seconds=60)
"""Between the clocks of two machines."""
_MAX_ATTEMPTS = 200
"""About eight days. Counted, because a clock may jump."""
_BATCH = 1_000
_TITLE = "Principal Used: "


def named(urls: Sequence[str]) -> dict[str, str]:
    """What each service is called in the database and in the log: `slack 1`. The rest of its URL may be a token."""
    schemes = [url.partition("://")[0].lower() for url in urls]
    schemes = [scheme if re.fullmatch(r"[a-z][a-z0-9+.-]{0,39}", scheme) else "service" for scheme in schemes]
    return {f"{scheme} {schemes[:index].count(scheme) + 1}": urls[index] for index, scheme in enumerate(schemes)}


@transaction.atomic
def store_alerts(now: datetime, services: Sequence[str], hold_s: int) -> int:
    """Store a message for each service on the changes that have lasted `hold_s` seconds; returns how many targets.

    A change that is undone within that time is not reported. Several workers store one message: PostgreSQL skips
    locked rows, and SQLite has one writer at a time. Raises django.db.Error, and then nothing is stored.
    """
    changed = _pending(now, hold_s)
    if not changed:
        return 0
    numbers = [target.pk for target in changed]
    for start in range(0, len(numbers), _BATCH):
        Target.objects.filter(pk__in=numbers[start : start + _BATCH]).update(alerted_ok=F("ok"))
    title, text = message(changed)
    Alert.objects.bulk_create(
        Alert(service=service, title=title, text=text, created_at=now, not_before=now) for service in services
    )
    return len(changed)


def _pending(now: datetime, hold_s: int) -> list[Target]:
    is_set_back = Q(since__gt=now + _MAX_SKEW)  # the clock was
    rows = Target.objects.filter(
        Q(since__lte=now - timedelta(seconds=hold_s)) | is_set_back,
        made_up=False, ok__isnull=False, alerted_ok__isnull=False,
    )  # fmt: skip
    rows = rows.exclude(ok=F("alerted_ok")).select_for_update(skip_locked=True)
    return list(rows.order_by("ok", "vault_url", "site_url", "code", "cause", "principal", "name"))


def due_services(now: datetime, services: Sequence[str]) -> list[str]:
    """The services that have messages to be sent now. Raises django.db.Error."""
    waiting = Alert.objects.filter(service__in=services).order_by("service")
    later = set(waiting.filter(_is_later(now)).values_list("service", flat=True))
    return [service for service in waiting.values_list("service", flat=True).distinct() if service not in later]


def _is_later(now: datetime) -> Q:
    """A time that is too far ahead was set before the clock was set back, and does not count."""
    return Q(not_before__gt=now, not_before__lte=now + _MAX_RETRY, created_at__lte=now + _MAX_SKEW)


@transaction.atomic
def claim(service: str, now: datetime) -> list[Alert]:
    """The messages that this worker sends to the service within LEASE; empty if another one does. The oldest first.

    Raises django.db.Error.
    """
    waiting = Alert.objects.filter(service=service)
    if waiting.filter(_is_later(now)).exists():
        return []
    alerts = list(waiting.order_by("pk").select_for_update(skip_locked=True))
    numbers = [alert.pk for alert in alerts]
    Alert.objects.filter(pk__in=numbers).update(attempts=F("attempts") + 1, not_before=now + LEASE)
    for alert in alerts:
        alert.attempts += 1
    return alerts


def send(url: str, alerts: Sequence[Alert]) -> bool:
    """Whether the service accepted the messages, sent as one. Ends after SEND_S seconds."""
    services = apprise.Apprise()
    title, text = joined(alerts)
    return services.add(url) and bool(services.notify(title=title, body=text, timeout=SEND_S))


def finish(alerts: Sequence[Alert], now: datetime, *, accepted: bool) -> None:
    """Delete what was accepted; otherwise the next attempt comes later each time. Raises django.db.Error."""
    rows = Alert.objects.filter(pk__in=[alert.pk for alert in alerts])
    if accepted:
        rows.delete()
        return
    wait = min(_FIRST_RETRY * 2 ** min(alerts[0].attempts - 1, 20), _MAX_RETRY)
    rows.update(not_before=now + wait)
    given_up, _ = rows.filter(attempts__gte=_MAX_ATTEMPTS).delete()
    log.warning(
        "The alert service %s of KVSITE_ALERT_URLS did not accept %s; the next attempt is in %s.%s",
        alerts[0].service, plural(len(alerts), "message"), span(int(wait.total_seconds())),
        f" After {_MAX_ATTEMPTS} attempts, {plural(given_up, 'message')} will not be sent." if given_up else "",
    )  # fmt: skip


def joined(alerts: Sequence[Alert]) -> tuple[str, str]:
    """Title and text of one message for all of them. A service that was down gets one, not a flood."""
    if len(alerts) == 1:
        return alerts[0].title, alerts[0].text
    last = alerts[-MAX_JOINED:]
    parts = [f"{moment(alert.created_at)}, {alert.title.removeprefix(_TITLE)}:\n{alert.text}" for alert in last]
    if len(alerts) > MAX_JOINED:
        parts.insert(0, f"{len(alerts) - MAX_JOINED} earlier messages are left out. The fleet page has every change.")
    return f"{_TITLE}{len(alerts)} messages since {moment(alerts[0].created_at)}", "\n\n".join(parts)


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
    return f"{_TITLE}{', '.join(filter(None, parts))}", "\n".join(lines)


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
    who = f", as {first.principal}" if first.principal else ""
    return f"{where}: {'readable again' if first.ok else 'not readable'} since {since}{error}{who}: {names}{more}."
