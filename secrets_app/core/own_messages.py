"""Failure messages of this product that the diagnosis matches.

The code that raises them and the signatures of the causes both import them from here. A message is a whole sentence or
a part of one; names in braces are filled in with `str.format`.
"""

UNDECODABLE_RESPONSE = "its body does not have the format of a response from Azure"
RESPONSE_TOO_LARGE = "exceeds the size limit for responses from Azure"

INTERACTIVE_SIGN_IN_REQUIRED = "Interactive authentication is required, which is not possible from a web page."

CERTIFICATE_FILE_NOT_FOUND = "The certificate file {path} does not exist. Correct the path."
CERTIFICATE_FILE_UNREADABLE = "The certificate file {path} cannot be read: {reason}."
CERTIFICATE_FILE_TOO_LARGE = "exceeds the size limit for certificate files"
CERTIFICATE_PATH_IS_FOLDER = "is a folder. Set KVSITE_CERTIFICATE to the path of the certificate file."
CERTIFICATE_PATH_IS_NO_FILE = "is not a regular file, so it was not read as a certificate"
CERTIFICATE_FOLDER_INVALID = "Set it to the folder that contains the certificate files."
CERTIFICATE_NOT_FOUND = "No certificate {wanted} was found among the certificate files in {folder} ({checked})."
WINDOWS_STORE_NOT_READABLE = "The Windows certificate store does not give Python access to private keys."

CERTIFICATE_NEITHER_PEM_NOR_PFX = "neither PEM nor PFX"
CERTIFICATE_MISSING = "contains no certificate"
CERTIFICATE_ENCRYPTION_UNSUPPORTED = "is encrypted with an algorithm that this site does not support"
CERTIFICATE_PASSWORD_MISSING = "is password-protected. Set KVSITE_CERTIFICATE_PASSWORD to its password."  # noqa: S105
CERTIFICATE_KEY_MISSING = "contains no private key"
CERTIFICATE_KEY_MISMATCH = "contains a private key that belongs to another certificate"
CERTIFICATE_KEY_NOT_RSA = "has a key that is not RSA, and Microsoft Entra ID accepts only RSA keys."

CERTIFICATE_EXPIRED = "expired on {date}. Create a new certificate and add it to the app registration."
CERTIFICATE_NOT_YET_VALID = (
    "is not valid before {date}. Wait until that date, correct this machine's clock, or use an older certificate."
)

CERTIFICATE_IN_VAULT = "The certificate {secret_name} in {vault_url}"
SECRET_IN_VAULT = "The secret {secret_name} in {vault_url}"  # noqa: S105 - a message, not a secret
COULD_NOT_BE_READ = "could not be read"
"""Follows `CERTIFICATE_IN_VAULT` where the vault did not return the certificate."""
