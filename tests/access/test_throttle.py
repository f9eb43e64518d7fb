"""Failed attempts to sign in are throttled per client address."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, RequestFactory

from secrets_app.access.audit import client_address
from secrets_app.access.throttle import FREE_ATTEMPTS, MAX_WAIT_S, LoginThrottle
from tests.support.access_requests import PASSPHRASE, sign_in


def test_token__after_wrong_ones_even_the_right_one_has_to_wait(locked: Client) -> None:
    for _ in range(FREE_ATTEMPTS + 1):
        assert sign_in(locked, "wrong").status_code == 403
    response = sign_in(locked, PASSPHRASE)
    assert response.status_code == 429
    assert response["Retry-After"] == "2"
    assert "Try again in 2 seconds" in response.content.decode()
    assert sign_in(locked, PASSPHRASE, REMOTE_ADDR="198.51.100.7").status_code == 302  # somebody else's way is free


def test_token__who_knows_the_first_one_does_not_try_for_the_second_without_end(locked: Client) -> None:
    tried = [sign_in(locked, PASSPHRASE if number % 3 == 2 else "a guess").status_code for number in range(9)]
    assert tried == [403, 403, 302, 403, 403, 302 if FREE_ATTEMPTS > 3 else 429, 429, 429, 429]


def test_token__to_sign_in_rightly_again_and_again_keeps_nobody_waiting(locked: Client) -> None:
    assert [sign_in(locked, PASSPHRASE).status_code for _ in range(FREE_ATTEMPTS + 3)] == [302] * (FREE_ATTEMPTS + 3)


def test_token__on_app_service_another_visitors_wrong_ones_lock_nobody_out(locked: Client, settings: Any) -> None:
    """All requests come from the front end there; it says at the end of the header whom it saw."""
    settings.PLATFORM_PASSES_ON = True
    for number in range(FREE_ATTEMPTS + 1):
        forged = f"203.0.113.{number}, 198.51.100.66:{50_000 + number}"
        assert sign_in(locked, "wrong", headers={"X-Forwarded-For": forged}).status_code == 403
    assert sign_in(locked, "wrong", headers={"X-Forwarded-For": "198.51.100.66:1"}).status_code == 429
    assert sign_in(locked, PASSPHRASE, headers={"X-Forwarded-For": "198.51.100.66, 192.0.2.1:1"}).status_code == 302


def test_token__elsewhere_anybody_could_write_that_header(locked: Client) -> None:
    for number in range(FREE_ATTEMPTS + 1):
        sign_in(locked, "wrong", headers={"X-Forwarded-For": f"203.0.113.{number}"})
    assert sign_in(locked, "wrong", headers={"X-Forwarded-For": "198.51.100.7"}).status_code == 429


@pytest.mark.parametrize(
    ("sent", "address"),
    [
        ("203.0.113.9:50123", "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("[2001:db8::1]:50123", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("1.1.1.1,", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_the_visitors_address_is_the_one_that_the_front_end_saw(settings: Any, sent: str, address: str) -> None:
    settings.PLATFORM_PASSES_ON = True
    assert client_address(RequestFactory().get("/", headers={"X-Forwarded-For": sent})) == address


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Iterator[Clock]:
    return Clock()


def test_the_wait_doubles_and_has_an_end(clock: Clock) -> None:
    tries, waits = LoginThrottle(clock), []
    for _ in range(FREE_ATTEMPTS + 12):
        assert tries.check("203.0.113.9") == 0
        wait_s = tries.check("203.0.113.9") if len(waits) >= FREE_ATTEMPTS else 0.0
        waits.append(wait_s)
        clock.now += wait_s
    assert waits[:6] == [0, 0, 0, 2, 4, 8]
    assert waits[-1] == MAX_WAIT_S


def test_a_quiet_hour_forgets_the_wrong_ones(clock: Clock) -> None:
    tries = LoginThrottle(clock)
    for _ in range(FREE_ATTEMPTS + 1):
        tries.check("203.0.113.9")
    assert tries.check("203.0.113.9") == 2
    clock.now += 2 * 3600
    for _ in range(FREE_ATTEMPTS):
        assert tries.check("203.0.113.9") == 0


def test_a_network_of_ipv6_is_one_visitor(clock: Clock) -> None:
    tries = LoginThrottle(clock)
    for number in range(FREE_ATTEMPTS + 1):
        tries.check(f"2001:db8:0:{number:x}::1")
    assert tries.check("2001:db8:0:ff::ffff") > 0
    assert tries.check("2001:db8:1::1") == 0
    assert tries.check("fe80::1%eth0") == tries.check("") == tries.check("no address") == 0


def test_what_is_kept_of_tries_is_bounded(clock: Clock) -> None:
    tries = LoginThrottle(clock)
    for number in range(3000):
        tries.check(f"10.0.{number // 256}.{number % 256}")
    assert len(tries._records) == 1024  # noqa: SLF001 - there is nothing else to see it by
