"""Reads the secret and prints its length."""

import os

from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

client = SecretClient(os.environ["KEY_VAULT_URI"], DefaultAzureCredential())
print("read", len(client.get_secret(os.environ["SECRET_NAME"]).value or ""), "characters")  # noqa: T201
