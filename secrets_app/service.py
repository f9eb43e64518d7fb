"""The one answer that page, JSON, probe and command all show: a reading, where it was made, and what to do now."""

import os
from dataclasses import replace

from secrets_app import keyvault
from secrets_app.conf import Config, host_environment
from secrets_app.conf.cloud import cloud_mismatch_problems
from secrets_app.conf.hint_wording import use_setting_names
from secrets_app.conf.hints import remark_hints, setting_hints
from secrets_app.core.object_cache import ObjectCache
from secrets_app.core.reading import HostEnvironment, Mismatch, Reading
from secrets_app.credentials.selection import describe_selection, requested_identity, selecting_setting
from secrets_app.diagnosis import diagnose

_diagnosed: ObjectCache[Reading] = ObjectCache()


def get_reading(config: Config, *, refresh: bool = False) -> Reading:
    """Read the secret once and say what came of it. Ends by `config.deadline_s`; never raises.

    Those who share a reading share its answer, too: the very same object.
    """
    reading = keyvault.read(config, refresh=refresh)
    return _diagnosed.get(reading, lambda: _with_diagnosis(reading, config))


def read_value(config: Config) -> keyvault.ReadingWithValue:
    """The same with the secret's value in it, read afresh. Only for a viewer who may see values."""
    revealed = keyvault.read_value(config)
    return replace(revealed, reading=_with_diagnosis(revealed.reading, config))


def read_isolated(apart: keyvault.IsolatedRead, config: Config) -> Reading:
    """The same of a reading that shares nothing with others."""
    return _with_diagnosis(apart.run(), config)


def detect_host() -> HostEnvironment:
    """Where this program runs."""
    return host_environment.detect_host(os.environ)


def _with_diagnosis(reading: Reading, config: Config) -> Reading:
    placed = replace(_with_choice(reading, config), place=detect_host(), mismatches=_mismatches(reading, config))
    diagnosed = diagnose(placed)
    stops = (*config.mistakes, *cloud_mismatch_problems(reading, config, os.environ))
    doubts = remark_hints(config.connection_string, [hint.cause for hint in diagnosed.hints])
    first = setting_hints(stops, placed.place) + doubts
    found = tuple(use_setting_names(hint, config) for hint in diagnosed.hints)
    last = setting_hints((problem for problem in config.problems if not problem.stops), placed.place)
    return replace(diagnosed, hints=first + found + last)


def _with_choice(reading: Reading, config: Config) -> Reading:
    sign_in = config.sign_in
    if sign_in is None:
        return reading
    token_credentials = os.environ.get("AZURE_TOKEN_CREDENTIALS", "")
    return replace(
        reading,
        chosen_by=describe_selection(sign_in, token_credentials),
        chosen_setting=selecting_setting(sign_in, token_credentials),
        identity_asked=requested_identity(sign_in, os.environ.get("AZURE_CLIENT_ID", "")),
    )


def _mismatches(reading: Reading, config: Config) -> tuple[Mismatch, ...]:
    return config.expected.mismatches(reading.principal) if config.expected and reading.principal else ()
