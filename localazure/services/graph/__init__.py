"""Microsoft Graph, https://graph.microsoft.com: as far as the `az ad` commands of hints need it."""

HOST = "graph.microsoft.com"
