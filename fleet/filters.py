"""Which targets to show: the same filters in the address of the page, in the JSON and on the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Expression, F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce

from fleet.description import LABEL, MAX_LABEL
from fleet.models import Target

State = Target.State
UNCHECKED = "unchecked"
"""In addresses and JSON: the state of a target that was never checked."""
STATE_TITLES = {str(state) or UNCHECKED: str(state.label) for state in State}
"""State -> what it is called."""
FAILING = "failing"
"""In filters: every state but `unchecked` and `readable`."""
STATE_FILTERS = {FAILING: "Not readable", **STATE_TITLES}
"""What `state` of a filter may be -> what it is called."""
MAX_LABELS, _MAX_TEXT = 5, 100
_SEARCHED = ("name", "vault_url", "secret_name", "site_url", "principal", "code", "cause")


class InvalidFilterError(ValueError):
    """A filter is not valid; the message is one sentence."""


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What all targets that are shown have; empty: anything. Named as in the address."""

    state: str = ""
    """A state, or `failing`: each that is neither `unchecked` nor `readable`."""
    q: str = ""
    """Part of a name, vault, secret, site, principal or error."""
    cause: str = ""
    """A cause key."""
    label: tuple[str, ...] = ()
    """`team=payments`; `team=`: without this label."""

    def __bool__(self) -> bool:
        return bool(self.state or self.q or self.cause or self.label)


PARAMETERS: Mapping[str, str] = {
    "state": f"Only targets in this state: {', '.join(STATE_FILTERS)}.",
    "q": "Part of a name, vault, secret, site, principal or error.",
    "cause": "Only targets that fail with this cause key.",
    "label": f"`NAME=VALUE`; `NAME=`: without this label. Up to {MAX_LABELS}, repeated or separated by commas.",
}
"""Each filter -> what it means: the text of the OpenAPI document and of the command's help."""


def parse_filters(texts: Mapping[str, str]) -> Filters:
    """The filters in these texts, by the names in PARAMETERS; others are ignored. Raises InvalidFilterError."""
    state, q, cause = (texts.get(name, "").strip() for name in ("state", "q", "cause"))
    if state and state not in STATE_FILTERS:
        raise InvalidFilterError(f"state must be one of {', '.join(STATE_FILTERS)}.")
    for name, text in (("q", q), ("cause", cause)):
        if len(text) > _MAX_TEXT or not text.isprintable():
            raise InvalidFilterError(f"{name} must be one line of at most {_MAX_TEXT} characters.")
    return Filters(state=state, q=q, cause=cause, label=_labels(texts.get("label", "")))


def _labels(text: str) -> tuple[str, ...]:
    """`("team=payments", "env=prod")` of `team=payments, env=prod`. Raises InvalidFilterError."""
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    for name, separator, value in pairs:
        if not separator or not LABEL.fullmatch(name.strip()) or len(value) > MAX_LABEL or not value.isprintable():
            raise InvalidFilterError("label must be NAME=VALUE; NAME has letters, digits, dots and hyphens.")
    if len(pairs) > MAX_LABELS:
        raise InvalidFilterError(f"label must be at most {MAX_LABELS} times NAME=VALUE.")
    return tuple(f"{name.strip()}={value.strip()}" for name, _, value in pairs)


def matching(filters: Filters) -> QuerySet[Target]:
    """The targets that match."""
    found = matching_in_any_state(filters)
    if filters.state == FAILING:
        return found.filter(ok=False)
    return found.filter(state="" if filters.state == UNCHECKED else filters.state) if filters.state else found


def matching_in_any_state(filters: Filters) -> QuerySet[Target]:
    """The targets that match all but the state: for the counts of the states, which are links to each other."""
    found = Target.objects.all()
    if filters.q:
        found = found.filter(_any_of(_SEARCHED, filters.q))
    if filters.cause:
        found = found.filter(cause=filters.cause)
    for number, label in enumerate(filters.label):
        name, _, value = label.partition("=")
        found = found.alias(**{f"label_{number}": label_text(name)}).filter(**{f"label_{number}": value})
    return found


def _any_of(columns: Sequence[str], text: str) -> Q:
    condition = Q()
    for column in columns:
        condition |= Q(**{f"{column}__icontains": text})
    return condition


def label_text(name: str) -> Expression:
    """The text of a label; empty without it. Django's own KeyTextTransform takes digits as the index of an array."""
    if connection.vendor == "sqlite":
        text = Func(F("labels"), Value(f'$."{name}"'), function="JSON_EXTRACT", output_field=TextField())
    else:
        text = Func(
            F("labels"), Value(name), template="(%(expressions)s)", arg_joiner=" ->> ", output_field=TextField()
        )
    return Coalesce(text, Value("", TextField()))
