import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.identity.DefaultAzureCredentialBuilder;
import com.azure.json.JsonProviders;
import com.azure.json.JsonWriter;
import com.azure.security.keyvault.secrets.SecretClient;
import com.azure.security.keyvault.secrets.SecretClientBuilder;
import java.io.IOException;

/** Reads the secret of the scenario and prints its length or the error as JSON. */
public class Read {
    private static final String SCOPE = "https://vault.azure.net/.default";

    public static void main(String[] arguments) throws IOException {
        TokenCredential credential = new DefaultAzureCredentialBuilder().build();
        SecretClient client = new SecretClientBuilder()
            .vaultUrl(System.getenv("KEY_VAULT_URI"))
            .credential(credential)
            .buildClient();
        try (JsonWriter json = JsonProviders.createWriter(System.out)) {
            json.writeStartObject();
            try {
                // Without a token, SecretClient 4.10 throws a NullPointerException that hides the reason.
                credential.getTokenSync(new TokenRequestContext().addScopes(SCOPE));
                json.writeIntField("length", client.getSecret(System.getenv("SECRET_NAME")).getValue().length());
            } catch (RuntimeException error) {
                json.writeStringField("message", messages(error));
            }
            json.writeEndObject();
        }
        System.exit(0);
    }

    /** The message of the error and of its causes. */
    private static String messages(Throwable error) {
        return error == null ? "" : error.getMessage() + "\n" + messages(error.getCause());
    }
}
