"""A process that sets up the history, as soon as it is told to."""

import sys

from actions.history.database import open_history

print("ready", flush=True)
sys.stdin.readline()
with open_history(sys.argv[1]) as history:
    print(history, flush=True)
