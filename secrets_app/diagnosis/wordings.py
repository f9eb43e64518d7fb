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

_FRAGMENTS = {
    "not": r"(?:(?:do|does|did|was|were|is|are|has|have|could|can)(?:\s?not|n['’]?t)|cannot|no|not|without"
    r"|lack(?:s|ing)?|missing|insufficient|invalid|unable|not\senough)",
    "not_found": r"(?:(?:(?:was|is|were|could|can)\s?(?:not|n['’]t)\s|not\s)(?:be\s)?(?:found|exist|located|present)"
    r"|(?:does|do|did)(?:\snot|n['’]t)\sexist|cannot\sbe\s(?:found|located)|(?:is|are|was)\smissing)",
    "no_such": r"(?:no\s(?:such\s)?"
    r"|(?:cannot|could\snot|couldn['’]t|can['’]t|unable\sto|failed\sto)\s(?:find|locate)\s)",
    "unset": r"(?:(?:is|are|was|were)?\s?(?:not|n['’]t)\s(?:set|provided|specified|configured|defined|given)"
    r"|(?:is|are)\s(?:required|null|empty|blank|undefined|missing)|must\sbe\s(?:set|provided|specified)|missing)",
    "invalid": r"(?:(?:is\s|are\s|was\s|be\s)?(?:invalid|malformed|incorrect|wrong|ill-formed|bad)"
    r"|not\s(?:a\s)?(?:valid|correct)|isn['’]t\s(?:a\s)?valid)",
    "expired": r"(?:(?:has|have|had|is|are|was)\s(?:already\s|been\s)?expired|expired\s(?:on|at|in)\b|\bexpired\b)",
    "denied": r"(?:denied|refused|rejected|forbidden|unauthori[sz]ed|not\s(?:authori[sz]ed|allowed|permitted|granted))",
    "...": r"(?:[^.\n]|\.(?=\S)){0,60}?",
    "vault": r"\b(?:azure\s)?key\s?vault\b",
    "app": r"\b(?:app(?:lication)?|app(?:lication)?\sregistration|service\sprincipal|client)\b",
    "entra": r"\b(?:azure\s?ad|aad|entra(?:\sid)?|azure\sactive\sdirectory|microsoft\sonline)\b",
}


def _expanded(pattern: str) -> str:
    """The regular expression with its fragments, which stand in angle brackets, in place."""
    for name, fragment in _FRAGMENTS.items():
        pattern = pattern.replace(f"<{name}>", fragment)
    return pattern


_VAULT = (Service.KEY_VAULT,)
_ANY = frozenset[Service]()


class Wording(NamedTuple):
    """A cause and the pattern of the sentences that state it."""

    cause: str
    certainty: Certainty
    pattern: re.Pattern[str]
    services: frozenset[Service] = _ANY
    """The service that refused, if the sentence does not tell; empty means any."""


def _wording(cause: str, certainty: Certainty, pattern: str, *services: Service) -> Wording:
    return Wording(cause, certainty, re.compile(_expanded(pattern), re.IGNORECASE), frozenset(services))


_SURE_ENOUGH, _GUESS = Certainty.LIKELY, Certainty.GUESS
WORDINGS = (
    _wording(
        "mfa_required",
        _SURE_ENOUGH,
        r"\b(?:multi-?\s?factor|two-factor)\s?auth|\bMFA\b<...>\b(?:required|enabled|must)",
    ),
    _wording("conditional_access_blocked", _GUESS, r"\bconditional\saccess\b"),
    _wording(
        "tls_version_too_old",
        _SURE_ENOUGH,
        r"\bTLS\s?1\.[01]\b<...>\b(?:not\ssupported|unsupported|disabled|deprecated)",
    ),
    _wording(
        "tls_interception",
        _SURE_ENOUGH,
        r"\b(?:certificate|cert|ssl|tls|x509)\b<...>\b(?:not\strusted|untrusted|self[\s-]?signed|unknown\sauthority"
        r"|verif\w+\s(?:failed|error)|failed\sto\sverify|local\sissuer|trust\srelationship|handshake\sfail)"
        r"|\bself[\s-]signed\scertificate|\bhandshake\s(?:failed|could\snot)",
    ),
    _wording(
        "proxy_error",
        _SURE_ENOUGH,
        r"\bproxy\b<...>\b(?:authentication\sis|authentication\srequired|refused|denied|failed|407|unreachable)",
    ),
    _wording(
        "certificate_file_invalid",
        _SURE_ENOUGH,
        r"(?:\b(?:failed|unable|cannot|could\snot|error)\s<...>\b(?:read|load|open|pars|decod|import|decrypt)\w*\s"
        r"<...>\b(?:certificate|pfx|pkcs))|\bcertificate(?:'s)?\spassword<...><invalid>",
    ),
    _wording(
        "certificate_not_registered",
        _SURE_ENOUGH,
        r"\bthumbprint\b<...>\b(?:not|n['’]t)\s<...>\b(?:match|registered|found)",
    ),
    _wording("certificate_expired", _SURE_ENOUGH, r"\b(?:client|service\sprincipal)\b<...>\bcertificate\s<expired>"),
    _wording(
        "imds_unreachable",
        _SURE_ENOUGH,
        r"\b(?:metadata\s(?:service|endpoint|server)|imds)\b<...>\b(?:unreachable|timed\sout|<not>\s(?:be\s)?(?:reach|respond|connect|available))"
        r"|\b<not>\s(?:reach|connect\sto|contact|access)\s<...>\bmetadata\b|\bnot\s(?:running\s)?(?:on|in)\san?\sazure\s(?:vm|virtual)",
    ),
    _wording(
        "mi_multiple_user_assigned",
        _SURE_ENOUGH,
        r"\b(?:multiple|several|more\sthan\sone)\s(?:\w+\s)?(?:user[\s-]assigned|managed)\s(?:managed\s)?identit",
    ),
    _wording(
        "mi_identity_not_assigned",
        _GUESS,
        r"\b(?:(?:managed|assigned)\s(?:service\s)?identity|msi)\b<...>\b"
        r"(?:not\s(?:been\s)?(?:found|assigned|enabled|set\sup|attached|available)|does(?:n['’]t|\snot)\s(?:exist|have)|disabled|unavailable)"
        r"|\b(?:no|without(?:\sa)?)\s(?:(?:system|user)[\s-]assigned\s)?(?:managed\s)?(?:service\s)?identity\b",
    ),
    _wording(
        "vault_not_in_subscription",
        _SURE_ENOUGH,
        r"\b(?:key\s?)vaults?\b(?![./])(?:(?!secret|certificate|key)[^.\n]){0,60}\b<not_found>"
        r"|\b<not>\s(?:find|locate)\s(?:the\s)?(?:azure\s)?key\s?vault\b(?!\s(?:secret|key|cert))",
    ),
    _wording(
        "kv_name_invalid",
        _SURE_ENOUGH,
        r"\b(?:secret|key|certificate)(?:'s)?\snames?\b<...>\b(?:<invalid>|not\sallowed|illegal|unsupported|must\s(?:only\s)?(?:match|contain|consist))"
        r"|\binvalid\s(?:secret|key|certificate)\sname",
        *_VAULT,
    ),
    _wording(
        "kv_url_or_id_invalid",
        _SURE_ENOUGH,
        r"\b(?:vault|secret|key|certificate)(?:'s)?\s?(?:url|uri|id|identifier|address|endpoint)\b<...>\b<invalid>"
        r"|\b(?:<invalid>|(?:failed|unable|cannot|could\snot)\s(?:to\s)?parse)\s(?:the\s)?(?:azure\s)?(?:key\s?)?(?:vault|secret)\s(?:\w+\s)?(?:url|uri|id|identifier)\b",
        *_VAULT,
    ),
    _wording(
        "kv_secret_disabled",
        _SURE_ENOUGH,
        r"\b(?:secret|key|certificate)\s(?:[^\s]{1,60}\s)?(?:is|was)\s(?:currently\s)?(?:disabled|not\senabled)",
        *_VAULT,
    ),
    _wording("kv_soft_deleted", _SURE_ENOUGH, r"\bsoft[\s-]?deleted\b|\bdeleted\sbut\srecoverable", *_VAULT),
    _wording("kv_throttled", _SURE_ENOUGH, r"\brate[\s-]?limit|\bthrottl|\btoo\smany\srequests", *_VAULT),
    _wording(
        "kv_key_operation_denied",
        _SURE_ENOUGH,
        r"\bkey\s<...>\b(?:does\snot|doesn['’]t|not)\s(?:allow|permit|support)\w*\s(?:the\s|this\s)?(?:key\s)?operation",
        *_VAULT,
    ),
    _wording("kv_wrong_audience", _SURE_ENOUGH, r"\baudience\b<...><invalid>|\b<invalid>\saudience", *_VAULT),
    _wording("kv_wrong_tenant", _SURE_ENOUGH, r"\b(?:other|another|different|wrong)\stenant", *_VAULT),
    _wording("token_for_other_service", _GUESS, r"\baudience\b"),
    _wording(
        "kv_secret_not_found",
        _SURE_ENOUGH,
        r"\b(?:secret|certificate|(?<!vault\s)key(?!\s?vault|\sstore))s?\b(?!\s\\?\")[^.\n]{0,80}\b<not_found>"
        r"|\b<no_such>(?:the\s|a\s)?secret\b"
        r"|\b(?:cannot|could\snot|couldn['’]t|unable\sto|failed\sto)\s(?:find|locate)\s[^\s.]{1,60}\sin\s(?:the\s)?<vault>",
        *_VAULT,
    ),
    _wording(
        "kv_public_access_disabled",
        _SURE_ENOUGH,
        r"\bpublic\s(?:network\s)?access\b<...>\b(?:disabled|off|not\sallowed|denied)|\bonly\s<...>\bprivate\s(?:endpoint|link)",
        *_VAULT,
    ),
    _wording(
        "kv_firewall_denied",
        _SURE_ENOUGH,
        r"\b(?:firewall|ip(?:\saddress)?|network\srules?|virtual\snetwork)\b<...>\b"
        r"(?:block|den(?:y|ied)|not\s(?:allowed|authori[sz]ed)|restrict|forbid|not\s<...>allow\s?list)",
        *_VAULT,
    ),
    _wording(
        "client_secret_expired",
        _SURE_ENOUGH,
        r"\b(?:client\s?secret|secret\skeys?|<app>(?:'s)?\s(?:secret|password|credentials?|key))\b<...><expired>",
    ),
    _wording("secret_expired", _SURE_ENOUGH, r"\bsecret\s(?:[^\s]{1,60}\s)?(?:has|is)\s(?:already\s)?expired", *_VAULT),
    _wording(
        "client_secret_wrong",
        _SURE_ENOUGH,
        r"\b<invalid>\s(?:client|app|application)[\s_-]?secret|\bclient[\s_-]?secret\b<...>\b(?:is|was)\s(?:invalid|wrong|incorrect|not\svalid)",
    ),
    _wording("mfa_required", _GUESS, r"\bsecond\sfactor\b"),
    _wording(
        "user_password_wrong",
        _SURE_ENOUGH,
        r"\b<invalid>\s(?:user\s?name\sor\s|username/|user\sor\s)?password|\bpassword\s(?:is|was)\s(?:wrong|incorrect|invalid)",
    ),
    _wording(
        "user_account_disabled",
        _SURE_ENOUGH,
        r"\b(?:user|account)\b<...>\b(?:is|was|has\sbeen)\s(?:disabled|blocked|suspended)",
    ),
    _wording("app_disabled", _SURE_ENOUGH, r"<app><...>\b(?:is|was|has\sbeen)\sdisabled"),
    _wording(
        "app_assignment_required",
        _SURE_ENOUGH,
        r"\buser\b<...>\bnot\s(?:been\s)?assigned\sto\s(?:a\srole\sfor\s)?(?:the|this|an?)?\s?<app>",
    ),
    _wording("resource_not_in_tenant", _SURE_ENOUGH, r"\bresource\sprincipal\b<...><not_found>"),
    _wording(
        "app_not_found_in_tenant",
        _SURE_ENOUGH,
        r"<app>(?!\s(?:secret|id\s(?:or|and)))<...>\b<not_found><...>(?:tenant|directory|<entra>)|<entra><...><app><...>\b<not_found>"
        r"|\bno\s(?:app|application|service\sprincipal)\s(?:registration\s)?(?:with|for|found)",
    ),
    _wording(
        "redirect_uri_mismatch",
        _SURE_ENOUGH,
        r"\b(?:redirect|reply)[\s_-]?ur[il]s?\b<...>\b(?:mismatch|not\s(?:match|registered|valid|configured)|invalid)|\binvalid\s(?:redirect|reply)[\s_-]?ur[il]",
    ),
    _wording(
        "consent_missing",
        _SURE_ENOUGH,
        r"\b(?:admin(?:istrator)?\s)?consent\b<...>\b(?:required|needed|missing|not\s(?:been\s)?(?:granted|given))|\b(?:not|n['’]t)\s(?:been\s)?(?:granted|given)\s(?:admin\s)?consent|\bneed\sadmin\sapproval",
    ),
    _wording(
        "graph_permission_denied",
        _SURE_ENOUGH,
        r"\b(?:lacks?|missing|requires?|needs?)\s<...>\bpermissions?\b<...>\bgraph\b|\bgraph\b<...>\b(?:insufficient|missing|lacks?)\s<...>(?:permission|privilege)|\b[A-Z][A-Za-z]+\.(?:Read|ReadWrite)\.All\b<...>\b(?:required|missing|not\sgranted)",
    ),
    _wording(
        "tenant_id_wrong",
        _SURE_ENOUGH,
        r"\btenant(?:\s?id)?\b<...>\b(?:<not_found>|<invalid>)|\b(?:<invalid>|no\ssuch|unknown)\s(?:azure\s)?(?:ad\s)?tenant",
    ),
    _wording(
        "authority_or_cloud_wrong",
        _SURE_ENOUGH,
        r"\b(?:<invalid>|unknown|unsupported)\s(?:azure\s)?(?:cloud|environment|authority)(?!\svariable)",
    ),
    _wording(
        "sign_in_expired",
        _SURE_ENOUGH,
        r"\b(?:session|sign-?in|login|refresh\stoken|credentials?)\b<...><expired>|\b(?:sign|log)\s?in\sagain\b",
    ),
    _wording(
        "az_subscription_wrong",
        _SURE_ENOUGH,
        r"\bsubscriptions?\b(?![/])<...>\b(?:<not_found>|<invalid>)|\bno\s(?:azure\s)?subscriptions?\b<...>\b(?:found|available|associated|access)",
    ),
    _wording(
        "arm_authorization_failed",
        _SURE_ENOUGH,
        r"\b(?:lacks?|missing|requires?|needs?|insufficient)\s<...>\b(?:contributor|owner|reader|user\saccess\sadministrator|permissions?|privileges|rights)\b<...>\b(?:subscription|resource\sgroup)",
    ),
    _wording(
        "other_service_role_missing",
        _SURE_ENOUGH,
        r"\b(?:lacks?|missing|requires?|needs?|assign)\s<...>\b(?:storage\s(?:blob|queue|table|file)\sdata|service\sbus\sdata|event\shubs\sdata|cognitive\sservices|app\sconfiguration\sdata|cosmos)",
    ),
    _wording(
        "az_not_installed",
        _SURE_ENOUGH,
        r"\bazure\scli\b(?:\s\(az\))?<...>\b(?:<not_found>|not\sinstalled|not\sfound)|\b<no_such>(?:the\s)?['\"`]?(?:az|azure\scli)['\"`]?\s<...>\bpath\b",
    ),
    _wording("powershell_not_logged_in", _SURE_ENOUGH, r"\b(?:signed|logged)\sin\s(?:to|into)\sazure\spowershell"),
    _wording(
        "az_not_logged_in",
        _GUESS,
        r"\b(?:not|n['’]t|must\sbe|need\sto\sbe)\s(?:signed|logged)\sin(?:to|\sto)?\s(?:azure|az)\b",
    ),
    _wording(
        "shared_cache_empty",
        _SURE_ENOUGH,
        r"\bno\s(?:cached\s)?accounts?\s(?:were\s|was\s)?(?:found|available)?<...>\bcache|\bno\scached\s(?:accounts?|tokens?|credentials?)",
    ),
    _wording(
        "github_oidc_permission",
        _SURE_ENOUGH,
        r"\bid-token\b|\b<not>\s(?:get|fetch|request|obtain)\s<...>\boidc\stoken",
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
        r"(?:\b(?:missing|no|must\s(?:provide|specify|set)|required?s?)\s(?:\w+\s)?(?:client|tenant|application)[\s_-]?"
        r"(?:id|secret)\b|\b(?:client|tenant)[\s_-]?(?:id|secret)\b<...>\b<unset>(?!\sbut))",
    ),
    _wording(
        "no_credential_available",
        _GUESS,
        r"\b(?:<no_such>(?:any\s)?|missing\s)(?:azure\s)?credentials?\b|\bcredentials?\s(?:<not_found>|<unset>)|\bauthentication\s(?:is\s)?not\sconfigured",
    ),
    _wording(
        "sdk_version_mismatch",
        _GUESS,
        r"\b(?:incompatible|mismatched|unsupported)\s<...>\b(?:azure-|@azure/|azure\.|msal)[\w-]*(?:\sversion)?",
    ),
    _wording(
        "kv_access_policy_denied",
        _GUESS,
        r"(?:\b<not>\s<...>\b(?:permissions?|access(?!\s?token)|rights|privileges?|authori[sz]ed|granted)\b"
        r"|\b(?:access|permission)\s(?:\w+\s)?(?:(?:is|was)\s)?<denied>|\baccess\sto\s<...><vault><...>\b<denied>"
        r"|\b<denied>\sto\s(?:get|list|read|set|access)|\b(?:cannot|can['’]t|could\snot|unable\sto)\s(?:read|access|list|get)\s<...>(?:secrets?|keys?|certificates?)\b)",
        *_VAULT,
    ),
    _wording("service_error", _GUESS, r"\btemporar(?:y|ily)\sunavailable|\bservice\s(?:is\s)?unavailable"),
    _wording(
        "network_interrupted",
        _GUESS,
        r"\b(?:timed\s?out|unreachable|connection\s(?:was\s|has\sbeen\s)?(?:refused|reset|closed|aborted|lost)"
        r"|deadline\sexceeded)\b",
        Service.KEY_VAULT,
        Service.ENTRA,
        Service.RESOURCE_MANAGER,
    ),
)
_LONGEST = 6000
"""Characters at each end of a text in which a sentence may stand: a log states its error at its start or end."""


def stated_causes(evidence: Evidence) -> Iterator[tuple[str, Certainty]]:
    """The causes that the text states in its own words, the most specific first."""
    text = evidence.text if len(evidence.text) <= 2 * _LONGEST else evidence.text[:_LONGEST] + evidence.text[-_LONGEST:]
    for wording in WORDINGS:
        if (not wording.services or evidence.service in wording.services) and wording.pattern.search(text):
            yield wording.cause, wording.certainty
