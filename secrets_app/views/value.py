"""The only page that shows the secret value."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from secrets_app.access import audit, viewer_of
from secrets_app.conf import Config
from secrets_app.conf.overrides import IDENTITY_PARAMETERS, SECRET_PARAMETERS, resolve_overrides
from secrets_app.conf.request import ReadRequest
from secrets_app.core.reading import Reading
from secrets_app.doctor.service import related_problems
from secrets_app.output import gate
from secrets_app.service import diagnose, read_value
from secrets_app.views.errors import answers_refusals
from secrets_app.views.parameters import parse_query, repeat_query, require_valid
from secrets_app.views.rendering import render

SHOWN_FOR_S = 30


@answers_refusals
@require_POST
def value(request: HttpRequest) -> HttpResponse:
    """Show the value of the secret named by the settings or the query, for SHOWN_FOR_S seconds."""
    parameters = parse_query(request, *SECRET_PARAMETERS, *IDENTITY_PARAMETERS)
    query = repeat_query(parameters)
    return show_value(
        request,
        require_valid(resolve_overrides(parameters)).request,
        page="secrets_app:secret" if query else "secrets_app:home",
        query=query,
    )


def show_value(request: HttpRequest, read_request: ReadRequest, *, page: str, query: str) -> HttpResponse:
    """The reading with the secret value, where the viewer may see values; returns to `page` after SHOWN_FOR_S."""
    viewer = viewer_of(request)
    if not viewer.may_see_values:
        _record(request, "refused", read_request.config)
        error = {"title": "Secret value not shown", "sentence": viewer.values_denied_because}
        return render(request, "secrets_app/error.html", error, status=403)
    result = read_value(read_request)
    reading, diagnosis = result.reading, diagnose(result.reading, read_request)
    _record(request, "shown" if result.value else f"not read: {diagnosis.main_cause}", read_request.config, reading)
    related = related_problems(reading, diagnosis, read_request)
    back = reverse(page) + (f"?{query}" if query else "")
    context = {"reading": reading, "diagnosis": diagnosis, "related": related, "page": page, "query": query}
    shown_value = {"value": result.value, "seconds": SHOWN_FOR_S, "back": back}
    response = render(request, "secrets_app/home.html", context | shown_value)
    if result.value:
        setattr(response, gate.SHOWN_VALUE, result.value.digest)
        # value.js hides the value too; this is for browsers without JavaScript.
        response["Refresh"] = f"{SHOWN_FOR_S}; url={back}"
    return response


def _record(request: HttpRequest, outcome: str, config: Config, reading: Reading | None = None) -> None:
    read = reading.secret if reading else None
    audit.record(
        "show value",
        outcome,
        request,
        viewer_of(request),
        vault=config.vault_url or "",
        secret=config.secret_name or "",
        version=(read.version if read else config.secret_version) or "current",
    )
