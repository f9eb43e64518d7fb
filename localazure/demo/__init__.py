"""A website in a scenario, behind a reverse proxy that adds a toolbar for changing the scenario."""
