"""Fixes of errors for which the sentence of one service or tool names the setting that is wrong."""

from secrets_app.diagnosis.cause import CaseFix, run
from secrets_app.diagnosis.stacks import Stack

FIXES = (
    CaseFix(
        causes=("kv_url_or_id_invalid",),
        said=("only accepts keyvault secrets type",),
        fix="Give API Management the identifier of the certificate's secret: https://<vault-name>.vault.azure.net/"
        "secrets/<certificate>, without a version, instead of the URL with /certificates/.",
        commands=(
            run("az keyvault certificate show --vault-name {vault} --name <certificate> --query sid --output tsv"),
        ),
    ),
    CaseFix(
        causes=("kv_url_or_id_invalid",),
        said=("24 chars",),
        fix="Correct the vault's name in the SecretProviderClass (keyvaultName) or in the values of the chart: the "
        "name alone, 3 to 24 letters, digits and hyphens, without https:// and domain.",
        commands=(run('az keyvault list --query "[].name" --output tsv'),),
    ),
    CaseFix(
        causes=("authority_or_cloud_wrong",),
        said=("no cloud environment matching the name",),
        fix="Correct the name of the cloud: AzurePublicCloud, AzureUSGovernmentCloud or AzureChinaCloud. In a "
        "SecretProviderClass it is cloudName; leave it empty for the public cloud.",
        commands=(),
    ),
    CaseFix(
        causes=("az_not_logged_in",),
        said=("azure login command",),
        fix="This is the old command azure, which was replaced by az: install Azure CLI, run az login, and select the "
        "subscription. Only where the old command is required, run azure login and azure account set.",
        commands=(run("az login --tenant {tenant}"), run("az account set --subscription {subscription}")),
    ),
    CaseFix(
        causes=("service_principal_incomplete",),
        stacks=(Stack.TERRAFORM, Stack.PULUMI),
        said=("only supported as a user",),
        fix="Give the provider the service principal itself instead of its session in Azure CLI: set ARM_CLIENT_ID, "
        "ARM_CLIENT_SECRET, ARM_TENANT_ID and ARM_SUBSCRIPTION_ID. On your own machine, sign in to az as a user.",
        commands=(run("export ARM_CLIENT_ID={app_id} ARM_TENANT_ID={tenant} ARM_SUBSCRIPTION_ID={subscription}"),),
    ),
    CaseFix(
        causes=("mi_identity_not_assigned",),
        said=("managed service identity (http://aka.ms/apimmsi) is not enabled",),
        fix="Turn on the system-assigned identity of the API Management instance, then give it the Key Vault Secrets "
        "User role on the vault, or the secret permission get, before the custom domain is added.",
        commands=(
            run("az apim update --resource-group {group} --name <api-management> --enable-managed-identity true"),
        ),
    ),
)
