// The site on App Service (Linux), a vault that uses Azure RBAC, a secret, and the one role that reads it.
// azuredeploy.json is the same template as ARM JSON, for the Deploy to Azure button; tests/deployment compares the two.
// API versions: Key Vault control-plane versions before 2026-02-01 stop on 2027-02-27.

targetScope = 'resourceGroup'

@description('Name of the site; its address is https://<name>.azurewebsites.net.')
@minLength(2)
@maxLength(60)
param webSiteName string

@description('Pricing tier of the App Service plan. F1 is free and has no Always On.')
@allowed([
  'F1'
  'B1'
  'B2'
  'B3'
  'S1'
  'S2'
  'S3'
  'P0v3'
  'P1v3'
  'P2v3'
  'P3v3'
])
param skuName string = 'F1'

@description('Name of the vault: globally unique, also among deleted vaults.')
@minLength(3)
@maxLength(24)
param keyVaultName string

@description('Value of the secret. Empty: no secret is written, and an existing one is kept.')
@secure()
param keyVaultSecret string

@description('Name of the secret that the site reads.')
@minLength(1)
@maxLength(127)
param secretName string = 'demo'

@description('Region of all resources.')
param location string = resourceGroup().location

@description('Who has access to the site: token (users who know the passphrase), easy-auth (users signed in with App Service authentication) or open (every visitor who can reach it).')
@allowed([
  'token'
  'easy-auth'
  'open'
])
param access string = 'token'

@description('With access token: the passphrase, 12 characters or more.')
@secure()
param passphrase string = ''

@description('Key for cookies and fingerprints, 50 characters or more: openssl rand -base64 48. Keep it for the next deployment.')
@minLength(50)
@secure()
param siteKey string

@description('With access easy-auth: application (client) ID of the app registration that signs users in.')
param authClientId string = ''

@description('Addresses that may reach the site, in CIDR notation. Empty: every address.')
param allowedIpAddresses array = []

@description('Name of a user-assigned managed identity to create and use. Empty: the system-assigned identity is used.')
param userAssignedIdentityName string = ''

@description('Keep deleted vaults and secrets until their retention ends. Cannot be turned off again.')
param purgeProtection bool = false

@description('Resource ID of a Log Analytics workspace for the audit log of the vault. Empty: no audit log.')
param logAnalyticsWorkspaceId string = ''

@description('Git repository to build the site from. Empty: deploy the code with az webapp deploy or azd.')
param repositoryUrl string = ''

@description('Branch of the repository.')
param branch string = 'main'

@description('Name of the azd environment.')
param environmentName string = webSiteName

var planName = 'plan-${webSiteName}'
var hasUserAssignedIdentity = !empty(userAssignedIdentityName)
// A resource that is not deployed needs a valid name, too.
var identityName = hasUserAssignedIdentity ? userAssignedIdentityName : 'unused'
var identityType = hasUserAssignedIdentity ? 'SystemAssigned, UserAssigned' : 'SystemAssigned'
var tags = { 'azd-env-name': environmentName }
// Key Vault Secrets User: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security
var secretsUserRole = '4633458b-17de-408a-b874-0445c86b69e6'
var ipRules = [for (address, i) in allowedIpAddresses: {
  name: 'allowed-${i}'
  priority: 100 + i
  action: 'Allow'
  ipAddress: address
}]

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = if (hasUserAssignedIdentity) {
  name: identityName
  location: location
  tags: tags
}

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: keyVaultName
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    enablePurgeProtection: purgeProtection ? true : null
    publicNetworkAccess: 'Enabled'
  }
}

resource secret 'Microsoft.KeyVault/vaults/secrets@2026-02-01' = if (!empty(keyVaultSecret)) {
  parent: vault
  name: secretName
  properties: {
    value: keyVaultSecret
    contentType: 'text/plain'
  }
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'linux'
  sku: {
    name: skuName
  }
  properties: {
    reserved: true
  }
}

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: webSiteName
  location: location
  tags: union(tags, { 'azd-service-name': 'web' })
  kind: 'app,linux'
  identity: {
    type: identityType
    userAssignedIdentities: hasUserAssignedIdentity ? { '${identity.id}': {} } : null
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: 'Enabled'
    siteConfig: {
      linuxFxVersion: 'PYTHON|3.13'
      // Without it App Service starts gunicorn with its own configuration: one worker, one request at a time.
      appCommandLine: 'gunicorn kvsite.wsgi'
      alwaysOn: skuName != 'F1'
      ftpsState: 'Disabled'
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      // The process only. /readyz reads the secret: a removed role would make App Service replace healthy instances.
      healthCheckPath: '/healthz'
      ipSecurityRestrictions: ipRules
      ipSecurityRestrictionsDefaultAction: empty(allowedIpAddresses) ? 'Allow' : 'Deny'
    }
  }
}

resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: site
  name: 'appsettings'
  properties: union({
    SCM_DO_BUILD_DURING_DEPLOYMENT: 'true'
    AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential'
    KEY_VAULT_URI: vault.properties.vaultUri
    SECRET_NAME: secretName
    KVSITE_ACCESS: access
    KVSITE_SECRET_KEY: siteKey
    KVSITE_EXPECTED_OBJECT_ID: hasUserAssignedIdentity ? identity!.properties.principalId : site.identity.principalId
  }, empty(passphrase) ? {} : { KVSITE_PASSPHRASE: passphrase }, hasUserAssignedIdentity ? { KVSITE_MANAGED_IDENTITY_CLIENT_ID: identity!.properties.clientId } : {})
}

resource ftpCredentials 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: site
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource scmCredentials 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: site
  name: 'scm'
  properties: {
    allow: false
  }
}

resource authentication 'Microsoft.Web/sites/config@2025-03-01' = if (!empty(authClientId)) {
  parent: site
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
    }
    globalValidation: {
      requireAuthentication: true
      unauthenticatedClientAction: 'RedirectToLoginPage'
      redirectToProvider: 'azureactivedirectory'
      excludedPaths: [
        '/healthz'
      ]
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: authClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
    httpSettings: {
      requireHttps: true
    }
  }
}

resource sourceControl 'Microsoft.Web/sites/sourcecontrols@2025-03-01' = if (!empty(repositoryUrl)) {
  parent: site
  name: 'web'
  properties: {
    repoUrl: repositoryUrl
    branch: branch
    isManualIntegration: true
  }
  dependsOn: [
    appSettings
  ]
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, hasUserAssignedIdentity ? identity.id : site.id, secretsUserRole)
  properties: {
    principalId: hasUserAssignedIdentity ? identity!.properties.principalId : site.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUserRole)
  }
}

resource auditLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(logAnalyticsWorkspaceId)) {
  scope: vault
  name: 'audit'
  properties: {
    workspaceId: logAnalyticsWorkspaceId
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
    ]
  }
}

output AZURE_KEY_VAULT_ENDPOINT string = vault.properties.vaultUri
output AZURE_KEY_VAULT_NAME string = vault.name
output SERVICE_WEB_NAME string = site.name
output SERVICE_WEB_URI string = 'https://${site.properties.defaultHostName}'
output SERVICE_WEB_IDENTITY_PRINCIPAL_ID string = hasUserAssignedIdentity ? identity!.properties.principalId : site.identity.principalId
