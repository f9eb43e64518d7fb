"""Responses that consist of what the visitor sent."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse

from secrets_app.output import gate

View = Callable[..., HttpResponse]


def from_visitor_only(view: View) -> View:
    """Mark the view's response as checked: it consists of the visitor's own text and of the catalog.

    It is not compared with the secrets in use: a visitor could paste a list of guesses, and see which one is hidden.
    """

    @wraps(view)
    def respond(*args: Any, **kwargs: Any) -> HttpResponse:
        response = view(*args, **kwargs)
        setattr(response, gate.IS_CHECKED, True)
        return response

    return respond
