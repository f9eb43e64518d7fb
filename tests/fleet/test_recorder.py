"""The recorder's batches: a busy page costs one transaction a second."""

from fleet.observed import Observed
from fleet.recorder import _Waiting, merged
from tests.fleet.conftest import DENIED, seen


def waiting(now: Observed, name: str = "demo") -> _Waiting:
    return _Waiting("https://contoso.vault.azure.net", name, now)


def test_equal_readings__are_one_with_the_sums() -> None:
    [one] = merged(waiting(seen(minute / 60, total_ms=50 + minute)) for minute in range(10))
    now = one.observed
    assert (now.count, now.token_ms, now.vault_ms, now.total_ms) == (10, 400, 100, 59)
    assert now.at == seen(9 / 60).at


def test_other_results_secrets_and_hours__stay_apart() -> None:
    rows = [seen(0), seen(0.1, DENIED), seen(0.2), seen(59.9), seen(60)]
    assert [one.observed.count for one in merged(map(waiting, rows))] == [1, 1, 2, 1]
    assert len(merged([waiting(seen(0)), waiting(seen(0.1), "other")])) == 2


def test_clock_set_back__is_not_hidden() -> None:
    assert len(merged([waiting(seen(10)), waiting(seen(4))])) == 2
