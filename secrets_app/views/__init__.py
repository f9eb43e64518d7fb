"""The views: readings, machine checks, the catalogue of causes and pasted errors."""
