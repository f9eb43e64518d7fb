"""Key Vault: secrets and certificates of `https://<vault>.vault.azure.net`."""
