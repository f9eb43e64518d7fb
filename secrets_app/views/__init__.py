"""The views: readings, machine checks, the catalog of causes and pasted errors."""
