"""The recorder's batches: a busy page costs one transaction a second, and no error stops the recording."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import DataError

from fleet import recorder as module
from fleet.models import Observation
from fleet.observed import Observed
from fleet.recorder import Recorder, _Waiting, merged
from secrets_app import conf
from tests.conftest import World
from tests.fleet.conftest import DENIED, WAIT_S, seen
from tests.support.readings import get_reading


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


@pytest.mark.parametrize("error", [KeyError("x"), DataError("value too long for type character varying(64)")])
def test_unexpected_error__is_one_line_and_the_next_reading_is_written(
    world: World,
    recorder: Recorder,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    world("app-service")
    reading, diagnosis = get_reading(conf.current())
    assert recorder.flush(WAIT_S)
    record = module.record

    def fail_once(*_arguments: Any) -> None:
        monkeypatch.setattr(module, "record", record)
        raise error

    monkeypatch.setattr(module, "record", fail_once)
    recorder.record(replace(reading, secret_name="other"), diagnosis)
    recorder.record(reading, diagnosis)
    assert recorder.flush(WAIT_S)
    [row] = Observation.objects.all()
    assert (row.target.secret_name, row.count) == (reading.secret_name, 2)
    assert "1 reading is not in the history, because of an unexpected error." in caplog.text
    assert recorder.problem == ""
