"""The Django app of Principal Used."""

__version__ = "0.3.0"
