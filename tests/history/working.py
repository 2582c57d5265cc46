"""A process that works on whatever is in the queue, and ends."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from queue_tasks import tasks

from actions.history.queue import queue_app

queue_app(sys.argv[1], tasks).run_worker(wait=False, install_signal_handlers=False)
