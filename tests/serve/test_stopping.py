"""A signal ends it, whichever thread the system gives it to."""

import subprocess
import sys
import time

PROGRAM = """
import logging, os, signal, sys, threading, time
from bot.stopping import run_until_stopped
logging.basicConfig(level="INFO", format="%(message)s", stream=sys.stdout)

def work(stopping):
    {work}
    print("told" if stopping.wait(20) else "never told", flush=True)

reading, writing = __import__("multiprocessing").Pipe(duplex=False)
run_until_stopped(work, lifeline=reading)
print("left", flush=True)
"""


def said_by(work: str) -> tuple[list[str], float]:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(work=work)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), time.monotonic() - began


def test_a_signal_that_another_thread_gets_is_heard() -> None:
    said, took = said_by("time.sleep(0.5); signal.pthread_kill(threading.get_ident(), signal.SIGTERM)")
    assert said == ["Stopping, because of SIGTERM", "told", "left"]
    assert took < 15


def test_so_is_one_for_the_process() -> None:
    said, _ = said_by("os.kill(os.getpid(), signal.SIGINT)")
    assert said == ["Stopping, because of SIGINT", "told", "left"]


def test_the_end_of_whoever_started_us_is_heard() -> None:
    said, _ = said_by("writing.close()")
    assert said == ["told", "left"]


def test_work_that_ends_by_itself_ends_it() -> None:
    assert said_by("return")[0] == ["left"]
