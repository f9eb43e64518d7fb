"""Who to be: the settings that choose the credential and the identity."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from secrets_app.ids import is_tenant
from secrets_app.setting_readers.certificate import certificate
from secrets_app.setting_readers.connection_string import connection_string
from secrets_app.setting_readers.kinds import guid, seconds
from secrets_app.setting_readers.pipelines import SETTINGS as OF_PIPELINES
from secrets_app.setting_readers.pipelines import filled_by_the_task
from secrets_app.setting_readers.problem import Given, Mistake
from secrets_app.sign_in import MEMBERS, CertificateInVault, IdentityKind, ManagedIdentityId, SignIn, Way
from secrets_app.vault_address import CLOUDS, cloud_at

_OTHER_WORDS: dict[str, Way] = {
    "defaultazure": Way.DEFAULT,
    "visualstudiocode": Way.VISUAL_STUDIO_CODE,
    "vscode": Way.VISUAL_STUDIO_CODE,
    "sharedtokencache": Way.SHARED_CACHE,
    "az": Way.AZURE_CLI,
    "cli": Way.AZURE_CLI,
    "powershell": Way.AZURE_POWERSHELL,
    "azd": Way.AZURE_DEVELOPER_CLI,
    "browser": Way.INTERACTIVE_BROWSER,
    "certificate": Way.CLIENT_CERTIFICATE,
    "pipelines": Way.AZURE_PIPELINES,
    "managedidentity": Way.MANAGED_IDENTITY,
    "msi": Way.MANAGED_IDENTITY,
}
"""What people call them elsewhere, in small letters without hyphens; azure-identity's class names do too."""
_WORDS: Mapping[str, Way] = {way.value.replace("-", ""): way for way in Way} | _OTHER_WORDS

AUTHORITY_HOSTS: Mapping[str, str] = dict(
    zip(("public", "china", "usgovernment"), (cloud.login_host for cloud in CLOUDS), strict=True)
)
"""The clouds' sign-in hosts by the word for each."""
_IDENTITY_SETTINGS: Mapping[str, IdentityKind] = {
    "KVSITE_MANAGED_IDENTITY_CLIENT_ID": IdentityKind.CLIENT_ID,
    "KVSITE_MANAGED_IDENTITY_RESOURCE_ID": IdentityKind.RESOURCE_ID,
    "KVSITE_MANAGED_IDENTITY_OBJECT_ID": IdentityKind.OBJECT_ID,
}
# .../resourceGroups/<group>/providers/Microsoft.ManagedIdentity/userAssignedIdentities/<name>; Azure minds no case.
# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftmanagedidentity
_RESOURCE_ID = re.compile(
    r"/subscriptions/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/resourcegroups/[\w.()-]{1,90}"
    r"/providers/microsoft\.managedidentity/userassignedidentities/[a-z0-9][\w-]{2,127}",
    re.IGNORECASE | re.ASCII,
)
_SUBSCRIPTION = re.compile(r"[\w.()' -]{1,120}", re.ASCII)
_EXAMPLE_RESOURCE_ID = (
    "/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.ManagedIdentity/userAssignedIdentities/<name>"
)


def way_named(word: str) -> Way | None:
    """The way that `word` names, as a setting or azure-identity writes it, in any case."""
    return _WORDS.get(re.sub(r"[-_ ]", "", word.lower()).removesuffix("credential"))


def _ways_in(number: int, setting: str, given: Given) -> tuple[Way, ...]:
    words = [word.strip() for word in given.get(setting, "").split(",") if word.strip()]
    return tuple(dict.fromkeys(_way_of(number, setting, word) for word in words))


def _way_of(number: int, setting: str, word: str) -> Way:
    way = way_named(word)
    if way is None:
        near = difflib.get_close_matches(word.lower(), list(Way), n=1)
        raise Mistake(
            number, setting, f"has {word[:40]!r} in it, which is no credential.",
            f"Did you mean {near[0]}?" if near else f"It takes: {', '.join(Way)}.",
            example=near[0] if near else "default",
        )  # fmt: skip
    return way


def _ways(given: Given) -> tuple[Way, ...] | None:
    ways = _ways_in(30, "KVSITE_CREDENTIAL", given)
    chains = [way for way in ways if way.is_chain]
    if chains and len(ways) > 1:
        raise Mistake(
            31, "KVSITE_CREDENTIAL", f"lists {chains[0]} beside others; {chains[0]} is a whole chain and stands alone.",
            "List single credentials, or the chain alone and KVSITE_EXCLUDE_CREDENTIALS for what it should leave out.",
        )  # fmt: skip
    return ways or None


def _excluded(given: Given) -> tuple[Way, ...]:
    excluded = _ways_in(32, "KVSITE_EXCLUDE_CREDENTIALS", given)
    for way in excluded:
        if way not in MEMBERS:
            raise Mistake(
                32, "KVSITE_EXCLUDE_CREDENTIALS", f"has {way} in it, which is not a member of the chain.",
                f"Its members are: {', '.join(MEMBERS)}.",
            )  # fmt: skip
    ways = _ways(given) or (Way.DEFAULT,)
    if excluded and not ways[0].is_chain:
        raise Mistake(
            33, "KVSITE_EXCLUDE_CREDENTIALS", "leaves members out of a chain, and KVSITE_CREDENTIAL names none.",
            "Take one of the two out.",
        )  # fmt: skip
    return excluded


def _tenant(number: int, setting: str) -> Callable[[Given], str | None]:
    def read(given: Given) -> str | None:
        tenant = given.get(setting)
        if tenant is None or is_tenant(tenant):
            return tenant
        raise Mistake(
            number, setting, "is not a tenant: that is an id or a domain, like contoso.onmicrosoft.com.",
            "Copy the tenant id from the Entra overview page.", example="<tenant-id>",
        )  # fmt: skip

    return read


def _additional_tenants(given: Given) -> tuple[str, ...]:
    setting = "KVSITE_ADDITIONALLY_ALLOWED_TENANTS"
    tenants = tuple(part.strip() for part in given.get(setting, "").split(",") if part.strip())
    for tenant in tenants:
        if tenant != "*" and not is_tenant(tenant):
            raise Mistake(
                35, setting, f"has {tenant[:40]!r} in it, which is no tenant.",
                "List tenant ids or domains, with commas between; * alone stands for every tenant.",
            )  # fmt: skip
    return tenants


def _authority_host(given: Given) -> str | None:
    text = given.get("KVSITE_AUTHORITY_HOST")
    if text is None:
        return None
    word = re.sub(r"[-_ ]", "", text.lower())
    host = AUTHORITY_HOSTS.get(word, text.lower().removeprefix("https://").rstrip("/"))
    if host in AUTHORITY_HOSTS.values():
        _check_cloud(host, given)
        return host
    raise Mistake(
        36, "KVSITE_AUTHORITY_HOST", "is not the sign-in host of a cloud; secrets of ours go to no other.",
        f"Set it to public, china or usgovernment, or to one of: {', '.join(AUTHORITY_HOSTS.values())}.",
        cause="authority_or_cloud_wrong", example="public",
    )  # fmt: skip


def _check_cloud(host: str, given: Given) -> None:
    """A vault and a sign-in host of two clouds can never agree: a cloud's tenants and tokens are its own."""
    vault = given.get("KEY_VAULT_URI") or given.get("KEY_VAULT_URL") or ""
    cloud = cloud_at(vault.lower())
    if cloud and cloud.login_host != host:
        raise Mistake(
            44, "KVSITE_AUTHORITY_HOST", f"signs in at {host}, but the vault is in {cloud.name}, which has another.",
            f"Leave it out, or set it to {cloud.login_host}.",
            cause="authority_or_cloud_wrong", example=cloud.login_host,
        )  # fmt: skip


def _az_subscription(given: Given) -> str | None:
    subscription = given.get("KVSITE_AZ_SUBSCRIPTION")
    if subscription is None or _SUBSCRIPTION.fullmatch(subscription):
        return subscription
    raise Mistake(
        38, "KVSITE_AZ_SUBSCRIPTION", "is not a subscription's name or id.",
        "Copy it from `az account list --output table`.", cause="az_subscription_wrong", example="<subscription>",
    )  # fmt: skip


def _az_folder(given: Given) -> str | None:
    folder = given.get("AzureCLIPath")
    if folder is None or PurePosixPath(folder).is_absolute() or PureWindowsPath(folder).is_absolute():
        return folder
    raise Mistake(
        45, "AzureCLIPath", "is not the whole path of a folder, and az is never looked for in whatever folder this is.",
        "Write it from the root on, or take it out and put the folder of az into PATH.", example="/usr/bin",
    )  # fmt: skip


def managed_identity(given: Given) -> ManagedIdentityId | None:
    """The user-assigned identity that one of three settings names. Raises Mistake where two do, or one is malformed."""
    named = [setting for setting in _IDENTITY_SETTINGS if setting in given]
    if len(named) > 1:
        raise Mistake(41, named[0], f"and {named[1]} both name an identity.", "Keep one of them; any of them will do.")
    if not named:
        return None
    kind, text = _IDENTITY_SETTINGS[named[0]], given[named[0]]
    if kind is not IdentityKind.RESOURCE_ID:
        return ManagedIdentityId(kind=kind, value=guid(42, named[0], text))
    if not _RESOURCE_ID.fullmatch(text):
        raise Mistake(
            43, named[0], "is not the resource id of a user-assigned managed identity.",
            f"It looks like {_EXAMPLE_RESOURCE_ID}. Copy it from the identity's Properties page.",
            example=_EXAMPLE_RESOURCE_ID,
        )  # fmt: skip
    return ManagedIdentityId(kind=kind, value=text)


def _client_id(given: Given) -> str | None:
    text = given.get("KVSITE_CLIENT_ID")
    return guid(39, "KVSITE_CLIENT_ID", text) if text else None


_PARTS: dict[str, Callable[[Given], Any]] = {
    "ways": _ways,
    "chosen_by": lambda given: "KVSITE_CREDENTIAL" if "KVSITE_CREDENTIAL" in given else None,
    "excluded": _excluded,
    "tenant_id": _tenant(34, "KVSITE_TENANT_ID"),
    "additional_tenants": _additional_tenants,
    "authority_host": _authority_host,
    "process_timeout_s": seconds(37, "KVSITE_PROCESS_TIMEOUT_S", at_least=1, example="8"),
    "az_subscription": _az_subscription,
    "az_folder": _az_folder,
    "client_id": _client_id,
    "client_secret": lambda given: given.get("KVSITE_CLIENT_SECRET"),
    "certificate": certificate,
    "managed_identity": managed_identity,
    "retry_timeout_s": seconds(56, "KVSITE_MANAGED_IDENTITY_RETRY_S", at_least=0, example="one more try"),
    "service_connection_id": lambda given: given.get("KVSITE_PIPELINES_SERVICE_CONNECTION_ID"),
    "system_access_token": lambda given: given.get("SYSTEM_ACCESSTOKEN"),
}
"""Attribute of SignIn -> what reads it."""

_NEEDED: Mapping[Way, Mapping[str, str]] = {
    Way.CLIENT_SECRET: {
        "tenant_id": "KVSITE_TENANT_ID",
        "client_id": "KVSITE_CLIENT_ID",
        "client_secret": "KVSITE_CLIENT_SECRET",
    },
    Way.CLIENT_CERTIFICATE: {
        "client_id": "KVSITE_CLIENT_ID",
        "certificate": "KVSITE_CERTIFICATE",
        "tenant_id": "KVSITE_TENANT_ID",
    },
    Way.AZURE_PIPELINES: {
        "tenant_id": "KVSITE_TENANT_ID",
        "client_id": "KVSITE_CLIENT_ID",
        "service_connection_id": "KVSITE_PIPELINES_SERVICE_CONNECTION_ID",
        "system_access_token": "SYSTEM_ACCESSTOKEN",
    },
}
"""What a way cannot do without: attribute of SignIn -> the setting that gives it."""


def read_sign_in(given: Given) -> SignIn:
    """Who the settings say we should be. Raises Mistake at the first setting that is wrong or missing."""
    translated = connection_string(given)
    if Way.AZURE_PIPELINES in (_ways(given) or ()):
        given = filled_by_the_task(given)
    parts = {attribute: read(given) for attribute, read in _PARTS.items()}
    sign_in = replace(
        translated.sign_in if translated else SignIn(),
        **{attribute: part for attribute, part in parts.items() if part is not None},
    )
    _check_complete(sign_in)
    return sign_in


def _check_complete(sign_in: SignIn) -> None:
    for way in sign_in.ways:
        for attribute, setting in _NEEDED.get(way, {}).items():
            if attribute == "tenant_id" and isinstance(sign_in.certificate, CertificateInVault):
                continue  # then it is the tenant of the token that reads the certificate
            if getattr(sign_in, attribute) is None:
                raise Mistake(
                    40, setting, f"is not set, and {way} cannot do without it.",
                    f"Set it, or choose another credential. {way} takes {', '.join(_NEEDED[way].values())}.",
                    cause="setting_missing",
                )  # fmt: skip


SETTINGS: dict[str, tuple[str, str]] = {
    "KVSITE_CREDENTIAL": (
        "`default`",
        "Who to be. `default`: azure-identity's chain; `dev`, `prod`: its halves; or one credential, or several with "
        f"commas, asked in that order: {', '.join(f'`{way}`' for way in Way if not way.is_chain)}.",
    ),
    "KVSITE_EXCLUDE_CREDENTIALS": ("", "Members that the chain leaves out, separated by commas."),
    "KVSITE_TENANT_ID": ("", "The tenant to sign in to: its id or a domain."),
    "KVSITE_ADDITIONALLY_ALLOWED_TENANTS": (
        "",
        "Tenants, separated by commas, that may be asked for a token besides that one; `*` for every tenant.",
    ),
    "KVSITE_AUTHORITY_HOST": (
        "`public`",
        "The cloud to sign in to: `public`, `china`, `usgovernment`, or its sign-in host. "
        "`AZURE_AUTHORITY_HOST` does it too.",
    ),
    "KVSITE_PROCESS_TIMEOUT_S": (
        "eight tenths of the deadline",
        "Seconds that az, azd or PowerShell may take: 1 to 60.",
    ),
    "KVSITE_AZ_SUBSCRIPTION": ("az's own", "The subscription, by name or id, whose account az gives a token for."),
    "AzureCLIPath": ("", "The folder az lies in. It is put on the PATH of az alone."),
    "KVSITE_CLIENT_ID": ("", "Application id, for `client-secret`, `client-certificate` and `azure-pipelines`."),
    "KVSITE_CLIENT_SECRET": ("", "The client secret's value, for `client-secret`."),
    "KVSITE_MANAGED_IDENTITY_CLIENT_ID": ("", "The user-assigned managed identity, by its client id."),
    "KVSITE_MANAGED_IDENTITY_RESOURCE_ID": ("", "The same, by its resource id."),
    "KVSITE_MANAGED_IDENTITY_OBJECT_ID": ("", "The same, by its object id."),
    "KVSITE_MANAGED_IDENTITY_RETRY_S": (
        "one more try",
        "Seconds for which a managed identity's endpoint is asked again: 0 to 60. The deadline ends it too.",
    ),
    **OF_PIPELINES,
}

READERS: dict[str, Callable[[Given], Any]] = {"sign_in": read_sign_in}
