"""A process that works on whatever rollback has no living runner: `replica.py URL FOLDER LEASE_SECONDS`."""

import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from small_world import crew

from actions.history.database import open_history
from actions.run.shift import Shift

stopping = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopping.set())
with open_history(sys.argv[1], migrate=False) as history:
    Shift(crew(history, Path(sys.argv[2]), lasting=float(sys.argv[3])), stopping, look_every=0.1).work()
