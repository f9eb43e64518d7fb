"""The examples of the demo: marked as made up, plausible, and never checked or used as evidence."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.core.management import call_command
from django.db.models import F

from fleet.alerts import store_alerts
from fleet.demo import DAYS, create_examples
from fleet.models import Change, Observation, Target
from fleet.schedule import claim
from fleet.timeline import timeline

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_examples__are_marked_complete_and_replaced() -> None:
    create_examples(8, NOW)
    create_examples(8, NOW)
    targets = list(Target.objects.all())
    assert len(targets) == 8
    assert all(target.made_up for target in targets)
    assert {target.ok for target in targets} == {True, False}
    assert Observation.objects.values("target").distinct().count() == 8
    assert Change.objects.filter(kind="outcome", ok=False).exists()


@pytest.mark.django_db
def test_examples__have_a_history_without_gaps() -> None:
    create_examples(3, NOW)
    for target in Target.objects.all():
        found = timeline(target, "90d", NOW)
        known = [segment for segment in found.segments if segment.ok is not None]
        assert known[0].start <= NOW - timedelta(days=DAYS - 1)
        assert all(before.end == after.start for before, after in pairwise(known))
        assert len(found.latency) >= DAYS


@pytest.mark.django_db
def test_examples__are_never_checked_or_reported(capsys: pytest.CaptureFixture[str]) -> None:
    create_examples(20, NOW)
    assert Target.objects.exclude(ok=F("alerted_ok")).exists()
    later = NOW + timedelta(days=1)
    assert claim(later).targets == []
    assert store_alerts(later, [], 0) == 0
    call_command("fleet", "run")
    assert capsys.readouterr().out == "There are no targets to check; examples are never checked.\n"


@pytest.mark.django_db
def test_real_targets__stay() -> None:
    real = Target.objects.create(name="payroll")
    create_examples(2, NOW)
    assert Target.objects.filter(pk=real.pk).exists()


@pytest.mark.django_db
def test_examples__have_an_incident_of_one_vault() -> None:
    create_examples(12, NOW)
    failing = Target.objects.filter(vault_url="https://payments-prod.vault.azure.net")
    assert set(failing.values_list("code", "ok")) == {("403 ForbiddenByFirewall", False)}
    [since] = set(failing.values_list("since", flat=True))
    assert timedelta(hours=1) < NOW - since < timedelta(hours=3)
    for change in Change.objects.filter(target__in=failing, at=since):
        assert change.previous_at < change.at
