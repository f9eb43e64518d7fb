"""Overrides of the site's settings, from a query string or from command-line arguments."""
