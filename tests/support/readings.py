"""A reading together with its diagnosis, as the pages show them."""

from collections.abc import Iterator
from typing import Any

from secrets_app import service
from secrets_app.conf import Config
from secrets_app.conf.request import ReadRequest, secret_request
from secrets_app.core.reading import Diagnosis, Reading
from secrets_app.core.reading_json import reading_json
from secrets_app.diagnosis.diagnose import diagnose as find_causes


class Result:
    """Combines the attributes of a Reading and of its Diagnosis."""

    def __init__(self, reading: Reading, diagnosis: Diagnosis) -> None:
        self.reading, self.diagnosis = reading, diagnosis

    def __getattr__(self, name: str) -> Any:
        holder = self.diagnosis if hasattr(self.diagnosis, name) else self.reading
        return getattr(holder, name)

    def __iter__(self) -> Iterator[Any]:
        return iter((self.reading, self.diagnosis))

    def __repr__(self) -> str:
        return f"Result({self.reading!r}, {self.diagnosis!r})"

    def as_json(self) -> dict[str, Any]:
        return reading_json(self.reading, self.diagnosis)


def get_reading(what: Config | ReadRequest, *, refresh: bool = False) -> Result:
    """The reading for these settings or this request."""
    request = what if isinstance(what, ReadRequest) else secret_request(what)
    reading = service.get_reading(request, refresh=refresh)
    return Result(reading, service.diagnose(reading, request))


def diagnose(reading: Reading) -> Result:
    """This reading with its diagnosis."""
    found = find_causes(reading)
    main_cause = None if reading.ok else found.hints[0].cause if found.hints else "unexpected"
    return Result(reading, Diagnosis(find_causes=found.find_causes, hints=found.hints, main_cause=main_cause))
