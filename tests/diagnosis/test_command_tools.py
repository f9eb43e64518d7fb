"""Commands of tools other than az use verbs and options that the tools have (az: tests/localazure/real_az.py)."""

import re
import shlex

from tests.support.catalog_commands import all_commands

_OPTIONS = {
    "azd auth login": {"--tenant-id", "--scope", "--use-device-code"},
    "azd auth logout": set[str](),
    "azd config set": set[str](),
    "kubectl annotate": set[str](),
    "kubectl exec": {"--"},
    "kubectl get": {"-o", "--namespace", "--all-namespaces", "--selector"},
    "kubectl logs": {"--namespace", "--selector"},
    "kubectl patch": {"--patch"},
    "kubectl rollout restart": set[str](),
    "kubectl set env": {"--from"},
    "docker run": {"--env"},
    "docker exec": set[str](),
    "kubectl set serviceaccount": set[str](),
    "kubectl create secret docker-registry": {"--docker-server", "--docker-username", "--docker-password"},
    "gh secret list": {"--env"},
    "gh workflow view": {"--yaml"},
    "func azure functionapp publish": {"--build"},
    "terraform init": {"-upgrade"},
    "keytool": {"-importcert", "-cacerts", "-alias", "-file"},
    "dotnet add package": set[str](),
    "npm install": set[str](),
    "go get": {"-u"},
    "Connect-AzAccount": {
        "-Tenant",
        "-AuthScope",
        "-Identity",
        "-AccountId",
        "-UseDeviceAuthentication",
        "-Environment",
    },
    "Disconnect-AzAccount": set[str](),
    "Clear-AzContext": set[str](),
    "Get-AzContext": set[str](),
    "Set-AzContext": {"-Subscription"},
    "Get-AzSubscription": set[str](),
    "Get-AzAccessToken": {"-ResourceUrl"},
    "Install-Module": {"-Scope"},
    "Update-Module": set[str](),
    "Set-ExecutionPolicy": {"-Scope"},
    "Set-ItemProperty": {"-Name", "-Value"},
    "Import-Certificate": {"-FilePath", "-CertStoreLocation"},
    "Set-AzKeyVaultAccessPolicy": {
        "-VaultName", "-ObjectId", "-PermissionsTosecrets", "-PermissionsTokeys", "-PermissionsTocertificates",
    },
    "New-AzRoleAssignment": {"-ObjectId", "-RoleDefinitionName", "-Scope"},
    "Add-AzKeyVaultNetworkRule": {"-VaultName", "-IpAddressRange"},
    "Update-AzKeyVaultSecret": {"-VaultName", "-Name", "-Enable"},
    "Undo-AzKeyVaultSecretRemoval": {"-VaultName", "-Name"},
    "Undo-AzKeyVaultRemoval": {"-VaultName", "-ResourceGroupName", "-Location"},
    "Test-NetConnection": {"-Port"},
    "Remove-Item": set[str](),
    "Get-ChildItem": set[str](),
    "python": {"--all"},
    "python3": {"-m", "-c", "--upgrade"},
    "openssl": {"-in", "-noout", "-text_pub", "-subject", "-startdate", "-enddate", "-connect", "-servername"},
    "curl": {
        "-sS", "-sL", "-o", "-w", "-H", "--noproxy", "--max-time", "--include",
    },
    "nc": {"-vz"},
    "nslookup": set[str](),
    "winget install": {"--exact", "--id", "--source"},
    "brew install": set[str](),
    "sudo": {"-aG", "-sS"},
    "net localgroup": set[str](),
    "w32tm": set[str](),
    "env": {"-u"},
    "export": set[str](),
    "unset": set[str](),
    "rm": {"-f"},
}  # fmt: skip
_ASSIGNMENT = re.compile(r"\$env:\w+ = \S+")


def test_command__has_a_known_verb_and_known_options() -> None:
    others = {command for command in all_commands() if not command.startswith("az ")}
    assert len(others) > 60
    assert {command: problem for command in others if (problem := _problem(command))} == {}


def test_command__for_powershell_is_not_mixed_with_bash() -> None:
    assert [command for command in all_commands() if "$env:" in command and "export " in command] == []


def _problem(command: str) -> str:
    if _ASSIGNMENT.match(command):
        return ""
    first = command.split(" | ")[0]
    verb = next((verb for verb in _OPTIONS if f"{first} ".startswith(f"{verb} ")), None)
    if verb is None:
        return "unknown tool or verb"
    words = shlex.split(first.removeprefix(verb), posix=not re.match(r"[A-Z][a-z]+-[A-Z]", first))
    own = words[: words.index("--") + 1] if "--" in words else words
    unknown = [word for word in own if word.startswith("-") and word not in _OPTIONS[verb]]
    return f"unknown options {unknown}" if unknown else ""
