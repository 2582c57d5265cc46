"""Scratch databases that a killed process left on the services' servers go at the next start of anything of ours."""

import logging
from collections.abc import Iterable, Mapping

from actions.backup.scratch import ScratchServer
from actions.catalog.envref import EnvRef
from actions.catalog.service import Service
from actions.errors import BackoutError

log = logging.getLogger(__name__)


def sweep_forgotten(services: Iterable[Service], environ: Mapping[str, str]) -> None:
    """Best effort: a server that does not answer is left for the assessment that will need it.

    An embedded scratch server is ours alone, and is swept when it is next used.
    """
    for service in services:
        database = service.database
        if database is None or service.migrations is None or database.scratch == "embedded":
            continue
        place = database.scratch if isinstance(database.scratch, EnvRef) else database.admin_url or database.url
        try:
            with ScratchServer(place.resolve(environ)):
                pass
        except BackoutError as error:
            log.info(
                "Not looked for forgotten scratch databases of %s: %s", service.name, error.what,
                extra={"event": "scratch_not_swept", "service": service.name},
            )  # fmt: skip
