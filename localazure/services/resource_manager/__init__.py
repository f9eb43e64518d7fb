"""Azure Resource Manager: the management operations of https://management.azure.com."""

HOSTS = ("management.azure.com", "management.core.windows.net")
