// The site in Azure Container Apps, with a system-assigned identity and the role that reads the secret of an existing vault.

targetScope = 'resourceGroup'

@description('Name of the container app.')
@minLength(2)
@maxLength(32)
param containerAppName string = 'principal-used'

@description('Image of the site, by digest: <registry>/principal-used@sha256:<digest>.')
param image string

@description('Name of the existing vault, in this resource group.')
@minLength(3)
@maxLength(24)
param keyVaultName string

@description('Name of the secret that the site reads.')
@minLength(1)
@maxLength(127)
param secretName string = 'demo'

@description('Region of all resources.')
param location string = resourceGroup().location

@description('The passphrase of the site, 12 characters or more.')
@minLength(12)
@secure()
param passphrase string

@description('Key for cookies and fingerprints, 50 characters or more: openssl rand -base64 48.')
@minLength(50)
@secure()
param siteKey string

@description('Addresses that may reach the site, in CIDR notation. Empty: every address.')
param allowedIpAddresses array = []

// Key Vault Secrets User: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security
var secretsUserRole = '4633458b-17de-408a-b874-0445c86b69e6'
var ipRules = [for (address, i) in allowedIpAddresses: {
  name: 'allowed-${i}'
  action: 'Allow'
  ipAddressRange: address
}]
var hostName = '${containerAppName}.${containerEnvironment.properties.defaultDomain}'

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: keyVaultName
}

resource containerEnvironment 'Microsoft.App/managedEnvironments@2026-01-01' = {
  name: '${containerAppName}-environment'
  location: location
  properties: {}
}

resource containerApp 'Microsoft.App/containerApps@2026-01-01' = {
  name: containerAppName
  location: location
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    environmentId: containerEnvironment.id
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: {
        external: true
        targetPort: 8000
        transport: 'auto'
        allowInsecure: false
        ipSecurityRestrictions: ipRules
      }
      secrets: [
        {
          name: 'passphrase'
          value: passphrase
        }
        {
          name: 'site-key'
          value: siteKey
        }
      ]
    }
    template: {
      containers: [
        {
          name: 'site'
          image: image
          env: [
            {
              name: 'KEY_VAULT_URI'
              value: vault.properties.vaultUri
            }
            {
              name: 'SECRET_NAME'
              value: secretName
            }
            {
              name: 'AZURE_TOKEN_CREDENTIALS'
              value: 'ManagedIdentityCredential'
            }
            {
              name: 'KVSITE_HOSTS'
              value: hostName
            }
            {
              name: 'KVSITE_ACCESS'
              value: 'token'
            }
            {
              name: 'KVSITE_PASSPHRASE'
              secretRef: 'passphrase'
            }
            {
              name: 'KVSITE_SECRET_KEY'
              secretRef: 'site-key'
            }
            {
              // The platform's ingress terminates TLS and is the only way to the container.
              name: 'FORWARDED_ALLOW_IPS'
              value: '*'
            }
          ]
          resources: {
            cpu: json('0.5')
            memory: '1Gi'
          }
          probes: [
            {
              type: 'Liveness'
              httpGet: {
                path: '/healthz'
                port: 8000
              }
            }
            {
              type: 'Readiness'
              httpGet: {
                path: '/healthz'
                port: 8000
              }
            }
          ]
        }
      ]
      scale: {
        minReplicas: 1
        maxReplicas: 1
      }
    }
  }
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, containerApp.id, secretsUserRole)
  properties: {
    principalId: containerApp.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUserRole)
  }
}

output SERVICE_WEB_URI string = 'https://${hostName}'
output SERVICE_WEB_IDENTITY_PRINCIPAL_ID string = containerApp.identity.principalId
