"""Failed attempts to sign in are throttled per client address."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, RequestFactory

from secrets_app import conf
from secrets_app.access.client_address import client_address
from secrets_app.access.sign_in import FREE_ATTEMPTS, MAX_WAIT_S, LoginThrottle
from tests.support.access_requests import PASSPHRASE, sign_in


def test_correct_passphrase_after_failed_attempts__has_to_wait(locked: Client) -> None:
    for _ in range(FREE_ATTEMPTS + 1):
        assert sign_in(locked, "wrong").status_code == 403
    response = sign_in(locked, PASSPHRASE)
    assert response.status_code == 429
    assert response["Retry-After"] == "2"
    assert "Try again in 2 seconds" in response.content.decode()
    assert sign_in(locked, PASSPHRASE, REMOTE_ADDR="198.51.100.7").status_code == 302  # another client is not throttled


def test_first_passphrase__does_not_reset_failed_attempts_for_the_second(locked: Client) -> None:
    tried = [sign_in(locked, PASSPHRASE if number % 3 == 2 else "a guess").status_code for number in range(9)]
    assert tried == [403, 403, 302, 403, 403, 302 if FREE_ATTEMPTS > 3 else 429, 429, 429, 429]


def test_repeated_successful_sign_ins__are_not_throttled(locked: Client) -> None:
    assert [sign_in(locked, PASSPHRASE).status_code for _ in range(FREE_ATTEMPTS + 3)] == [302] * (FREE_ATTEMPTS + 3)


def test_client_addresses_on_app_service__are_throttled_separately(locked: Client, settings: Any) -> None:
    """REMOTE_ADDR is the front end; the end of X-Forwarded-For is the client."""
    settings.TRUST_X_FORWARDED_FOR = True
    for number in range(FREE_ATTEMPTS + 1):
        forged = f"203.0.113.{number}, 198.51.100.66:{50_000 + number}"
        assert sign_in(locked, "wrong", headers={"X-Forwarded-For": forged}).status_code == 403
    assert sign_in(locked, "wrong", headers={"X-Forwarded-For": "198.51.100.66:1"}).status_code == 429
    assert sign_in(locked, PASSPHRASE, headers={"X-Forwarded-For": "198.51.100.66, 192.0.2.1:1"}).status_code == 302


def test_x_forwarded_for__is_ignored_outside_app_service(locked: Client) -> None:
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
def test_client_address__is_the_last_forwarded_one(settings: Any, sent: str, address: str) -> None:
    settings.TRUST_X_FORWARDED_FOR = True
    assert client_address(RequestFactory().get("/", headers={"X-Forwarded-For": sent}), conf.current()) == address


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Iterator[Clock]:
    return Clock()


def test_wait__doubles_up_to_a_maximum(clock: Clock) -> None:
    tries, waits = LoginThrottle(clock), []
    for _ in range(FREE_ATTEMPTS + 12):
        assert tries.check("203.0.113.9") == 0
        wait_s = tries.check("203.0.113.9") if len(waits) >= FREE_ATTEMPTS else 0.0
        waits.append(wait_s)
        clock.now += wait_s
    assert waits[:6] == [0, 0, 0, 2, 4, 8]
    assert waits[-1] == MAX_WAIT_S


def test_failed_attempts__expire(clock: Clock) -> None:
    tries = LoginThrottle(clock)
    for _ in range(FREE_ATTEMPTS + 1):
        tries.check("203.0.113.9")
    assert tries.check("203.0.113.9") == 2
    clock.now += 2 * 3600
    for _ in range(FREE_ATTEMPTS):
        assert tries.check("203.0.113.9") == 0


def test_ipv6_network__counts_as_one_client(clock: Clock) -> None:
    tries = LoginThrottle(clock)
    for number in range(FREE_ATTEMPTS + 1):
        tries.check(f"2001:db8:0:{number:x}::1")
    assert tries.check("2001:db8:0:ff::ffff") > 0
    assert tries.check("2001:db8:1::1") == 0
    assert tries.check("fe80::1%eth0") == tries.check("") == tries.check("no address") == 0


def test_number_of_tracked_addresses__is_bounded(clock: Clock) -> None:
    tries = LoginThrottle(clock)
    for number in range(3000):
        tries.check(f"10.0.{number // 256}.{number % 256}")
    assert len(tries._records) == 1024  # noqa: SLF001 - there is nothing else to see it by
