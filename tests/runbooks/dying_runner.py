"""A runner in a process of its own: `dying_runner.py HISTORY CATALOG HOME NUMBER`. A step of the test kills it."""

import os
import sys
import threading
from datetime import timedelta
from pathlib import Path

from actions.catalog import load_catalog
from actions.history.database import open_history
from actions.history.values import RollbackId
from actions.run.crewing import Sites, crew_of
from actions.run.runner import advance

url, catalog, home, number = sys.argv[1:]
loaded = load_catalog(Path(catalog), os.environ)
(Path(home) / "runner.pid").write_text(str(os.getpid()))
with open_history(url) as history:
    sites = Sites(services=loaded.service, environ=dict(os.environ), history=history, home=Path(home))
    crew = crew_of(sites, lasting=timedelta(seconds=3))
    advance(crew, RollbackId(int(number)), owner="dying", stopping=threading.Event())
