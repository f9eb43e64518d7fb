"""The pages: thin skins over readings, findings, the catalogue and pasted errors."""
