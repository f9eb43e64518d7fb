"""The managed identity endpoints, one module for each host that has one."""
