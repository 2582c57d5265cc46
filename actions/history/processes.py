"""Which process it was, in words that allow to say later, with certainty, that it is dead.

The number of a process means something only where it was given: containers share a machine's name and not its numbers.
"""

import os
import socket
from pathlib import Path

import psutil

BETWEEN = "|"


def this_process() -> str:
    started = int(psutil.Process().create_time())
    return BETWEEN.join((socket.gethostname(), _numbering(), str(os.getpid()), str(started)))


def certainly_dead(process: str | None) -> bool:
    """False whenever it cannot be known."""
    parts = (process or "").split(BETWEEN)
    if len(parts) != 4 or not parts[1] or parts[:2] != [socket.gethostname(), _numbering()]:
        return False
    try:
        # Clocks that were set make a second of difference; a number that was given anew makes more.
        return abs(psutil.Process(int(parts[2])).create_time() - float(parts[3])) >= 3
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, ValueError):
        return False


def _numbering() -> str:
    """The system's name for whoever gives the numbers here; empty where it has none."""
    try:
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""
