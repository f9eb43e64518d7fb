"""Django system checks: each mistake in the settings, with its own id and the way out."""

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's own name

from secrets_app import conf


@register
def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """One message for each problem that the pages would show too."""
    return [
        (Error if problem.is_error else Warning)(problem.sentence, hint=problem.way_out, id=problem.id)
        for problem in conf.current().problems
    ]
