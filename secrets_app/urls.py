"""The URLs of the pages and the API, each view behind the guard."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, re_path, reverse_lazy
from django.utils.module_loading import import_string
from django.views.generic import RedirectView

from secrets_app.views import guard, login, reading


class LazyView:
    """A view, named `module.function`, whose module is imported at the first request for it.

    Most visitors only read the secret: a worker that does nothing else needs neither the catalog of causes nor the
    doctor, the comparisons, the OpenAPI document and the metrics.
    """

    def __init__(self, name: str) -> None:
        self.__name__ = name

    @cached_property
    def view(self) -> Callable[..., HttpResponseBase]:
        """The view itself."""
        return import_string(f"secrets_app.views.{self.__name__}")  # type: ignore[no-any-return]

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self.view(request, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """What decorators set on the view, such as `csrf_exempt`."""
        if name.startswith("_"):  # Python and Django look for such names when the URLs are made
            raise AttributeError(name)
        return getattr(self.view, name)


_PERMANENT: dict[str, Any] = {"permanent": True, "query_string": True, "http_method_names": ["get", "head"]}

app_name = "secrets_app"
urlpatterns = [
    path("", reading.home, name="home"),
    path("secret/", reading.secret, name="secret"),
    path("identities/", LazyView("identities.identities"), name="identities"),
    path("value/", LazyView("value.value"), name="value"),
    path("sign-in/", login.sign_in, name="sign_in"),
    path("sign-out/", login.sign_out, name="sign_out"),
    path("api/reading", reading.api_reading, name="api_reading"),
    path("token/", LazyView("token.token"), name="token"),
    path("api/token", LazyView("token.api_token"), name="api_token"),
    path("token-vault/", LazyView("token_vault.token_vault"), name="token_vault"),
    path("report/", LazyView("doctor.report"), name="report"),
    path("environment/", LazyView("doctor.environment"), name="environment"),
    path("explain/", LazyView("explain.explain"), name="explain"),
    path("api/explain", LazyView("explain.api_explain"), name="api_explain"),
    path("compare/", LazyView("differences.compare_page"), name="compare"),
    path("api/", LazyView("api.api"), name="api"),
    path("api/schema", LazyView("api.api_schema"), name="api_schema"),
    path("api/doctor", LazyView("api.api_doctor"), name="api_doctor"),
    path("api/compare", LazyView("differences.api_compare"), name="api_compare"),
    path("metrics", LazyView("metrics.metrics"), name="metrics"),
    path("causes/", LazyView("explain.causes"), name="causes"),
    path("causes/<slug:key>/", LazyView("explain.cause"), name="cause"),
    # The URLs of the .NET and Java samples, in any case, as in ASP.NET.
    re_path(
        r"^(?P<old>(?i:home|home/index))/?$", RedirectView.as_view(url=reverse_lazy("secrets_app:home"), **_PERMANENT)
    ),
    re_path(
        r"^(?P<old>(?i:home/getsecret|getsecret))/?$",
        RedirectView.as_view(url=reverse_lazy("secrets_app:secret"), **_PERMANENT),
    ),
    re_path(r"^(?P<old>(?i:api/acquiretokenmsi))/?$", LazyView("api.acquire_token")),
    re_path(r"", guard.other_url),
]
for pattern in urlpatterns:
    pattern.callback = guard.guarded(pattern.callback)


def with_decorator(decorator: Callable[[Any], Any]) -> tuple[list[URLPattern], str]:
    """The URLs for `include`, with a decorator of the project around the guard, as for its own access control."""
    decorated = [URLPattern(each.pattern, decorator(each.callback), name=each.name) for each in urlpatterns]
    return decorated, app_name
