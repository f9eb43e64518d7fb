"""The API versions that each resource type supports, newest last.

https://learn.microsoft.com/azure/templates and the providers' specifications
"""

SUBSCRIPTIONS = "Microsoft.Resources/subscriptions"
RESOURCES = "Microsoft.Resources/resources"

_RESOURCES = (
    *("2014-04-01-preview", "2015-01-01", "2015-11-01", "2016-02-01", "2016-06-01", "2016-07-01", "2016-09-01"),
    *("2017-05-10", "2018-01-01", "2018-02-01", "2018-05-01", "2019-03-01", "2019-05-01", "2019-05-10", "2019-06-01"),
    *("2019-07-01", "2019-08-01", "2019-10-01", "2019-11-01", "2020-01-01", "2020-06-01", "2020-08-01", "2020-10-01"),
    *("2021-01-01", "2021-04-01", "2022-01-01", "2022-06-01", "2022-09-01", "2022-12-01", "2023-07-01", "2024-03-01"),
    *("2024-07-01", "2024-08-01", "2024-11-01", "2025-03-01", "2025-04-01", "2026-02-01"),
)
_AUTHORIZATION = (
    *("2014-04-01-preview", "2014-07-01-preview", "2014-10-01-preview", "2015-05-01-preview", "2015-06-01"),
    *("2015-07-01", "2016-07-01", "2017-05-01", "2017-09-01", "2017-10-01-preview", "2018-01-01-preview"),
    *("2018-05-01-preview", "2018-07-01", "2018-07-01-preview", "2018-09-01-preview", "2018-12-01-preview"),
    *("2019-04-01-preview", "2019-08-01-preview", "2020-03-01-preview", "2020-04-01-preview", "2020-08-01-preview"),
    *("2020-10-01", "2020-10-01-preview", "2021-04-01-preview", "2022-01-01-preview", "2022-04-01"),
    "2022-05-01-preview",
)
_KEY_VAULT = (
    *("2014-12-19-preview", "2015-06-01", "2016-10-01", "2018-02-14-preview", "2018-02-14", "2019-09-01"),
    *("2020-04-01-preview", "2021-04-01-preview", "2021-06-01-preview", "2021-10-01", "2021-11-01-preview"),
    *("2022-02-01-preview", "2022-07-01", "2022-11-01", "2023-02-01", "2023-07-01", "2024-04-01-preview"),
    *("2024-11-01", "2024-12-01-preview", "2025-05-01", "2026-02-01"),
)

SUPPORTED = {
    SUBSCRIPTIONS: _RESOURCES,
    RESOURCES: _RESOURCES,
    "Microsoft.Authorization/roleAssignments": _AUTHORIZATION,
    "Microsoft.Authorization/roleDefinitions": _AUTHORIZATION,
    "Microsoft.KeyVault/vaults": _KEY_VAULT,
}
"""Resource type -> API versions."""
