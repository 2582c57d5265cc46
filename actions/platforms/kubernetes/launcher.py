"""Runs one command in a pod, whose log is the only way out.

Run by the service's interpreter (Python 3.8 or newer, nothing of ours) as `python -c SOURCE PROGRAM ARGUMENT...`. A pod
has no standard input that we could hold open across a crash of ours, and its log mixes both streams line by line. So the
input comes in variables (from a Secret that lives as long as the Job), and what the command writes to standard output
leaves in numbered frames: whoever reads the log again after a broken connection knows what it has, and what is missing.
Standard error goes into the log as it is, for people.
"""

# It runs on old interpreters: old spellings are meant.
# ruff: noqa: UP032

import base64
import os
import signal
import subprocess
import sys
import zlib

PREFIX = "BACKOUT_JOB_"


def main() -> None:
    parts: list = []  # type: ignore[type-arg]  # Python 3.8 knows no list[str]
    while True:
        part = os.environ.pop("{}INPUT_{}".format(PREFIX, len(parts)), None)
        if part is None:
            break
        parts.append(part)
    given = zlib.decompress(base64.b64decode("".join(parts))) if parts else b""
    token = os.environ.pop(PREFIX + "TOKEN")
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for number in (signal.SIGTERM, signal.SIGINT):
        # We are the first process of the container: nobody else passes it on.
        signal.signal(number, lambda *_: child.terminate())
    assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018  they are pipes
    try:
        child.stdin.write(given)
        child.stdin.close()
    except BrokenPipeError:
        pass
    count = 0
    while True:
        chunk = os.read(child.stdout.fileno(), 32 * 1024)
        if not chunk:
            break
        say(token, count, base64.b64encode(zlib.compress(chunk)).decode())
        count += 1
    code = child.wait()
    say(token, count, "end")
    sys.exit(code if code >= 0 else 128 - code)


def say(token: str, count: int, what: str) -> None:
    os.write(1, "\x1e{} {} {}\n".format(token, count, what).encode())


if __name__ == "__main__":
    main()
