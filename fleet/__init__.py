"""Optional Django app: history of readings, watching, and checks of many vaults. secrets_app does not import it."""
