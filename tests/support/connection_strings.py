"""Parts of connection strings, and short ways to parse one."""

import pytest

from secrets_app.connection_string import ConnectionStringError, ParsedConnectionString, parse_form, parse_options

APP = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"


TENANT = "8b7a232e-7db2-4618-9223-c1d922beb033"


READER = "11111111-2222-4333-8444-555555555555"


THUMBPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"


SECRET = "Never~to.be_seen"


WITH_SECRET = f"RunAs=App;AppId={APP};TenantId={TENANT};AppKey={SECRET}"


CERTIFICATE_ID = "https://contoso.vault.azure.net/secrets/app-cert"


def split(text: str) -> dict[str, str]:
    return {pair.key: pair.value for pair in parse_options(text)}


def meaning(text: str) -> ParsedConnectionString:
    return parse_form(parse_options(text))


def fault(text: str) -> ConnectionStringError:
    with pytest.raises(ConnectionStringError) as raised:
        meaning(text)
    return raised.value
