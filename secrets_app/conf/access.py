"""Settings: who may see the pages, and who may see a secret's value."""

import re
import secrets
from collections.abc import Callable
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from secrets_app.conf.setting import RawSettings, Setting, SettingError, SettingProblem, by_name, split_list
from secrets_app.core.check_ids import CheckId

TITLE = "Access"

Network = IPv4Network | IPv6Network

_MODE = CheckId("E009", "`KVSITE_ACCESS` is not an access mode.")
_NO_PASSPHRASE = CheckId("E017", "`KVSITE_ACCESS=token` without `KVSITE_PASSPHRASE`.")
_PEOPLE = CheckId("E018", "`KVSITE_PEOPLE` contains an invalid name or none.")
_VALUE_PEOPLE = CheckId("E019", "`KVSITE_VALUE_PEOPLE` contains an invalid name or none.")
_SHORT = CheckId("E020", "`KVSITE_PASSPHRASE` is too short.")
_VALUES_SHORT = CheckId("E021", "`KVSITE_VALUES_PASSPHRASE` is too short.")
_SAME = CheckId("E022", "The two passphrases are the same.")
_CODE_SHORT = CheckId("E099", "`KVSITE_SIGN_IN_CODE` is too short or has characters that a URL does not.")
_TOKEN_SHORT = CheckId("E107", "`KVSITE_METRICS_TOKEN` is too short or has characters that a header does not.")
_PROXIES = CheckId("E100", "`KVSITE_TRUSTED_PROXIES` contains an invalid address or network.")
_VALUES = CheckId("E023", "`KVSITE_VALUES` is neither `allowed` nor `never`.")
_UNUSED = CheckId("W024", "A setting belongs to another access mode, so it has no effect.")
_AUTHENTICATION_OFF = CheckId("W026", "`KVSITE_ACCESS=easy-auth` without App Service authentication.")
_PLACEHOLDER_PASSPHRASE = CheckId("E078", "A passphrase is still the placeholder of an example.")

MIN_PASSPHRASE_LENGTH = 12
MIN_CODE_LENGTH = 16
_CODE = re.compile(rf"[A-Za-z0-9._~-]{{{MIN_CODE_LENGTH},200}}")
LOGIN_LIFETIME_S = 8 * 3600
"""How long a sign-in lasts."""
ENABLE_AUTHENTICATION_COMMAND = "az webapp auth update -g <resource-group> -n <name> --enabled true"
EVERYONE = "*"
"""In a list of people: every user who signed in."""
_USER = re.compile(r"""[^\s,;*'"<>]+""")
_PLACEHOLDER = re.compile(r"<.*>")
EXAMPLE_PASSPHRASE = f"<{MIN_PASSPHRASE_LENGTH} characters or more>"
EXAMPLE_PEOPLE = "<names or object IDs, separated by commas>"
_HOW_TO_CREATE = "Generate one: openssl rand -base64 24."


class AccessMode(StrEnum):
    """Who may open the pages, and how a user is identified."""

    LOOPBACK = "loopback"
    EASY_AUTH = "easy-auth"
    TOKEN = "token"  # noqa: S105 - the value of a setting
    OPEN = "open"


def ascii_lower(name: str) -> str:
    """The name with ASCII letters in lower case. The Kelvin sign becomes k in Unicode's lower case, but not here."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)


def _parse_mode(name: str, text: str) -> AccessMode:
    if text in list(AccessMode):
        return AccessMode(text)
    raise SettingError(
        _MODE, name, f"has the unsupported value {text!r}. Until this is fixed, only this machine has access.",
        f"Set it to one of: {', '.join(AccessMode)}.",
    )  # fmt: skip


def _people_parser(check: CheckId) -> Callable[[str, str], tuple[str, ...]]:
    def parse(name: str, text: str) -> tuple[str, ...]:
        people = [part.strip() for part in text.split(",") if part.strip()]
        wrong = next((person for person in people if not _USER.fullmatch(person)), None)
        if people and wrong is None:
            return tuple(map(ascii_lower, people))
        message = f"contains {wrong!r}, which is not a name or object ID" if wrong else "contains no name"
        raise SettingError(
            check, name, f"{message}. Until this is fixed, the list is empty.",
            "List user names, like ada@contoso.com, or object IDs, separated by commas.",
        )  # fmt: skip

    return parse


def _parse_people(name: str, text: str) -> tuple[str, ...]:
    return (EVERYONE,) if text == EVERYONE else _people_parser(_PEOPLE)(name, text)


def _passphrase_parser(too_short: CheckId) -> Callable[[str, str], str]:
    def parse(name: str, text: str) -> str:
        if len(text) < MIN_PASSPHRASE_LENGTH:
            check, message = too_short, f"has fewer than {MIN_PASSPHRASE_LENGTH} characters"
        elif _PLACEHOLDER.fullmatch(text):
            check, message = _PLACEHOLDER_PASSPHRASE, "is still the placeholder of the example, which is public"
        else:
            return text
        raise SettingError(check, name, f"{message}. Until this is fixed, it is not accepted.", _HOW_TO_CREATE)

    return parse


def new_sign_in_code() -> str:
    """A code with 192 random bits, for a link."""
    return secrets.token_urlsafe(24)


def needs_sign_in_code(mode: AccessMode, raw: RawSettings) -> bool:
    """Whether the start has to generate the code: with `loopback`, unless it is set."""
    return mode is AccessMode.LOOPBACK and not raw.get(SIGN_IN_CODE.name, "").strip()


def sign_in_link(code: str, address: str = "") -> str:
    """The line that the start prints. `address`: scheme, host and port of the site; empty where they are not known."""
    where = f"{address}/sign-in/?code={code}" if address else f"/sign-in/?code={code} on this site"
    return f"To see secret values, open {where}\n"


def _parse_code(name: str, text: str) -> str:
    if _CODE.fullmatch(text):
        return text
    raise SettingError(
        _CODE_SHORT, name, f"must have at least {MIN_CODE_LENGTH} letters, digits or characters of - . _ ~. Until this "
        "is fixed, no value is shown.",
        "Remove it: each start then generates its own code.",
    )  # fmt: skip


def _parse_metrics_token(name: str, text: str) -> str:
    if _CODE.fullmatch(text):
        return text
    raise SettingError(
        _TOKEN_SHORT, name, f"must have at least {MIN_CODE_LENGTH} letters, digits or characters of - . _ ~. Until "
        "this is fixed, no token is accepted.",
        "Generate one: openssl rand -hex 24.", blocks_reading=False,
    )  # fmt: skip


def _parse_proxies(name: str, text: str) -> tuple[Network, ...]:
    networks = []
    for part in split_list(text):
        try:
            network = ip_network(part)
        except ValueError:
            network = None
        if network is None or network.prefixlen == 0:
            raise SettingError(
                _PROXIES, name, f"contains {part!r}, which is not an IP address or network. Until this is fixed, no "
                "proxy is trusted.",
                "List the addresses or networks of your own reverse proxies, such as 10.0.0.4 or 10.1.0.0/24, "
                "separated by commas.", example="10.0.0.4",
            )  # fmt: skip
        networks.append(network)
    return tuple(networks)


def _parse_values(name: str, text: str) -> bool:
    if text in {"allowed", "never"}:
        return text == "allowed"
    raise SettingError(
        _VALUES, name, f"is {text!r}, but must be allowed or never. Until this is fixed, no value is shown.",
        "Remove it to show values to the users whom the access mode authorizes.", example="never",
    )  # fmt: skip


MODE = Setting(
    name="KVSITE_ACCESS",
    help="Who may see the pages. `loopback`: only a browser on this machine; it may also see values after it has "
    "opened the link that the site prints when it starts. `easy-auth`: "
    "users signed in with App Service authentication. `token`: users who know a passphrase. `open`: everyone who can "
    "reach the site; they see IDs, but no secret values.",
    default=AccessMode.LOOPBACK, parse=_parse_mode, attribute="access",
    checks=(_MODE, _AUTHENTICATION_OFF),
)  # fmt: skip
PEOPLE: Setting[tuple[str, ...]] = Setting(
    name="KVSITE_PEOPLE",
    help="With `easy-auth`: the signed-in users who may see the pages. Names from Microsoft Entra ID or object IDs, "
    "separated by commas; `*` is all of them.",
    default=(EVERYONE,), parse=_parse_people, checks=(_PEOPLE, _UNUSED), example=EXAMPLE_PEOPLE,
)  # fmt: skip
VALUE_PEOPLE: Setting[tuple[str, ...]] = Setting(
    name="KVSITE_VALUE_PEOPLE",
    help="With `easy-auth`: the users among them who may see the values of all secrets that the site's identity can "
    "read. Names or object IDs, separated by commas; `*` is not allowed.",
    default=(), default_note="no user", parse=_people_parser(_VALUE_PEOPLE), checks=(_VALUE_PEOPLE, _UNUSED),
    example=EXAMPLE_PEOPLE,
)  # fmt: skip
PASSPHRASE = Setting(
    name="KVSITE_PASSPHRASE",
    help=f"With `token`: the passphrase to sign in with, {MIN_PASSPHRASE_LENGTH} characters or more.",
    is_secret=True, default=None, parse=_passphrase_parser(_SHORT),
    checks=(_NO_PASSPHRASE, _SHORT, _PLACEHOLDER_PASSPHRASE, _UNUSED),
    example=EXAMPLE_PASSPHRASE,
)  # fmt: skip
VALUES_PASSPHRASE = Setting(
    name="KVSITE_VALUES_PASSPHRASE",
    help="With `token`: a second passphrase, which also reveals the values of all secrets that the site's identity can "
    "read. Without it no values are shown.",
    is_secret=True, default=None, parse=_passphrase_parser(_VALUES_SHORT), example=EXAMPLE_PASSPHRASE,
    checks=(_VALUES_SHORT, _SAME, _PLACEHOLDER_PASSPHRASE, _UNUSED),
)  # fmt: skip
VALUES = Setting(
    name="KVSITE_VALUES",
    help="`allowed`, or `never`: secret values are not shown to any user, in any access mode.",
    default=True, default_note="`allowed`", parse=_parse_values, attribute="shows_values", checks=(_VALUES,),
)  # fmt: skip
SIGN_IN_CODE: Setting[str | None] = Setting(
    name="KVSITE_SIGN_IN_CODE",
    help="With `loopback`: the code in the link that allows a browser to see values. Each start generates one and "
    f"prints the link; set it only for a code that stays the same, {MIN_CODE_LENGTH} characters or more.",
    is_secret=True, default=None, default_note="generated at each start", parse=_parse_code,
    checks=(_CODE_SHORT,),
)  # fmt: skip
METRICS_TOKEN: Setting[str | None] = Setting(
    name="KVSITE_METRICS_TOKEN",
    help=f"A token that Prometheus sends to `/metrics` (`Authorization: Bearer`), {MIN_CODE_LENGTH} letters, digits or "
    "characters of `- . _ ~` or more. Without it, `/metrics` is for the visitors whom the access mode allows.",
    is_secret=True, default=None, parse=_parse_metrics_token, attribute="metrics_token", checks=(_TOKEN_SHORT,),
)  # fmt: skip
TRUSTED_PROXIES: Setting[tuple[Network, ...]] = Setting(
    name="KVSITE_TRUSTED_PROXIES",
    help="IP addresses or networks of your own reverse proxies, separated by commas. Each must add the address of its "
    "client to `X-Forwarded-For`. Sign-in attempts are then counted for each visitor, and `loopback` allows access to "
    "visitors on this machine. Not needed on App Service.",
    default=(), parse=_parse_proxies, attribute="trusted_proxies", checks=(_PROXIES,), example="10.0.0.4",
)  # fmt: skip
SETTINGS = by_name(
    MODE, PEOPLE, VALUE_PEOPLE, PASSPHRASE, VALUES_PASSPHRASE, SIGN_IN_CODE, VALUES, METRICS_TOKEN, TRUSTED_PROXIES
)  # fmt: skip


def _is_used(row: Setting[object], mode: AccessMode, settings: RawSettings) -> bool:
    """Whether it is set, and belongs to the selected access mode. Raises SettingError where it has no effect."""
    selected = settings.get(MODE.name, MODE.default)
    if row.name in settings and selected != mode and selected in list(AccessMode):
        raise SettingError(
            _UNUSED, row.name, f"has no effect: it applies to {MODE.name}={mode}, but the access mode is {selected}.",
            f"Set {MODE.name} to {mode}, or remove {row.name}.",
        )  # fmt: skip
    return row.name in settings and selected == mode


def _read_people(settings: RawSettings) -> tuple[str, ...]:
    return PEOPLE.read(settings) if _is_used(PEOPLE, AccessMode.EASY_AUTH, settings) else PEOPLE.default


def _read_value_people(settings: RawSettings) -> tuple[str, ...]:
    used = _is_used(VALUE_PEOPLE, AccessMode.EASY_AUTH, settings)
    return VALUE_PEOPLE.read(settings) if used else VALUE_PEOPLE.default


def _read_passphrase(settings: RawSettings) -> str | None:
    if settings.get(MODE.name) == AccessMode.TOKEN and PASSPHRASE.name not in settings:
        raise SettingError(
            _NO_PASSPHRASE, PASSPHRASE.name, "is not set, so no user can sign in.",
            f"Set it to a passphrase. {_HOW_TO_CREATE}", cause="setting_missing", example=EXAMPLE_PASSPHRASE,
        )  # fmt: skip
    return PASSPHRASE.read(settings) if _is_used(PASSPHRASE, AccessMode.TOKEN, settings) else None


def _read_code(settings: RawSettings) -> str | None:
    """No warning in another mode: a process may inherit the code of the one that started it."""
    mode = settings.get(MODE.name, MODE.default)
    return SIGN_IN_CODE.read(settings) if mode not in set(AccessMode) - {AccessMode.LOOPBACK} else None


def _read_values_passphrase(settings: RawSettings) -> str | None:
    if not _is_used(VALUES_PASSPHRASE, AccessMode.TOKEN, settings):
        return None
    if settings[VALUES_PASSPHRASE.name] == settings.get(PASSPHRASE.name):
        raise SettingError(
            _SAME, VALUES_PASSPHRASE.name, f"is the same as {PASSPHRASE.name}. Until this is fixed, no value is shown.",
            "Use two different passphrases. Users who enter the first one see the pages without values.",
            example=EXAMPLE_PASSPHRASE,
        )  # fmt: skip
    return VALUES_PASSPHRASE.read(settings)


def authentication_off_problem(access: AccessMode, *, platform_signs_in: bool) -> SettingProblem | None:
    """The problem of the mode easy-auth on a platform that does not authenticate users."""
    if access is not AccessMode.EASY_AUTH or platform_signs_in:
        return None
    return SettingProblem(
        check=_AUTHENTICATION_OFF,
        setting=MODE.name,
        message="is easy-auth, but the platform does not report that authentication is on. All visitors are denied.",
        hint=f"On App Service, turn it on: {ENABLE_AUTHENTICATION_COMMAND}. Elsewhere, set KVSITE_ACCESS to token.",
        blocks_reading=False,
    )


# An invalid setting must close, not open: Config starts closed, and only these readers return the open defaults.
READERS: dict[str, Callable[[RawSettings], Any]] = {
    "people": _read_people,
    "value_people": _read_value_people,
    "passphrase": _read_passphrase,
    "values_passphrase": _read_values_passphrase,
    "sign_in_code": _read_code,
}
