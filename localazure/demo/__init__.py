"""A web site inside a scenario, behind a band that says so and changes it."""
