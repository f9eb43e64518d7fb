"""`/metrics` for Prometheus: each scrape reads the secret, as the home page does, and nothing is kept between two."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from secrets_app import __version__, conf
from secrets_app.access.sign_in import is_metrics_token
from secrets_app.conf.request import secret_request
from secrets_app.core.reading import Diagnosis, Reading
from secrets_app.service import diagnose, get_reading
from secrets_app.views.parameters import parse_query

try:
    from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
    from prometheus_client.exposition import choose_encoder
except ImportError:  # an optional dependency
    choose_encoder = None  # type: ignore[assignment]

NOT_IMPLEMENTED = 501
_MISSING = "This URL needs the package prometheus-client: pip install 'principal-used[metrics]'.\n"
_LABELS = ("vault", "secret", "identity")


def admits_scraper(request: HttpRequest) -> bool:
    """Whether the request has the token of KVSITE_METRICS_TOKEN, and so needs no other access."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and is_metrics_token(given.strip(), conf.current())


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics of a reading, in the text format of Prometheus or in OpenMetrics."""
    parse_query(request)
    if choose_encoder is None:
        return HttpResponse(_MISSING, content_type="text/plain; charset=utf-8", status=NOT_IMPLEMENTED)
    read_request = secret_request(conf.current())
    reading = get_reading(read_request)
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(_Families(reading, diagnose(reading, read_request))), content_type=content_type)


metrics.admits = admits_scraper  # type: ignore[attr-defined]  # for the guard


class _Families:
    """The metrics of one reading, in the interface of a registry."""

    def __init__(self, reading: Reading, diagnosis: Diagnosis) -> None:
        self._reading, self._diagnosis = reading, diagnosis
        principal = reading.principal
        vault = (urlsplit(reading.vault_url or "").hostname or "").partition(".")[0]
        identity = (principal and (principal.name or principal.object_id)) or ""
        self._values = (vault, reading.secret_name or "", identity)

    def collect(self) -> "Iterator[Metric]":
        """The name that prometheus-client calls."""
        reading, principal, secret = self._reading, self._reading.principal, self._reading.secret
        yield InfoMetricFamily("principal_used", "The version of this site.", value={"version": __version__})
        yield self._gauge("reading_ok", "1 if the secret was read by the expected principal.", float(reading.ok))
        yield self._gauge("reading_duration_seconds", "Duration of the reading.", reading.elapsed_s)
        yield self._gauge("token_duration_seconds", "Duration of the token request, if any.", reading.token_elapsed_s)
        yield self._gauge("vault_duration_seconds", "Duration of the vault's response.", reading.vault_elapsed_s)
        yield self._gauge(
            "token_expires_timestamp_seconds",
            "Expiry of the token.",
            _timestamp(principal.token_expires_at if principal else None),
        )
        yield self._gauge(
            "secret_expires_timestamp_seconds",
            "Expiry of the secret, if any.",
            _timestamp(secret.expires_on if secret else None),
        )
        yield self._cause()

    def _gauge(self, name: str, description: str, value: float | None) -> "Metric":
        family = GaugeMetricFamily(f"principal_used_{name}", description, labels=_LABELS)
        if value is not None:
            family.add_metric(self._values, value)
        return family

    def _cause(self) -> "Metric":
        failure, cause = self._reading.failure, self._diagnosis.main_cause
        family = GaugeMetricFamily(
            "principal_used_cause_info", "The main cause of a failed reading.",
            labels=(*_LABELS, "cause", "status", "code"),
        )  # fmt: skip
        if cause:
            status, code = (str(failure.status or ""), failure.code or "") if failure else ("", "")
            family.add_metric((*self._values, cause, status, code), 1)
        return family


def _timestamp(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
