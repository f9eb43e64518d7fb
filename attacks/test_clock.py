"""The wall clock jumps while tokens, sign-ins, results and limits live: nothing that expires stops or lasts forever."""

import json
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from attacks.support.site import Site, running_site, wait_for
from localazure import LocalAzure

HOUR_S, YEAR_S = 3600.0, 365 * 86400.0
JUMPS = {"2 h ahead": 2 * HOUR_S, "2 h back": -2 * HOUR_S, "10 years ahead": 10 * YEAR_S, "10 years back": -10 * YEAR_S}
CODE = "a-code-that-stays-the-same"
SetClock = Callable[[float], None]


@contextmanager
def site_with_clock(azure: LocalAzure, **settings: str) -> Iterator[tuple[Site, SetClock]]:
    """The site and `set_clock(seconds)`, which sets its wall clock that far from the real time."""
    with tempfile.NamedTemporaryFile(prefix="attacks-clock-") as file:
        clock = Path(file.name)
        clock.write_bytes(struct.pack("d", 0.0))
        folder = Path(__file__).parent / "support" / "moved_clock"
        variables = {"PYTHONPATH": str(folder), "ATTACKS_CLOCK": str(clock), "KVSITE_SIGN_IN_CODE": CODE, **settings}

        def set_clock(seconds: float) -> None:
            with clock.open("r+b") as opened:
                opened.write(struct.pack("d", seconds))

        with running_site({**azure.env, **variables}) as site:
            yield site, set_clock


def offset_of(site: Site) -> float:
    """How far the site's clock is from the real time, in seconds, by its latest reading."""
    started_at = datetime.fromisoformat(json.loads(site.get("/api/reading").body)["started_at"])
    return (started_at - datetime.now(UTC)).total_seconds()


@pytest.mark.parametrize("jump", JUMPS)
def test_jump__readings_go_on_and_are_not_older_than_their_life(azure: LocalAzure, jump: str) -> None:
    with site_with_clock(azure) as (site, set_clock):
        statuses: list[int] = []
        ended = threading.Event()

        def read() -> None:
            while not ended.wait(0.05):
                statuses.append(site.get("/readyz").status)

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        for seconds in (JUMPS[jump], 0.0, JUMPS[jump]):
            set_clock(seconds)
            requests = len(azure.requests)
            assert wait_for(lambda before=requests: len(azure.requests) > before), "an old result was served"
        has_jumped = wait_for(lambda: abs(offset_of(site) - JUMPS[jump]) < HOUR_S)
        ended.set()
        for reader in readers:
            reader.join()
        assert set(statuses) == {200}
        assert has_jumped, "the clock of the site is not that of the attack"
        assert site.get("/").status == site.get("/environment/").status == 200
        assert "Traceback" not in site.log()


def test_sign_in__ends_when_the_clock_has_passed_its_end(azure: LocalAzure) -> None:
    with site_with_clock(azure) as (site, set_clock):
        signed_in = site.get(f"/sign-in/?code={CODE}").headers["set-cookie"]
        cookie = next(part for part in signed_in.split(", ") if part.startswith("kvsite_session")).partition(";")[0]

        def may_see_values() -> bool:
            return b"Sign out" in site.get("/", {"Cookie": cookie}).body

        assert may_see_values()
        set_clock(-2 * HOUR_S)
        assert may_see_values()
        for seconds in (9 * HOUR_S, 10 * YEAR_S):
            set_clock(seconds)
            assert not may_see_values()
        assert not may_see_values()
        assert "Traceback" not in site.log()


def test_limits_of_attempts_and_readings__do_not_depend_on_the_clock(azure: LocalAzure) -> None:
    with site_with_clock(azure, KVSITE_ACCESS="token", KVSITE_PASSPHRASE="p" * 20) as (site, set_clock):
        form = site.get("/sign-in/")
        token = form.body.partition(b'name="csrfmiddlewaretoken" value="')[2].partition(b'"')[0]
        cookie = form.headers["set-cookie"].partition(";")[0]
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        statuses = []
        for number in range(24):
            set_clock((number % 3 - 1) * HOUR_S * number)
            body = b"csrfmiddlewaretoken=%b&passphrase=guess-%d" % (token, number)
            statuses.append(site.post("/sign-in/", body, headers).status)
        assert set(statuses) <= {403, 429}, statuses
        assert statuses.count(429) >= 12, statuses
