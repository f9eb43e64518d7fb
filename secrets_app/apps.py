"""The Django app configuration."""

from importlib import import_module

from django.apps import AppConfig


class SecretsAppConfig(AppConfig):
    name = "secrets_app"
    verbose_name = "Principal Used"

    def ready(self) -> None:
        import_module("secrets_app.checks")  # importing registers the system checks
