"""The server on one loopback port: HTTP(S) proxy, request routing, fault injection and the status page."""
