"""Reads the secret and prints its length."""

from os import environ  # noqa: TID251

from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

client = SecretClient(environ["KEY_VAULT_URI"], DefaultAzureCredential())
print("read", len(client.get_secret(environ["SECRET_NAME"]).value or ""), "characters")  # noqa: T201
