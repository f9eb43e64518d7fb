"""WhiteNoise without dot files: STATIC_ROOT contains a .gitignore."""

from typing import Any

from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Serves static files, except those whose name or folder starts with a dot."""

    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Any = None) -> None:
        """Files found at start."""
        if not _is_hidden(url):
            super().add_file_to_dictionary(url, path, stat_cache=stat_cache)

    def find_file(self, url: str) -> Any:
        """Files looked up for each request, with WHITENOISE_AUTOREFRESH."""
        return None if _is_hidden(url) else super().find_file(url)


def _is_hidden(url: str) -> bool:
    return any(part.startswith(".") for part in url.split("/"))
