"""The one answer that page, JSON, probe and command all show: a reading, where it was made, and what to do now."""

import os
from dataclasses import replace

from secrets_app import environment, vault
from secrets_app.conf import Config
from secrets_app.diagnosis import diagnose
from secrets_app.reading import Reading
from secrets_app.setting_hints import setting_hints


def answer(config: Config, *, refresh: bool = False) -> Reading:
    """Read the secret once and say what came of it. Ends by `config.deadline_s`; never raises."""
    reading = replace(vault.read(config, refresh=refresh), place=environment.place(os.environ))
    diagnosed = diagnose(reading)
    return replace(diagnosed, hints=setting_hints(config.problems, reading.place) + diagnosed.hints)
