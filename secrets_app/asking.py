"""What a visitor or an argument asks for: the settings of the site with that in their place."""
