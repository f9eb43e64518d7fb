"""Microsoft Entra ID: `https://login.microsoftonline.com`."""
