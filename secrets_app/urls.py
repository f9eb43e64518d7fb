"""The URLs of the pages and the API, each view behind the guard."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path, re_path, reverse_lazy
from django.views.generic import RedirectView

from secrets_app.views import (
    api,
    differences,
    doctor,
    explain,
    guard,
    identities,
    login,
    metrics,
    reading,
    token,
    token_vault,
    value,
)

_PERMANENT: dict[str, Any] = {"permanent": True, "query_string": True, "http_method_names": ["get", "head"]}

app_name = "secrets_app"
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
    path("report/", doctor.report, name="report"),
    path("environment/", doctor.environment, name="environment"),
    path("explain/", explain.explain, name="explain"),
    path("api/explain", explain.api_explain, name="api_explain"),
    path("compare/", differences.compare_page, name="compare"),
    path("api/", api.api, name="api"),
    path("api/schema", api.api_schema, name="api_schema"),
    path("api/doctor", api.api_doctor, name="api_doctor"),
    path("api/compare", differences.api_compare, name="api_compare"),
    path("metrics", metrics.metrics, name="metrics"),
    path("causes/", explain.causes, name="causes"),
    path("causes/<slug:key>/", explain.cause, name="cause"),
    # The URLs of the .NET and Java samples, in any case, as in ASP.NET.
    re_path(
        r"^(?P<old>(?i:home|home/index))/?$", RedirectView.as_view(url=reverse_lazy("secrets_app:home"), **_PERMANENT)
    ),
    re_path(
        r"^(?P<old>(?i:home/getsecret|getsecret))/?$",
        RedirectView.as_view(url=reverse_lazy("secrets_app:secret"), **_PERMANENT),
    ),
    re_path(r"^(?P<old>(?i:api/acquiretokenmsi))/?$", api.acquire_token),
    re_path(r"", guard.other_url),
]
for pattern in urlpatterns:
    pattern.callback = guard.guarded(pattern.callback)


def with_decorator(decorator: Callable[[Any], Any]) -> tuple[list[URLPattern], str]:
    """The URLs for `include`, with a decorator of the project around the guard, as for its own access control."""
    decorated = [URLPattern(each.pattern, decorator(each.callback), name=each.name) for each in urlpatterns]
    return decorated, app_name
