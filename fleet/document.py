"""The values of the fleet's document: what /fleet/ shows and /api/fleet serializes."""

from dataclasses import dataclass
from datetime import datetime

from fleet.filters import Filters
from fleet.timeline import Segment
from secrets_app.core.reading import SCHEMA_VERSION


@dataclass(frozen=True, kw_only=True)
class StateCount:
    """How many targets are in one state."""

    state: str
    """`refused`, `unreachable`, `no_token`, `invalid`, `unexpected`, `unchecked` or `readable`."""
    title: str
    count: int
    since: datetime | None
    """When the last of them entered this state."""
    first_since: datetime | None
    """When the first of them did."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A vault, or another site."""

    url: str
    count: int
    """Targets there that fail in this way."""
    since: datetime | None
    """When the first of them began to fail."""


@dataclass(frozen=True, kw_only=True)
class FailureGroup:
    """The targets that fail with the same error: one fault, most likely."""

    state: str
    code: str
    """HTTP status and error code: `403 ForbiddenByRbac`; empty without one."""
    cause: str
    count: int
    principals: int
    """How many principals they are read as."""
    principal: str
    """Where all are read as the same one."""
    places: int
    """How many vaults and other sites they are in."""
    most_in: tuple[Place, ...]
    """Those with most of them, at most 3."""
    first_since: datetime | None
    """When the first of them began to fail."""
    since: datetime | None
    """When the last of them did."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """The targets with one value of a label."""

    value: str
    """Empty: without this label."""
    count: int
    failing: int
    unchecked: int


@dataclass(frozen=True, kw_only=True)
class TargetRow:
    """The current state of one target."""

    id: int
    name: str
    kind: str
    """`own`, `vault` or `site`."""
    vault_url: str
    secret_name: str
    site_url: str
    labels: dict[str, str]
    state: str
    ok: bool | None
    since: datetime | None
    """The beginning of the current result."""
    checked_at: datetime | None
    cause: str
    code: str
    """HTTP status and error code: `403 ForbiddenByRbac`."""
    principal: str
    """Of the last check; empty if it obtained no token."""
    expected: dict[str, str]
    """What is expected of the principal: `{"object_id": "..."}`."""
    expires_on: datetime | None
    credential_expires_on: datetime | None
    interval_s: int | None
    """Seconds between two checks; null if it is not scheduled."""
    made_up: bool
    """An example, generated for the demo."""


@dataclass(frozen=True, kw_only=True)
class Expiry:
    """One date by which something must be renewed."""

    on: datetime
    what: str
    """`secret`, `certificate` or `credential`."""
    source: str
    """`key_vault`, or `description`: the date was given with the target."""
    target: str
    target_id: int


@dataclass(frozen=True, kw_only=True)
class ExpiryDay:
    """How many dates there are on one day (UTC)."""

    day: str
    """`2027-01-31`."""
    secrets: int
    certificates: int
    credentials: int


@dataclass(frozen=True, kw_only=True)
class Access:
    """One identity and one secret that it was tried on."""

    principal: str
    secret: str
    """`contoso/demo`."""
    state: str
    target_id: int


@dataclass(frozen=True, kw_only=True)
class TargetStates:
    """The states of one target in the range."""

    target_id: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """All targets, or those that match the filters."""

    schema_version: int = SCHEMA_VERSION
    at: datetime
    filters: Filters
    count: int
    ok: bool | None
    """Every target is readable; null if some were never checked and the others are readable, or there are none."""
    states: tuple[StateCount, ...]
    """The worst first; without those that no target is in. The filter by state does not apply to them."""
    failures: tuple[FailureGroup, ...]
    """The targets that fail, by error: most targets first, at most 20."""
    group_by: str
    """The label of the groups; empty without one."""
    groups: tuple[Group, ...]
    page: int
    pages: int
    targets: tuple[TargetRow, ...]
    """One page of them, the worst first, among equal ones the latest change first."""
    expiries: tuple[Expiry, ...]
    """In the next 90 days and in the past, the earliest first; at most 40."""
    expiry_days: tuple[ExpiryDay, ...]
    """The days of the next 90 with such dates, all of them counted."""
    expired: int
    """Dates in the past."""
    identities: tuple[Access, ...]
    """Which identity was tried on which secret, and the result; at most 10 identities and 30 secrets."""
    range: str = ""
    """With the parameter `range`: `24h` or `7d`."""
    histories: tuple[TargetStates, ...] = ()
    """With the parameter `range`: the states of the targets of this page."""
