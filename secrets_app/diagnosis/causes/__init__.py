"""The catalogue of causes, in the order in which equally strong signs are believed."""

from collections.abc import Mapping
from types import MappingProxyType

from secrets_app.diagnosis.cause import Cause
from secrets_app.diagnosis.causes import application, host, network, program, seen, tools, user, vault, workload

_ROOMS = (seen, vault, workload, application, user, tools, host, network, program)

CAUSES: Mapping[str, Cause] = MappingProxyType({cause.key: cause for room in _ROOMS for cause in room.CAUSES})
