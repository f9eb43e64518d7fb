"""The services of Azure that are played, one module each."""
