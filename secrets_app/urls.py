"""The product's addresses; the probes answer before them (views/probes.py)."""

from django.urls import path, re_path

from secrets_app.views import explain, identities, login, reading, token, token_vault, value
from secrets_app.views.redirects import redirect_to

urlpatterns = [
    path("", reading.home, name="home"),
    path("secret/", reading.secret, name="secret"),
    path("identities/", identities.identities, name="identities"),
    path("value/", value.value, name="value"),
    path("sign-in/", login.sign_in, name="sign_in"),
    path("sign-out/", login.sign_out, name="sign_out"),
    path("api/reading", reading.api_reading, name="api_reading"),
    path("token/", token.token, name="token"),
    path("api/token", token.api_token, name="api_token"),
    path("token-vault/", token_vault.token_vault, name="token_vault"),
    path("report/", reading.report, name="report"),
    path("environment/", reading.environment, name="environment"),
    path("explain/", explain.explain, name="explain"),
    path("api/explain", explain.api_explain, name="api_explain"),
    path("causes/", explain.causes, name="causes"),
    path("causes/<slug:key>/", explain.cause, name="cause"),
    # The addresses of the .NET samples, in any case as ASP.NET took them.
    re_path(r"^(?P<old>(?i:home/getsecret|getsecret))/?$", redirect_to("secret")),
    re_path(r"^(?P<old>(?i:api/acquiretokenmsi))/?$", redirect_to("api_reading")),
]
