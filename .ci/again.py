"""All tests, three at a time, for half of them wait for something; then the few that failed once more, alone.

Servers, containers and a browser share the cores while everything runs. A test that fails there and passes alone is named,
and stops nobody; more than a few failures are no accident. At night (`make nightly`) nothing gets a second try.
"""

import json
import subprocess
import sys
from pathlib import Path

FEW = 3
#: pytest's way of saying that tests failed, and nothing worse.
SOME_FAILED = 1
FAILED = Path(".pytest_cache/v/cache/lastfailed")


def pytest(*words: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *words], check=False).returncode


def main() -> int:
    ended = pytest("-n", "3", "--dist", "worksteal", "--cache-clear")
    failed = sorted(json.loads(FAILED.read_text())) if ended == SOME_FAILED and FAILED.is_file() else []
    if not 0 < len(failed) <= FEW:
        return ended
    print("\nOnce more, alone:", *failed, sep="\n  ", flush=True)
    if ended := pytest("-n", "0", "--last-failed"):
        return ended
    print("\nThese failed beside others and passed alone; find out why:", *failed, sep="\n  ", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
