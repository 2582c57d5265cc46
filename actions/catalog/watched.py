"""A catalog that is looked at again when its files change: a valid change is taken, an invalid one changes nothing.

A process that runs for months must learn of a service that was added, and must not stop working because of a typo.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from actions.catalog.catalog import Catalog
from actions.catalog.files import files_of
from actions.catalog.loading import load_catalog
from actions.catalog.problems import CatalogError
from actions.catalog.service import Service

log = logging.getLogger(__name__)

#: A change is taken when the files have stood still for as long: a file that is still being written may be valid too.
LOOK_EVERY_SECONDS = 1.0
#: How often a change that cannot be used is spoken of.
REMIND_EVERY_SECONDS = 600.0

_State = tuple[tuple[str, int, int, int], ...]


class WatchedCatalog:
    """Safe from many threads."""

    def __init__(
        self, path: Path, environ: Mapping[str, str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:  # fmt: skip
        """Raises CatalogError when it cannot be used as it is now."""
        self._path, self._environ, self._clock = path, environ, clock
        self._lock = threading.Lock()
        self._seen = self._taken = _state(path)
        self._catalog = load_catalog(path, environ)
        self._looked_at = self._said_at = clock()
        self._refused: CatalogError | None = None

    def now(self) -> Catalog:
        """The newest that can be used."""
        with self._lock:
            if self._clock() - self._looked_at >= LOOK_EVERY_SECONDS:
                self._look()
                self._looked_at = self._clock()
            return self._catalog

    def catch_up(self) -> None:
        """For a process that begins with what another one read long ago: a change since then is taken before anything is done."""
        with self._lock:
            self._seen = _state(self._path)
            self._look()
            self._looked_at = self._clock()

    def service(self, name: str) -> Service:
        """As `Catalog.service`, of this moment."""
        return self.now().service(name)

    def services(self) -> "Services":
        """All services, looked up anew each time that they are gone through."""
        return Services(self)

    def _look(self) -> None:
        before, self._seen = self._seen, _state(self._path)
        if self._seen == self._taken:
            if self._refused is not None and self._clock() - self._said_at >= REMIND_EVERY_SECONDS:
                self._say_refused(self._refused)
            return
        if self._seen != before:
            return
        self._taken = self._seen
        try:
            self._catalog = load_catalog(self._path, self._environ)
        except CatalogError as error:
            self._refused = error
            self._say_refused(error)
            return
        self._refused = None
        log.info(
            "The catalog was changed and is in force: %d services", len(self._catalog.services),
            extra={"event": "catalog_taken", "services": len(self._catalog.services)},
        )  # fmt: skip

    def _say_refused(self, error: CatalogError) -> None:
        self._said_at = self._clock()
        first, more = error.problems[0], len(error.problems) - 1
        log.error(
            "The catalog was changed and cannot be used; THE ONE OF BEFORE STAYS IN FORCE: %s%s. `backout check` tells all of it.",
            str(first).rstrip("."), f" (and {more} more)" if more else "",
            extra={"event": "catalog_refused", "problems": more + 1},
        )  # fmt: skip


class Services:
    """Of a catalog that may change; goes through those of this moment."""

    def __init__(self, watched: WatchedCatalog) -> None:
        self._watched = watched

    def __iter__(self) -> Iterator[Service]:
        return iter(self._watched.now().services.values())


def _state(path: Path) -> _State:
    """What changes when a file does, also when another one is put in its place."""
    try:
        found = [(file, file.stat()) for file in files_of(path)]
    except (OSError, ValueError):
        return ()
    return tuple((str(file), seen.st_mtime_ns, seen.st_size, seen.st_ino) for file, seen in found)
