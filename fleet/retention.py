"""Deletes what is older than `KVSITE_HISTORY_DAYS`."""

from datetime import datetime, timedelta

from django.db.models import Max

from fleet.models import Alert, Change, Observation, Target

_LONG_PAUSE = timedelta(days=7)


def prune(now: datetime, days: int) -> int:
    """Delete older observations and changes; returns how many. Raises django.db.Error.

    The last observation of each target stays: the next one is compared with it. After a pause of more than a week,
    nothing is deleted: it may be a clock that is wrong. The next call deletes what is due.
    """
    previous = Observation.objects.filter(last_at__lt=now - timedelta(hours=1)).aggregate(at=Max("last_at"))["at"]
    if previous is None or now - previous > _LONG_PAUSE:
        return 0
    limit = now - timedelta(days=days)
    latest = Target.objects.annotate(latest=Max("observations__id")).exclude(latest=None).values("latest")
    observations, _ = Observation.objects.filter(last_at__lt=limit).exclude(pk__in=latest).delete()
    changes, _ = Change.objects.filter(at__lt=limit).delete()
    Alert.objects.filter(created_at__lt=limit).delete()  # of a service that is no longer in the settings
    return observations + changes
