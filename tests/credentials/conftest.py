"""Fixtures for tests of credentials."""

from collections.abc import Callable
from typing import Any

import pytest

from localazure.scenarios.directory import SITE_APPLICATION
from secrets_app.conf import current
from secrets_app.core.reading import Reading
from tests.conftest import World
from tests.support.readings import get_reading


@pytest.fixture
def read(world: World, settings: Any) -> Callable[..., Reading]:
    """Read the secret as the service principal, with the certificate that the settings name."""
    tenant = world("service-principal-certificate").env["AZURE_TENANT_ID"]

    def ask(**words: str) -> Reading:
        given = {
            "KVSITE_CREDENTIAL": "client-certificate",
            "KVSITE_CLIENT_ID": SITE_APPLICATION.client_id,
            "KVSITE_TENANT_ID": tenant,
        }
        return get_reading(current({**given, **words}))

    return ask
