"""What each host tells a program about itself, and where its token service is."""

from collections.abc import Callable, Mapping

from localazure.scenario import Host
from localazure.services.app_service import PATH as APP_SERVICE_PATH
from localazure.services.app_service import offers_token_service
from localazure.world import World


def platform_variables(world: World, own_address: str) -> dict[str, str]:
    """The variables the host sets; `own_address` is where this machine's own token services answer."""
    variables = _PLATFORMS.get(world.scenario.host)
    return variables(world, own_address) if variables else {}


def _app_service(world: World, own_address: str) -> dict[str, str]:
    """https://learn.microsoft.com/azure/app-service/reference-app-settings"""
    subscription = world.scenario.subscription
    variables = {
        "WEBSITE_SITE_NAME": "kvsite-demo",
        "WEBSITE_RESOURCE_GROUP": subscription.resource_group,
        "WEBSITE_OWNER_NAME": f"{subscription.id}+{subscription.resource_group}-WestEuropewebspace-Linux",
        "WEBSITE_INSTANCE_ID": "4cb2f2a4d3b35b9cb6e9a4f5f0d8ac0c7d3f6b1a2e5c48d797bd2f4a1c60e983",
    }
    if not offers_token_service(world):
        return variables
    endpoint = f"{own_address}{APP_SERVICE_PATH}"
    return variables | {"IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": world.identity_header}


def _kubernetes(_world: World, _own_address: str) -> dict[str, str]:
    """https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables"""
    return {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


_PLATFORMS: Mapping[Host, Callable[[World, str], dict[str, str]]] = {
    Host.APP_SERVICE: _app_service,
    Host.KUBERNETES: _kubernetes,
}
