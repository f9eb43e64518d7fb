"""Observations: what is merged, what is a change, and how it is worded."""

from datetime import timedelta
from typing import Any

import pytest

from fleet.models import Change, Observation, Target
from fleet.recording import Result, record, record_all
from fleet.retention import prune
from tests.fleet.conftest import DENIED, OK, START, seen


def sentences(target: Target) -> list[str]:
    return list(target.changes.order_by("id").values_list("sentence", flat=True))


def test_equal_readings_are_one_row(target: Target) -> None:
    for minute in range(0, 60, 5):
        record(target.pk, seen(minute))
    [row] = Observation.objects.all()
    assert (row.count, row.first_at, row.last_at) == (12, START, START + timedelta(minutes=55))
    assert row.hours == {"10": [12, 480, 120, 52]}


def test_healthy_target__at_most_two_rows_a_day(target: Target) -> None:
    target.interval_s = 900
    target.save()
    for minute in range(0, 3 * 24 * 60, 15):
        record(target.pk, seen(minute, client_address=f"203.0.113.{minute % 7}"))
    assert Observation.objects.count() == 4  # 3 days from 10:00 touch 4 dates
    assert sentences(target) == ["First reading: readable."]


def test_failure__is_a_change_with_its_code_and_cause(target: Target) -> None:
    record(target.pk, seen(0))
    record(target.pk, seen(130, DENIED))
    record(target.pk, seen(135, DENIED))
    record(target.pk, seen(140, OK))
    assert sentences(target) == [
        "First reading: readable.",
        "No longer readable: 403 ForbiddenByRbac (kv_rbac_denied). It was readable for 2 hours before.",
        "Readable again. It was not readable for 10 minutes before: 403 ForbiddenByRbac.",
    ]
    target.refresh_from_db()
    assert (target.ok, target.since, target.code) == (True, START + timedelta(minutes=140), "")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"object_id": "object-2", "principal_name": "kvsite-new"},
            "The principal changed from kvsite-demo (system-assigned managed identity) to kvsite-new (system-assigned "
            "managed identity).",
        ),
        ({"tenant_id": "tenant-2"}, "The tenant changed from tenant-1 to tenant-2."),
        (
            {"credential": "AzureCliCredential"},
            "The credential changed from ManagedIdentityCredential to AzureCliCredential.",
        ),
        (
            {"secret_version": "version-2", "fingerprint": "fingerprint-2"},
            "The version of the secret changed from version-1 to version-2.",
        ),
        (
            {"fingerprint": "fingerprint-2"},
            "The fingerprint changed but not the version: KVSITE_SECRET_KEY, the key of the fingerprints, is another "
            "one.",
        ),
    ],
)
def test_changed_property__is_a_sentence(target: Target, values: dict[str, str], sentence: str) -> None:
    record(target.pk, seen(0))
    record(target.pk, seen(5, **values))
    assert sentences(target)[1:] == [sentence]


def test_new_version_with_the_same_value__is_reported(target: Target) -> None:
    record(target.pk, seen(0))
    record(target.pk, seen(5, secret_version="version-2"))
    assert sentences(target)[-1] == "The new version has the same value as the one before."


def test_same_name_but_another_object_id__shows_both_ids(target: Target) -> None:
    record(target.pk, seen(0))
    record(target.pk, seen(5, object_id="object-2"))
    assert "object ID object-1 to kvsite-demo" in sentences(target)[-1]


def test_rotation_during_a_failure__is_a_change_afterwards(target: Target) -> None:
    record(target.pk, seen(0))
    record(target.pk, seen(5, DENIED))
    record(target.pk, seen(10, secret_version="version-2", fingerprint="fingerprint-2"))
    assert sentences(target)[-1] == "The version of the secret changed from version-1 to version-2."


def test_another_address__counts_only_with_another_outcome(target: Target) -> None:
    record(target.pk, seen(0))
    record(target.pk, seen(5, client_address="198.51.100.9"))
    assert len(sentences(target)) == 1
    record(target.pk, seen(10, DENIED, client_address="198.51.100.200"))
    assert sentences(target)[-1] == "The client address changed from 198.51.100.9 to 198.51.100.200."


def test_other_error__is_a_change_of_the_cause(target: Target) -> None:
    record(target.pk, seen(0, DENIED))
    record(target.pk, seen(5, DENIED, code="ForbiddenByFirewall", cause="kv_firewall_denied"))
    assert sentences(target)[-1] == (
        "Still not readable; the error changed from 403 ForbiddenByRbac to 403 ForbiddenByFirewall "
        "(kv_firewall_denied)."
    )


def test_gap__is_a_new_row(target: Target) -> None:
    record(target.pk, seen(0))
    record(target.pk, seen(90))
    assert Observation.objects.count() == 2
    assert len(sentences(target)) == 1


def test_clock_set_back__is_one_sentence_and_nothing_is_lost(target: Target) -> None:
    record(target.pk, seen(120))
    record(target.pk, seen(0))
    assert sentences(target)[-1].startswith("The clock of the machine that reads was set back by 2 hours")
    assert Observation.objects.count() == 2


def test_readings_that_end_in_another_order__are_merged(target: Target) -> None:
    record(target.pk, seen(1))
    record(target.pk, seen(0))
    [row] = Observation.objects.all()
    assert (row.count, row.first_at) == (2, START)


def test_failure_without_a_token__has_no_principal_but_a_later_change_is_still_seen(target: Target) -> None:
    no_token = {"ok": False, "stage": "token", "cause": "no_credential_available"}
    record(target.pk, seen(0))
    record(target.pk, seen(5, no_token))
    target.refresh_from_db()
    assert target.principal == ""
    assert target.known["label"] == "kvsite-demo (system-assigned managed identity)"
    record(target.pk, seen(10, object_id="object-2", principal_name="kvsite-new"))
    assert "The principal changed from kvsite-demo" in sentences(target)[-1]
    target.refresh_from_db()
    assert target.principal == "kvsite-new (system-assigned managed identity)"


def test_several_readings__are_stored_together_as_one_by_one(
    target: Target, django_assert_max_num_queries: Any
) -> None:
    others = [Target.objects.create(name=f"other {number}") for number in range(20)]
    with django_assert_max_num_queries(8):
        record_all([Result(each.pk, seen(0)) for each in (target, *others)])
    with django_assert_max_num_queries(8):
        changes = record_all(
            [
                *(Result(each.pk, seen(5)) for each in others),
                Result(target.pk, seen(5)),
                Result(target.pk, seen(10, DENIED)),
                Result(target.pk, seen(11, DENIED)),
                Result(-1, seen(5)),
            ]
        )
    assert [change.target for change in changes] == [target]
    assert sentences(target)[-1].startswith("No longer readable: 403 ForbiddenByRbac")
    assert list(target.observations.values_list("ok", "count")) == [(True, 2), (False, 2)]
    assert list(Observation.objects.exclude(target=target).values_list("count", flat=True)) == [2] * 20
    assert Target.objects.filter(ok=True, checked_at=START + timedelta(minutes=5)).count() == 20


def test_fields_that_a_reading_does_not_show__are_left_as_others_changed_them(target: Target) -> None:
    record(target.pk, seen(0))
    Target.objects.update(labels={"team": "payments"}, settings={"SECRET_VERSION": "0" * 32}, name="renamed")
    record(target.pk, seen(5))
    target.refresh_from_db()
    assert (target.name, target.labels, target.settings) == (
        "renamed", {"team": "payments"}, {"SECRET_VERSION": "0" * 32}
    )  # fmt: skip


def test_long_texts__are_cut_to_their_columns(target: Target) -> None:
    record(target.pk, seen(0, principal_name="x" * 200, object_id="a" * 64))
    record(target.pk, seen(5, principal_name="y" * 200, object_id="b" * 64))
    for change in Change.objects.all():
        assert len(change.before) <= 200
        assert len(change.sentence) <= 600


def test_retention__deletes_old_rows_but_keeps_the_last_one(target: Target) -> None:
    for day in (0, 50, 99, 100):
        record(target.pk, seen(day * 24 * 60))
    now = START + timedelta(days=101)
    other = Target.objects.create(name="forgotten")
    record(other.pk, seen(0))
    assert prune(now, 90) > 0
    assert target.observations.count() == 3
    assert other.observations.count() == 1


def test_retention__after_a_jump_of_the_clock__deletes_nothing(target: Target) -> None:
    record(target.pk, seen(0))
    record(target.pk, seen(60))
    assert prune(START + timedelta(days=4000), 90) == 0
