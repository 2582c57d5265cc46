"""What of an assessment can begin before anything is known but the service."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from actions.assess.place import migrations_environment
from actions.catalog.service import Service
from actions.downgrade.ahead import Ahead, Interpreter
from actions.errors import BackoutError
from actions.platforms.houses import house_of


@contextmanager
def head_start(service: Service, environ: Mapping[str, str]) -> Iterator[Ahead | None]:
    """The service's Alembic, getting ready. None where that is not on this machine, or cannot be found: who needs it says why."""
    interpreter = None
    with suppress(BackoutError):
        interpreter = _interpreter(service, environ)
    if interpreter is None:
        yield None
        return
    with Ahead(interpreter, house_of(service, environ).commands) as ahead:
        ahead.get_ready()
        yield ahead


def _interpreter(service: Service, environ: Mapping[str, str]) -> Interpreter | None:
    if service.migrations is None:
        return None
    house = house_of(service, environ)
    there = house.workplace()
    if there.inside is not None:
        return None
    return Interpreter(python=there.python, folder=there.folder, env=migrations_environment(house, there))
