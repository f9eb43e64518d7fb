"""The pairs of a connection string -> who to be: each form that the library knew is one entry here.

Which form counts where several are begun, and that a key without meaning is passed over, is the library's own order
(AzureServiceTokenProviderFactory.Create). `RunAs=Workload` and `DeveloperTool=VisualStudioCode` are its ports' words.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from secrets_app.connection_string.examples import example_of
from secrets_app.connection_string.fault import Fault
from secrets_app.connection_string.grammar import Pair
from secrets_app.connection_string.idle import idle_parts
from secrets_app.connection_string.keys import Key
from secrets_app.connection_string.meaning import Form, Meaning, Remark
from secrets_app.connection_string.service_principals import certificate_in_store, certificate_in_vault, client_secret
from secrets_app.connection_string.words import Words
from secrets_app.sign_in import IdentityKind, ManagedIdentityId, SignIn, Way

_VISUAL_STUDIO = Remark(
    says="asks for Visual Studio's account, which Python cannot use. VS Code's account is asked for instead, then "
    "az's: it may be another person than in Visual Studio.",
    way_out="Look at the line Principal Used. To be the same person, run az login with Visual Studio's account.",
)
_WINDOWS = Remark(
    says="asks for integrated Windows sign-in, which Python cannot do. The account that Windows is signed in with is "
    "asked for through its broker instead, then az's: elsewhere than on Windows only az is left.",
    way_out="On Windows install azure-identity-broker. Elsewhere run az login with that account.",
)


def meaning_of(pairs: Iterable[Pair], *, allowed_hosts: tuple[str, ...] = ()) -> Meaning:
    """Who the pairs say to be. `allowed_hosts` are vault hosts trusted besides Azure's. Raises Fault."""
    words = Words(pairs)
    try:
        found = _chosen(_RUN_AS, 48, Key.RUN_AS, words)(words, allowed_hosts)
    except Fault as fault:
        fault.example = example_of(words)
        raise
    return replace(found, remarks=(*found.remarks, *idle_parts(words, found.sign_in)))


def _chosen(table: Mapping[str, Form], number: int, key: Key, words: Words) -> Form:
    """The entry of `table` that the value of `key` names, in any case."""
    text = words.given(key)
    by_word = {word.lower(): form for word, form in table.items()}
    if text and text.lower() in by_word:
        return by_word[text.lower()]
    known = ", ".join(table)
    way_out = f"Write {key}= and one of {known}."
    if text:
        raise Fault(number, f"has a word in its {key} that is none of {known}.", way_out)
    says = f"has {key} without a value." if words.has(key) else f"has no {key}."
    raise Fault(number, says, way_out, cause="setting_missing")


def _developer(words: Words, allowed_hosts: tuple[str, ...]) -> Meaning:
    return _chosen(_DEVELOPER_TOOLS, 49, Key.DEVELOPER_TOOL, words)(words, allowed_hosts)


def _fixed(who: str, *ways: Way, remark: Remark | None = None) -> Form:
    meaning = Meaning(sign_in=SignIn(ways=ways), who=who, remarks=(remark,) if remark else ())
    return lambda _words, _allowed_hosts: meaning


def _workload(words: Words, _allowed_hosts: tuple[str, ...]) -> Meaning:
    sign_in = SignIn(ways=(Way.WORKLOAD_IDENTITY,), client_id=words.guid(Key.APP_ID), tenant_id=words.tenant())
    return Meaning(sign_in=sign_in, who="a workload identity")


def _app(words: Words, allowed_hosts: tuple[str, ...]) -> Meaning:
    if not words.has(Key.APP_ID):
        return _managed_identity(words)
    words.needed_guid(Key.APP_ID)
    if any(map(words.has, (Key.CERTIFICATE_STORE_LOCATION, Key.CERTIFICATE_THUMBPRINT, Key.CERTIFICATE_SUBJECT_NAME))):
        return certificate_in_store(words)
    if words.has(Key.KEY_VAULT_CERTIFICATE):
        return certificate_in_vault(words, allowed_hosts)
    if words.has(Key.APP_KEY) or words.has(Key.APP_KEY_PERCENT_ENCODED):
        return client_secret(words)
    return _managed_identity(words)


def _managed_identity(words: Words) -> Meaning:
    client_id = words.guid(Key.APP_ID)
    identity = ManagedIdentityId(kind=IdentityKind.CLIENT_ID, value=client_id) if client_id else None
    sign_in = SignIn(
        ways=(Way.MANAGED_IDENTITY,),
        managed_identity=identity,
        retry_timeout_s=words.seconds(Key.MSI_RETRY_TIMEOUT),
    )
    return Meaning(sign_in=sign_in, who=f"the {'user' if identity else 'system'}-assigned managed identity")


_DEVELOPER_TOOLS: Mapping[str, Form] = {
    "AzureCli": _fixed("the developer signed in to az", Way.AZURE_CLI),
    "VisualStudio": _fixed(
        "the developer signed in to Visual Studio", Way.VISUAL_STUDIO_CODE, Way.AZURE_CLI, remark=_VISUAL_STUDIO
    ),
    "VisualStudioCode": _fixed("the developer signed in to VS Code", Way.VISUAL_STUDIO_CODE),
}
_RUN_AS: Mapping[str, Form] = {
    "Developer": _developer,
    "CurrentUser": _fixed("the user signed in to Windows", Way.BROKER, Way.AZURE_CLI, remark=_WINDOWS),
    "App": _app,
    "Workload": _workload,
}
