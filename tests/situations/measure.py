"""Measure situations: `python -m tests.situations.measure [NAME...] [--url URL] [--write]`.

Without a URL an embedded PostgreSQL is started for the occasion. Without --write the stored truth is compared.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError
from yaml import YAMLError

from actions.embedded import EmbeddedPostgres
from tests.situations.database import measuring_database
from tests.situations.measuring import BrokenSituationError, measure
from tests.situations.situation import load, names
from tests.situations.truths import Truth, spell, store, stored

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


@contextmanager
def _server(url: str | None) -> Iterator[str]:
    if url is not None:
        yield url
        return
    with TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "server", settings=FAST) as server:
        yield server.url()


def _report(name: str, truth: Truth, *, write: bool) -> bool:
    kept = stored(name)
    if write:
        store(name, truth)
    state = "as stored" if kept == truth else "written" if write else "DIFFERS" if kept else "not stored yet"
    print(f"{name:45} {truth.class_:22} {state}")
    if state in ("DIFFERS", "not stored yet"):
        print(spell(truth))
    return kept == truth or write


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="which situations; all when left out")
    parser.add_argument("--url", help="superuser URL of a PostgreSQL 15 or newer")
    parser.add_argument("--write", action="store_true", help="store what was measured in truth/")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.names) - set(names())):
        parser.error(f"no situation is called {', '.join(unknown)}: see tests/situations/cases")
    fine = True
    with _server(asked.url) as url, measuring_database(url) as database:
        for name in asked.names or names():
            try:
                situation = load(name)
            except (ValidationError, YAMLError) as error:
                print(f"{name:45} BROKEN: {error}")
                fine = False
                continue
            if missing := [module for module in situation.needs if find_spec(module) is None]:
                print(f"{name:45} not measured: needs {', '.join(missing)}")
                continue
            try:
                fine = _report(name, measure(situation, database), write=asked.write) and fine
            except (BrokenSituationError, OSError) as error:
                print(f"{name:45} BROKEN: {error}")
                fine = False
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
