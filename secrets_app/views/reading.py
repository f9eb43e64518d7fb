"""The pages for one reading of the secret, and the reading as JSON."""

from typing import NamedTuple

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from secrets_app.conf.hints import setting_hints
from secrets_app.conf.overrides import IDENTITY_PARAMETERS, SECRET_PARAMETERS, Overrides, resolve_overrides
from secrets_app.conf.request import ReadRequest
from secrets_app.core.credential_options import ManagedIdentityId
from secrets_app.core.reading import Diagnosis, Reading
from secrets_app.core.reading_json import reading_json
from secrets_app.output.page import WATCH_RELOADS
from secrets_app.service import detect_host, diagnose, get_reading
from secrets_app.views.errors import answers_refusals, require_own
from secrets_app.views.parameters import (
    hidden_parameters,
    parse_query,
    repeat_query,
    require_valid,
    with_body_parameters,
)
from secrets_app.views.reading_page import ReadingPage
from secrets_app.views.rendering import render

_READING_PARAMETERS = ("refresh", "watch")
_BOOLEANS = {"": True, "1": True, "true": True, "0": False, "false": False}


@answers_refusals
@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """Home page: the principal used, the result and how to fix a failure."""
    parameters = parse_query(request, *_READING_PARAMETERS, *IDENTITY_PARAMETERS)
    overrides = require_valid(resolve_overrides(parameters))
    return _page(request, "home", parameters, overrides).respond()


@answers_refusals
@require_safe
def secret(request: HttpRequest) -> HttpResponseBase:
    """Get Secret: the same page for another secret of the vault or another identity."""
    parameters = parse_query(request, *_READING_PARAMETERS, *SECRET_PARAMETERS, *IDENTITY_PARAMETERS)
    overrides = resolve_overrides(parameters)
    hidden = tuple(hidden_parameters(parameters, *SECRET_PARAMETERS, "userassignedid"))
    if overrides.problems:
        problems = setting_hints(overrides.problems, detect_host())
        context = {"parameters": parameters, "hidden": hidden, "problem_hints": problems}
        return render(request, "secrets_app/secret.html", context, status=400)
    fields = {field: parameters.get(field, "") for field in (*SECRET_PARAMETERS, "userassignedid")}
    return _page(request, "secret", parameters, overrides).respond(parameters=_Fields(**fields), hidden=hidden)


class _Fields(NamedTuple):
    """The values of the form's fields."""

    name: str
    version: str
    userassignedid: str


def _page(request: HttpRequest, name: str, parameters: dict[str, str], overrides: Overrides) -> ReadingPage:
    return ReadingPage(
        request=request,
        read_request=require_own(request, overrides.request),
        template=f"secrets_app/{name}.html",
        name=name,
        query=repeat_query(parameters),
        identity=_identity_label(overrides.identity),
        watch=_watch(parameters.get("watch", "")),
        refresh=_refresh(parameters),
    )


def _watch(text: str) -> int:
    """How often the page reloads until the secret can be read; 0 without `watch`. Raises BadRequest."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and 0 <= int(text[:4]) <= WATCH_RELOADS):
        raise BadRequest(f"watch must be a number of reloads, at most {WATCH_RELOADS}.")
    return int(text)


def _refresh(parameters: dict[str, str]) -> bool:
    """Whether a new token is requested. Raises BadRequest."""
    refresh = parameters.get("refresh", "0").lower()
    if refresh not in _BOOLEANS:
        raise BadRequest("refresh must be 1 (request a new token) or 0.")
    return _BOOLEANS[refresh]


# No CSRF token: POST reads as GET does, and another site cannot read the response.
@csrf_exempt
@answers_refusals
@require_http_methods(["GET", "HEAD", "POST"])
def api_reading(request: HttpRequest) -> HttpResponse:
    """The reading as JSON. The HTTP status is 200 either way; `ok` is the result."""
    with_body_parameters(request)
    parameters = parse_query(request, "refresh", *IDENTITY_PARAMETERS)
    reading, diagnosis = _read(parameters, require_own(request, require_valid(resolve_overrides(parameters)).request))
    return JsonResponse(reading_json(reading, diagnosis), json_dumps_params={"indent": 2})


def _read(parameters: dict[str, str], request: ReadRequest) -> tuple[Reading, Diagnosis]:
    reading = get_reading(request, refresh=_refresh(parameters))
    return reading, diagnose(reading, request)


def _identity_label(identity: ManagedIdentityId | None) -> str:
    return f"{identity.kind.replace('_id', ' ID')} {identity.value}" if identity else ""
