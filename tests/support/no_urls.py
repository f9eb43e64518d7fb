"""The URLs of a project that does not include those of the app."""

from typing import Any

urlpatterns: list[Any] = []
