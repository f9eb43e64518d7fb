"""The pages and the JSON of the optional app."""
