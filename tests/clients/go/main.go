package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

func main() {
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		panic(err)
	}
	client, err := azsecrets.NewClient(os.Getenv("KEY_VAULT_URI"), credential, nil)
	if err != nil {
		panic(err)
	}
	secret, err := client.GetSecret(context.Background(), os.Getenv("SECRET_NAME"), "", nil)
	out := json.NewEncoder(os.Stdout)
	if err != nil {
		out.Encode(map[string]any{"message": err.Error()})
		return
	}
	out.Encode(map[string]any{"length": len(*secret.Value)})
}
