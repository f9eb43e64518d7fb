"""Replaces azure-identity's variables in a hint with the setting or connection string key that was used."""

import re
from dataclasses import replace

from secrets_app.conf import Config
from secrets_app.connection_string import Key
from secrets_app.core.credential_options import CertificateInVault, CredentialKind
from secrets_app.core.reading import Hint

_VARIABLE = re.compile(r"\bAZURE_(CLIENT_SECRET|CLIENT_ID|TENANT_ID)\b")
_KEYS = {"CLIENT_SECRET": Key.APP_KEY, "CLIENT_ID": Key.APP_ID, "TENANT_ID": Key.TENANT_ID}
_SETTING_KINDS = frozenset({CredentialKind.CLIENT_SECRET, CredentialKind.CLIENT_CERTIFICATE})


def use_setting_names(hint: Hint, config: Config) -> Hint:
    """The hint, with the names of this site's settings when only they select the credential."""
    options = config.credential
    if (
        not options
        or not _SETTING_KINDS.issuperset(options.kinds)
        or isinstance(options.certificate, CertificateInVault)
    ):
        return hint  # the certificate may be read with a credential from the environment

    def own(found: re.Match[str]) -> str:
        given = config.connection_string
        return f"the {_KEYS[found[1]]} of {given.setting}" if given else f"KVSITE_{found[1]}"

    return replace(hint, why=_VARIABLE.sub(own, hint.why), fix=_VARIABLE.sub(own, hint.fix))
