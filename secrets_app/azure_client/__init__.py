"""HTTP transport, timeouts, cancellation and child processes: what every call of the Azure SDK here goes through."""
