"""What the `az` command of a scenario prints, and the endpoint its script calls."""

PATH = "/.localazure/az"
