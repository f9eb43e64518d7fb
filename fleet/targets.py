"""Looking targets up."""

from fleet.models import Target
from fleet.recorder import own_name
from secrets_app import conf


def find_target(name: str | None = None) -> Target | None:
    """The target with this name; without one, that of the site's own secret. Raises django.db.Error."""
    if name is not None:
        return Target.objects.filter(name=name).first()
    config = conf.current()
    own = own_name(config.vault_url or "", config.secret_name or "")
    return Target.objects.filter(name=own).first() or Target.objects.filter(kind=Target.Kind.OWN).last()
