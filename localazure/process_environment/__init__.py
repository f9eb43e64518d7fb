"""What a process in a scenario gets: environment variables, credential files and the `az` command."""
