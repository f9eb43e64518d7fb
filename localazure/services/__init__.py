"""The emulated Azure services, one module or folder each."""
