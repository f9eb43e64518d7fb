"""The retired Token Vault: read a token stored in it, and link to its replacement."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from secrets_app import conf
from secrets_app.access import viewer_of
from secrets_app.conf.access import AccessMode
from secrets_app.conf.hints import setting_hints
from secrets_app.conf.project import shown_name
from secrets_app.conf.request import token_vault_request
from secrets_app.service import detect_host
from secrets_app.views.parameters import parse_query
from secrets_app.views.reading_page import TokenPage
from secrets_app.views.rendering import render


@require_http_methods(["GET", "HEAD", "POST"])
def token_vault(request: HttpRequest) -> HttpResponseBase:
    """The properties of the stored token. POST creates the token first, if it does not exist."""
    parse_query(request)
    if request.method == "POST" and viewer_of(request).access_mode is AccessMode.OPEN:
        error = {
            "title": "Token not created",
            "sentence": f"With {shown_name('KVSITE_ACCESS')}=open, tokens cannot be created.",
        }
        return render(request, "secrets_app/error.html", error, status=403)
    config = conf.current()
    read_request = token_vault_request(config, create=request.method == "POST")
    if config.token_vault is None:
        return render(
            request,
            "secrets_app/token_vault.html",
            {"problem_hints": setting_hints(read_request.blocking_problems, detect_host())},
        )
    back = request.build_absolute_uri(reverse("secrets_app:token_vault"))
    return TokenPage(
        request=request,
        read_request=read_request,
        template="secrets_app/token_vault.html",
        fragment="secrets_app/_token_vault_reading.html",
        name="token_vault",
        has_form=True,
    ).respond(address=config.token_vault, back=back, page="secrets_app:token_vault")
