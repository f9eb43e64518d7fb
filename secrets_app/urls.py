"""The product's addresses; the probes answer before them (views/probes.py)."""

from django.urls import path, re_path

from secrets_app.views import comparing, explaining, readings, revealing, signing_in, token_vaults, tokens
from secrets_app.views.old_addresses import leads_to

urlpatterns = [
    path("", readings.home, name="home"),
    path("secret/", readings.secret, name="secret"),
    path("identities/", comparing.identities, name="identities"),
    path("value/", revealing.value, name="value"),
    path("sign-in/", signing_in.sign_in, name="sign_in"),
    path("sign-out/", signing_in.sign_out, name="sign_out"),
    path("api/reading", readings.api_reading, name="api_reading"),
    path("token/", tokens.token, name="token"),
    path("api/token", tokens.api_token, name="api_token"),
    path("token-vault/", token_vaults.token_vault, name="token_vault"),
    path("report/", readings.report, name="report"),
    path("environment/", readings.environment, name="environment"),
    path("explain/", explaining.explain, name="explain"),
    path("api/explain", explaining.api_explain, name="api_explain"),
    path("causes/", explaining.causes, name="causes"),
    path("causes/<slug:key>/", explaining.cause, name="cause"),
    # The addresses of the .NET samples, in any case as ASP.NET took them.
    re_path(r"^(?P<old>(?i:home/getsecret|getsecret))/?$", leads_to("secret")),
    re_path(r"^(?P<old>(?i:api/acquiretokenmsi))/?$", leads_to("api_reading")),
]
