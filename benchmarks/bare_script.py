"""The shortest script that reads the secret with azure-identity: what `manage.py principal` is measured against."""

import os

from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

with DefaultAzureCredential() as credential, SecretClient(os.environ["KEY_VAULT_URI"], credential) as client:
    secret = client.get_secret(os.environ["SECRET_NAME"])
    print(f"{secret.name} was read.")
