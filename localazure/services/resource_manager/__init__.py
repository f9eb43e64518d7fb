"""Azure Resource Manager: the management operations of https://management.azure.com."""
