"""HTTP transport, timeouts, cancellation and child processes for every call of the Azure SDK."""
