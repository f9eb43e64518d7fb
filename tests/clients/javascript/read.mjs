import { DefaultAzureCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";

const client = new SecretClient(process.env.KEY_VAULT_URI, new DefaultAzureCredential());
try {
  const secret = await client.getSecret(process.env.SECRET_NAME);
  console.log(JSON.stringify({ length: secret.value.length }));
} catch (error) {
  const code = error.details?.error?.innererror?.code ?? error.code ?? null;
  console.log(JSON.stringify({ name: error.name, status: error.statusCode ?? null, code, message: error.message }));
}
