"""Causes in the client certificate of an application."""

from secrets_app.core import own_messages
from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.catalog.predicates import about_azure
from secrets_app.diagnosis.cause import LINUX, MACOS, Area, Cause, Severity, run
from secrets_app.diagnosis.signature import Strength, aadsts, own_message, phrase
from secrets_app.diagnosis.stack_settings import StackSetting

_OTHER_SOURCES = ("folder_setting", "certificate_vault")
"""Values that are set when the certificate comes from a folder or a vault: then there is no file path."""

CAUSES = (
    Cause(
        key="certificate_not_registered",
        area=Area.ENTRA,
        title="The certificate is not registered for the application",
        why="The client assertion was signed with a certificate that is not, or is no longer, registered for the "
        "application.",
        fix="Use the certificate that is registered, or register this one. If the application trusts it by subject "
        "name, send the full certificate chain.",
        otherwise=(
            (
                "If the certificate was renewed, upload the new public part to the app registration, and restart the "
                "program: it may hold the old one."
            ),
            (
                "If the application is the wrong one, compare the client ID: a certificate is registered for one "
                "application."
            ),
        ),
        setting=StackSetting.CHAIN,
        signatures=(
            aadsts(50012, any_of=("assertion", "certificate", "signature"), unless=("valid time range",)),
            phrase("client assertion contains an invalid signature"),
            phrase("client assertion failed signature validation"),
            phrase("certificate with identifier used to sign the client assertion", strength=Strength.EXACT),
        ),
        commands=(
            run("az ad app credential list --id {app_id} --cert"),
            run('az ad app credential reset --id {app_id} --cert "@cert.pem" --append'),
        ),
        links=(links.CERTIFICATE_CREDENTIALS, links.AADSTS),
        severity=Severity.REJECTED,
    ),
    Cause(
        key="certificate_expired",
        area=Area.PROGRAM,
        title="The certificate has expired or is not yet valid",
        why="Today is outside the certificate's validity period.",
        fix="Create a new certificate, register it for the application, and replace the old one with it.",
        signatures=(
            own_message(own_messages.CERTIFICATE_EXPIRED),
            own_message(own_messages.CERTIFICATE_NOT_YET_VALID),
        ),
        commands=(
            run("openssl x509 -in {path} -noout -startdate -enddate", systems=(LINUX, MACOS)),
            run('az ad app credential reset --id {app_id} --cert "@cert.pem" --append'),
        ),
        links=(links.CERTIFICATE_CREDENTIALS,),
        severity=Severity.REJECTED,
        related=("certificate_file_invalid", "certificate_not_registered"),
    ),
    Cause(
        key="certificate_file_invalid",
        area=Area.PROGRAM,
        title="The certificate cannot be used",
        why="It is missing, is not in PEM or PFX format, has no RSA private key, or its password is wrong.",
        fix="Provide a PEM or PFX file with the certificate and its private key, and the password. The Azure libraries "
        "read AZURE_CLIENT_CERTIFICATE_PATH, Terraform ARM_CLIENT_CERTIFICATE_PATH.",
        site_fix="Provide a PEM or PFX file with the certificate and its private key, and the password. "
        "Set it with AZURE_CLIENT_CERTIFICATE_PATH, KVSITE_CERTIFICATE or a connection string.",
        signatures=(
            own_message(own_messages.CERTIFICATE_FILE_NOT_FOUND),
            own_message(own_messages.CERTIFICATE_FILE_UNREADABLE),
            own_message(own_messages.CERTIFICATE_FILE_TOO_LARGE),
            own_message(own_messages.CERTIFICATE_PATH_IS_FOLDER),
            own_message(own_messages.CERTIFICATE_PATH_IS_NO_FILE),
            own_message(own_messages.CERTIFICATE_FOLDER_INVALID),
            own_message(own_messages.CERTIFICATE_NOT_FOUND),
            own_message(own_messages.WINDOWS_STORE_NOT_READABLE),
            own_message(own_messages.CERTIFICATE_NEITHER_PEM_NOR_PFX),
            own_message(own_messages.CERTIFICATE_MISSING),
            own_message(own_messages.CERTIFICATE_ENCRYPTION_UNSUPPORTED),
            own_message(own_messages.CERTIFICATE_PASSWORD_MISSING),
            own_message(own_messages.CERTIFICATE_KEY_MISSING),
            own_message(own_messages.CERTIFICATE_KEY_MISMATCH),
            own_message(own_messages.CERTIFICATE_KEY_NOT_RSA),
            phrase("failed to deserialize certificate in pem or pkcs12 format"),
            phrase("specified certificate was not found"),
            phrase("specified key vault certificate was unable to be retrieved"),
            phrase("the certificate must include its private key"),
            phrase("the certificate must have an rsa private key"),
            phrase("valid pem but no begin/end delimiters"),
            phrase("is not a valid certificate in pem or pkcs12"),
            phrase("malformed certificate"),
            phrase("could not deserialize key data"),
            phrase("could not deserialize pkcs12"),
            phrase("expected start of certificate to be"),
            phrase("unable to load pem file"),
            phrase("unable to load certificate"),
            phrase("malformedframing"),
            phrase("your pfx file shall contain both private key and cert"),
            phrase("invalid password or pkcs12 data"),
            phrase("no such file or directory", any_of=(".pem", ".pfx", ".p12", ".crt", ".cer", "client_certificate")),
            phrase("could not find file", any_of=(".pem", ".pfx", ".p12")),
            phrase("could not find a part of the path", any_of=(".pem", ".pfx", ".p12")),
            phrase("permission denied", any_of=(".pem", ".pfx", ".p12", ".crt")),
            phrase("is a directory", any_of=(".pem", ".pfx", ".p12", "client_certificate")),
            phrase("password was given but private key is not encrypted"),
            phrase("password was not given but private key is encrypted"),
            phrase("the file at the specified path does not contain a pem-encoded certificate"),
            phrase("failed to load certificate"),
            phrase("error reading certificate"),
            phrase("bad decrypt", strength=Strength.LIKELY),
            phrase("the specified network password is not correct"),
            phrase("invalidbyte", strength=Strength.LIKELY),
            phrase("cannot find the certificate", any_of=("path", "thumbprint", "store")),
            phrase("keyset does not exist", strength=Strength.LIKELY, where=about_azure),
            phrase(
                "certificate",
                any_of=(
                    "does not have a private key",
                    "doesn't contain a private key",
                    "has no private key",
                    "must contain a private key",
                    "missing a private key",
                ),
            ),
            phrase("invalid certificate", any_of=("pem", "pfx", "pkcs12")),
            phrase(
                "certificate",
                any_of=("private key", "pkcs12", "pem routines", "could not be loaded", "pem file", "pfx file"),
                strength=Strength.LIKELY,
                where=about_azure,
            ),
            phrase("pem", any_of=("no start line", "invalid"), strength=Strength.LIKELY),
            phrase("we expect your public key but detect a private key"),
            phrase("password protection for pem encoded certificates is not supported"),
            phrase("only .pfx and .pem files are supported"),
            phrase("bio_new_file", "no such file"),
            phrase("the provided key does not match the public key for this certificate"),
            phrase("keystore password was incorrect"),
        ),
        commands=(
            run("export {folder_setting}=<folder>", systems=(LINUX, MACOS), requires=("folder_setting",)),
            run('$env:{folder_setting} = "<folder>"', systems=("Windows",), requires=("folder_setting",)),
            run(
                'az keyvault certificate list --vault-name {certificate_vault} --query "[].id" --output tsv',
                requires=("certificate_vault",),
            ),
            run("openssl pkey -in {path} -noout -text_pub", systems=(LINUX, MACOS), unless=_OTHER_SOURCES),
            run("openssl x509 -in {path} -noout -subject -enddate", systems=(LINUX, MACOS), unless=_OTHER_SOURCES),
        ),
        links=(links.CERTIFICATE_CREDENTIALS,),
    ),
)
