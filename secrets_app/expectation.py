"""Who the site should be, and in what the principal it is differs."""

from collections.abc import Iterator
from dataclasses import dataclass

from secrets_app.reading import Mismatch, Principal, PrincipalType


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """The principal that the settings name. What is None may be anything."""

    type: PrincipalType | None = None
    app_id: str | None = None
    object_id: str | None = None
    tenant_id: str | None = None
    name: str | None = None
    """Its name or the name it signs in with, in any case."""

    def mismatches(self, principal: Principal) -> tuple[Mismatch, ...]:
        """Each point in which `principal` is not whom we expect; one that its token does not tell counts as another."""
        return tuple(self._mismatches(principal))

    def _mismatches(self, principal: Principal) -> Iterator[Mismatch]:
        names = (principal.name, principal.user_principal_name)
        asked: dict[str, tuple[str | None, tuple[str | None, ...]]] = {
            "type": (self.type, (principal.type,)),
            "application id": (self.app_id, (principal.app_id,)),
            "object id": (self.object_id, (principal.object_id,)),
            "tenant id": (self.tenant_id, (principal.tenant_id,)),
            "name": (self.name, names),
        }
        for what, (expected, found) in asked.items():
            told = [value for value in found if value]
            if expected and expected.casefold() not in map(str.casefold, told):
                yield Mismatch(what=what, expected=str(expected), found=str(told[0]) if told else None)
