"""What a text says in any wording: patterns over a sentence, for texts in which no code, phrase or rule matches.

Each pattern joins a subject and a predicate that stand in one sentence. The measured share of right answers decides
between LIKELY and GUESS (python -m benchmarks.diagnosis). The first pattern that matches wins: specific ones precede.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from secrets_app.core.reading import Certainty
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.services import Service

_NOT = (
    r"(?:(?:do|does|did|was|were|is|are|has|have|could|can)(?:\s?not|n['’]?t)|cannot|no|not|without|lack(?:s|ing)?"
    r"|missing|insufficient|invalid|unable)"
)
_REST = r"[^.\n]{0,60}"
_NOT_FOUND = (
    r"(?:(?:(?:was|is|were|could|can)\s?(?:not|n['’]t)\s|not\s)(?:be\s)?(?:found|exist)|(?:does|do|did)(?:\snot|n['’]t)"
    r"\sexist|cannot\sbe\sfound)"
)
_VAULT = frozenset({Service.KEY_VAULT})
_ANY = frozenset[Service]()


class Wording(NamedTuple):
    """A cause and the pattern of the sentences that state it."""

    cause: str
    certainty: Certainty
    pattern: re.Pattern[str]
    services: frozenset[Service] = _ANY
    """The service that refused, if the sentence does not tell; empty means any."""


def _wording(cause: str, certainty: Certainty, pattern: str, *services: Service) -> Wording:
    return Wording(cause, certainty, re.compile(pattern, re.IGNORECASE), frozenset(services))


_SURE_ENOUGH, _GUESS = Certainty.LIKELY, Certainty.GUESS
WORDINGS = (
    _wording(
        "mfa_required", _SURE_ENOUGH, r"\bmulti-?\s?factor\sauth|\bMFA\b" + _REST + r"\b(?:required|enabled|must)"
    ),
    _wording("conditional_access_blocked", _GUESS, r"\bconditional\saccess\b"),
    _wording(
        "tls_interception",
        _SURE_ENOUGH,
        rf"\b(?:certificate|cert|ssl|tls|x509)\b{_REST}\b(?:not\strusted|untrusted|self[\s-]?signed|unknown\sauthority"
        rf"|verif\w+\s(?:failed|error)|failed\sto\sverify|local\sissuer|trust\srelationship|handshake\sfail)"
        rf"|\bself[\s-]signed\scertificate|\bhandshake\s(?:failed|could\snot)",
    ),
    _wording(
        "proxy_error",
        _SURE_ENOUGH,
        rf"\bproxy\b{_REST}\b(?:authentication\sis|authentication\srequired|refused|denied|failed|407|unreachable)",
    ),
    _wording(
        "certificate_file_invalid",
        _SURE_ENOUGH,
        rf"(?:\b(?:failed|unable|cannot|could\snot|error)\s{_REST}\b(?:read|load|open|pars|decod|import|decrypt)\w*\s"
        rf"{_REST}\b(?:certificate|pfx|pkcs))",
    ),
    _wording(
        "vault_not_in_subscription",
        _SURE_ENOUGH,
        rf"\b(?:key\s?)vaults?\b(?![./])(?:(?!secret|certificate|key)[^.\n]){{0,60}}\b{_NOT_FOUND}"
        rf"|\b{_NOT}\s(?:find|locate)\s(?:the\s)?(?:key\s?)vault\b",
    ),
    _wording(
        "kv_secret_not_found",
        _SURE_ENOUGH,
        rf"\b(?:secret|certificate|(?<!vault\s)key(?!\s?vault|\sstore))s?\b(?!\s\\?\")[^.\n]{{0,80}}\b{_NOT_FOUND}"
        rf"|\b{_NOT}\sfind\s(?:the\s|a\s)?secret\b"
        r"|\b(?:cannot|could\snot|couldn['’]t|unable\sto|failed\sto)\s(?:find|locate)\s[^\s.]{1,60}\sin\s(?:the\s)?"
        r"(?:azure\s)?key\s?vault",
        Service.KEY_VAULT,
    ),
    _wording(
        "kv_firewall_denied",
        _SURE_ENOUGH,
        rf"\b(?:firewall|ip\saddress|network\srules?|virtual\snetwork)\b{_REST}\b"
        r"(?:block|den(?:y|ied)|not\s(?:allowed|authori[sz]ed)|restrict|forbid)",
        Service.KEY_VAULT,
    ),
    _wording(
        "client_secret_expired",
        _SURE_ENOUGH,
        rf"\b(?:client\s?secret|secret\skeys?|service\sprincipal(?:'s)?\s(?:secret|password|credentials?))\b{_REST}"
        r"\bexpired",
    ),
    _wording(
        "client_secret_wrong",
        _SURE_ENOUGH,
        rf"\binvalid\sclient\s?secret|\bclient\s?secret\b{_REST}\b(?:is|was)\s(?:invalid|wrong|incorrect|not\svalid)",
    ),
    _wording(
        "mi_identity_not_assigned",
        _GUESS,
        rf"\b(?:(?:managed|assigned)\s(?:service\s)?identity|msi)\b{_REST}\b"
        r"(?:not\s(?:been\s)?(?:found|assigned|enabled|set\sup|attached)|does(?:n['’]t|\snot)\s(?:exist|have)|disabled)",
    ),
    _wording(
        "dns_failure",
        _SURE_ENOUGH,
        r"(?:\b(?:could\snot|cannot|can['’]t|unable\sto|failed\sto)\s(?:be\s)?resolve\s(?:host|the\s(?:host|name|remote)"
        r"|address|dns|[\w-]{1,40}\.\w)|\bname\sresolution\b|\bunknown\shost\b|\bno\ssuch\shost\b|\bhost\snot\sfound)",
    ),
    _wording(
        "service_principal_incomplete",
        _GUESS,
        rf"(?:\b(?:missing|no|must\s(?:provide|specify|set)|required?s?)\s(?:\w+\s)?(?:client|tenant|application)[\s_-]?"
        rf"(?:id|secret)\b|\b(?:client|tenant)[\s_-]?(?:id|secret)\b{_REST}\b(?:not\s(?:provided|specified)"
        r"|is\s(?:required|null|empty|undefined|missing)|are\s(?:required|missing)|must\sbe\s(?:set|provided|specified)))",
    ),
    _wording(
        "kv_access_policy_denied",
        _GUESS,
        rf"(?:\b{_NOT}\s{_REST}\b(?:permissions?|access(?!\s?token)|rights|privileges?|authori[sz]ed|granted)\b"
        r"|\b(?:access|permission)\s(?:\w+\s)?(?:(?:is|was)\s)?denied)",
        Service.KEY_VAULT,
    ),
    _wording(
        "network_interrupted",
        _GUESS,
        r"\b(?:timed\s?out|connection\s(?:was\s|has\sbeen\s)?(?:refused|reset|closed|aborted|lost)"
        r"|deadline\sexceeded)\b",
        Service.KEY_VAULT,
        Service.ENTRA,
        Service.RESOURCE_MANAGER,
    ),
)


def stated_causes(evidence: Evidence) -> Iterator[tuple[str, Certainty]]:
    """The causes that the text states in its own words, the most specific first."""
    for wording in WORDINGS:
        if (not wording.services or evidence.service in wording.services) and wording.pattern.search(evidence.text):
            yield wording.cause, wording.certainty
