"""The targets, what was observed of them, and what changed. No field holds a token, a secret value or a password."""

from django.db import models
from django.db.models import Q

_ID, _NAME, _URL = 64, 200, 500


class Target(models.Model):
    """A secret that is read from time to time, with its current state."""

    class Kind(models.TextChoices):
        OWN = "own", "this site's own secret"
        VAULT = "vault", "a secret of a vault"
        SITE = "site", "another Principal Used site"

    class State(models.TextChoices):
        """What the last check showed, the worst first; empty: never checked."""

        REFUSED = "refused", "Refused"
        UNREACHABLE = "unreachable", "Not reachable"
        NO_TOKEN = "no_token", "No access token"
        INVALID = "invalid", "Invalid settings"
        UNEXPECTED = "unexpected", "Other principal"
        UNCHECKED = "", "Not checked yet"
        READABLE = "readable", "Readable"

    name = models.CharField(max_length=_NAME, unique=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.VAULT)
    vault_url = models.CharField(max_length=_URL, blank=True)
    secret_name = models.CharField(max_length=128, blank=True)
    site_url = models.CharField(max_length=_URL, blank=True)
    """With `SITE`: its address, whose `/api/reading` is requested."""
    settings = models.JSONField(default=dict, blank=True)
    """Settings that differ from the site's: `{"KVSITE_CREDENTIAL": "managed-identity"}`. None of them is a secret.

    Of another site: what is expected of its principal, and `audience`.
    """
    references = models.JSONField(default=dict, blank=True)
    """Secret settings -> where their text is: `{"AZURE_CLIENT_SECRET": "env:PAYROLL_SECRET"}` or `file:/path`."""
    labels = models.JSONField(default=dict, blank=True)
    """`{"team": "payments"}`."""
    made_up = models.BooleanField(default=False)
    """Its history is an example, generated for the demo."""

    is_enabled = models.BooleanField(default=True)
    interval_s = models.PositiveIntegerField(null=True, blank=True)
    """Seconds between two checks; None: not scheduled."""
    next_due = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    """A worker checks it until then; afterwards another one may."""

    # The current state, so that a page with 10,000 targets reads one table.
    ok = models.BooleanField(null=True, blank=True)
    """None: never checked."""
    state = models.CharField(max_length=12, choices=State, blank=True)
    since = models.DateTimeField(null=True, blank=True)
    """Of this `ok`."""
    checked_at = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=_ID, blank=True)
    code = models.CharField(max_length=128, blank=True)
    """`403 ForbiddenByRbac`."""
    principal = models.CharField(max_length=_NAME, blank=True)
    """Of the last check; empty if it obtained no token. The last known one is in `known`."""
    expires_on = models.DateTimeField(null=True, blank=True)
    """Of the secret's current version."""
    is_certificate = models.BooleanField(default=False)
    """The secret is the one that Key Vault keeps for a certificate."""
    credential_expires_on = models.DateTimeField(null=True, blank=True)
    """Of the client secret or certificate that the target is read with, as its description says."""
    known = models.JSONField(default=dict, blank=True)
    """The last known value of each property that a change is derived from."""
    alerted_ok = models.BooleanField(null=True, blank=True)
    """The `ok` of the last alert; None: of the first observation."""

    class Meta:
        indexes = (
            models.Index(fields=["next_due"], name="target_due", condition=Q(is_enabled=True)),
            models.Index(fields=["ok", "since"], name="target_state"),
            models.Index(fields=["expires_on"], name="target_expiry"),
            models.Index(fields=["credential_expires_on"], name="target_credential_expiry"),
            models.Index(fields=["state", "-since", "name"], name="target_worst"),
        )

    def __str__(self) -> str:
        return self.name


class Observation(models.Model):
    """Equal readings of one target on one day (UTC): the first, the last and how many."""

    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="observations", db_index=False)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    ok = models.BooleanField()
    cause = models.CharField(max_length=_ID, blank=True)
    stage = models.CharField(max_length=16, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    """HTTP status."""
    code = models.CharField(max_length=128, blank=True)
    principal_type = models.CharField(max_length=8, blank=True)
    principal_kind = models.CharField(max_length=40, blank=True)
    principal_name = models.CharField(max_length=_NAME, blank=True)
    app_id = models.CharField(max_length=_ID, blank=True)
    object_id = models.CharField(max_length=_ID, blank=True)
    tenant_id = models.CharField(max_length=_ID, blank=True)
    credential = models.CharField(max_length=_ID, blank=True)
    """The azure-identity class that obtained the token."""
    secret_version = models.CharField(max_length=_ID, blank=True)
    fingerprint = models.CharField(max_length=32, blank=True)
    expires_on = models.DateTimeField(null=True, blank=True)
    client_address = models.CharField(max_length=_ID, blank=True)
    """As the vault saw it last. App Service uses several: a different one alone is no new observation."""
    hours = models.JSONField(default=dict)
    """Hour (UTC) -> `[count, ms of the token requests, ms of the vault requests, ms of the slowest reading]`."""

    class Meta:
        ordering = ("first_at", "id")
        indexes = (
            models.Index(fields=["target", "last_at"], name="observation_of_target"),
            models.Index(fields=["target", "-id"], name="observation_latest"),
            models.Index(fields=["last_at"], name="observation_age"),
        )

    def __str__(self) -> str:
        result = "ok" if self.ok else self.cause
        return f"{self.target_id}: {result}, {self.first_at:%Y-%m-%d %H:%M} to {self.last_at:%H:%M}"


class Change(models.Model):
    """What differed between two neighbouring observations, as one sentence."""

    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    """When the later observation was made."""
    previous_at = models.DateTimeField(null=True, blank=True)
    """When the earlier one was last made: the change happened in between."""
    kind = models.CharField(max_length=16)
    """A ChangeKind."""
    ok = models.BooleanField()
    """Whether the secret was readable afterwards."""
    before = models.CharField(max_length=_NAME, blank=True)
    after = models.CharField(max_length=_NAME, blank=True)
    sentence = models.CharField(max_length=600)

    class Meta:
        ordering = ("-at", "-id")
        indexes = (
            models.Index(fields=["target", "-at"], name="change_of_target"),
            models.Index(fields=["-at"], name="change_age"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.sentence}"


class Alert(models.Model):
    """A message that a service has not accepted yet. Deleted when it has."""

    service = models.CharField(max_length=50)
    """`slack 1`: the first URL of KVSITE_ALERT_URLS with this scheme. The rest of a URL may be a token."""
    title = models.CharField(max_length=_NAME)
    text = models.TextField()
    created_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField()
    """No worker sends it before: one is sending it, or the service did not accept it."""

    class Meta:
        indexes = (models.Index(fields=["service", "not_before"], name="alert_of_service"),)

    def __str__(self) -> str:
        return f"{self.service}: {self.title}"
