"""All checks at once, each within its own time."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from functools import partial

from secrets_app.conf import Config
from secrets_app.environment.advising import advised
from secrets_app.environment.check import Check, Verdict, unknown
from secrets_app.environment.register import QUESTIONS, Question
from secrets_app.environment.scene import look
from secrets_app.environment.waiting import start
from secrets_app.reading import Reading

_GRAVEST_FIRST = list(Verdict)


def examine(config: Config, environ: Mapping[str, str], read: Callable[[Config], Reading]) -> tuple[Check, ...]:
    """What every check found, the gravest first, in under 3 s whatever hangs. Never raises.

    `read` makes the reading that the checks of token and secret look at; it is bounded by `config.deadline_s`.
    """
    scene, begun = look(config, environ, read), time.monotonic()
    same = (config, frozenset(environ.items()))
    asked = [(question, start(question.key, same, partial(question.ask, scene))) for question in QUESTIONS]
    found = [_finding(question, future, begun, config) for question, future in asked]
    return tuple(sorted((advised(check, scene) for check in found), key=lambda c: _GRAVEST_FIRST.index(c.verdict)))


def _finding(question: Question, future: Future[Check], begun: float, config: Config) -> Check:
    try:
        check = future.result(max(0.0, begun + question.limit_s - time.monotonic()))
    except TimeoutError:
        said = f"Time ran out after {question.limit_s:g} seconds: still waiting for {question.waits_for}."
        advice = question.when_late.format(deadline_s=f"{config.deadline_s:g}")
        check = replace(unknown(said, advice=advice), gave_up_after_s=question.limit_s)
    except CancelledError:
        check = unknown("This check broke. That is our mistake; the site's log has the traceback.")
    return replace(check, key=question.key, title=question.title)
