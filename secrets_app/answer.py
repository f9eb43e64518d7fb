"""The one answer that page, JSON, probe and command all show: a reading, where it was made, and what to do now."""

import os
from dataclasses import replace

from secrets_app import environment, vault
from secrets_app.conf import Config
from secrets_app.diagnosis import diagnose
from secrets_app.how_chosen import how_chosen, identity_asked, setting_that_chose
from secrets_app.keeping import Keeping
from secrets_app.own_names import in_own_names
from secrets_app.reading import Mismatch, Place, Reading
from secrets_app.setting_hints import remark_hints, setting_hints

_answers: Keeping[Reading] = Keeping()


def answer(config: Config, *, refresh: bool = False) -> Reading:
    """Read the secret once and say what came of it. Ends by `config.deadline_s`; never raises.

    Those who share a reading share its answer, too: the very same object.
    """
    reading = vault.read(config, refresh=refresh)
    return _answers.get(reading, lambda: _explained(reading, config))


def reveal(config: Config) -> vault.Revealed:
    """The same with the secret's value in it, read afresh. Only for a viewer who may see values."""
    revealed = vault.reveal(config)
    return replace(revealed, reading=_explained(revealed.reading, config))


def answer_apart(apart: vault.Apart, config: Config) -> Reading:
    """The same of a reading that shares nothing with others."""
    return _explained(apart.run(), config)


def here() -> Place:
    """Where this program runs."""
    return environment.place(os.environ)


def _explained(reading: Reading, config: Config) -> Reading:
    placed = replace(_with_choice(reading, config), place=here(), mismatches=_mismatches(reading, config))
    diagnosed = diagnose(placed)
    stops = (*config.mistakes, *environment.wrong_cloud(reading, config, os.environ))
    doubts = remark_hints(config.connection_string, [hint.cause for hint in diagnosed.hints])
    first = setting_hints(stops, placed.place) + doubts
    found = tuple(in_own_names(hint, config) for hint in diagnosed.hints)
    last = setting_hints((problem for problem in config.problems if not problem.stops), placed.place)
    return replace(diagnosed, hints=first + found + last)


def _with_choice(reading: Reading, config: Config) -> Reading:
    sign_in = config.sign_in
    if sign_in is None:
        return reading
    token_credentials = os.environ.get("AZURE_TOKEN_CREDENTIALS", "")
    return replace(
        reading,
        chosen_by=how_chosen(sign_in, token_credentials),
        chosen_setting=setting_that_chose(sign_in, token_credentials),
        identity_asked=identity_asked(sign_in, os.environ.get("AZURE_CLIENT_ID", "")),
    )


def _mismatches(reading: Reading, config: Config) -> tuple[Mismatch, ...]:
    return config.expected.mismatches(reading.principal) if config.expected and reading.principal else ()
