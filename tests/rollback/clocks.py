"""A clock on the wall that is wrong: a library that a program loads before its own, and that shifts what the system says.

It is built here, where there is a C compiler. Only the clock that people set is wrong; those that count on are left alone.
"""

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static time_t wrong_by(void) { const char *said = getenv("CLOCK_WRONG_BY"); return said ? atol(said) : 0; }

int clock_gettime(clockid_t id, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int code = real(id, now);
    if (code == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) now->tv_sec += wrong_by();
    return code;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    static int (*real)(struct timeval *, void *);
    if (!real) real = (int (*)(struct timeval *, void *))dlsym(RTLD_NEXT, "gettimeofday");
    int code = real(now, zone);
    if (code == 0) now->tv_sec += wrong_by();
    return code;
}

time_t time(time_t *also) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (also) *also = now.tv_sec;
    return now.tv_sec;
}
"""
COMPILER = shutil.which("cc")


def wrong_by(seconds: int) -> Mapping[str, str]:
    """What a program needs in its environment for that; it hands it on to what it starts with it."""
    return {} if seconds == 0 else {"LD_PRELOAD": _library(), "CLOCK_WRONG_BY": str(seconds)}


@cache
def _library() -> str:
    assert COMPILER is not None
    folder = Path(tempfile.mkdtemp(prefix="clock-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # The servers of PostgreSQL run as somebody else.
    folder.chmod(0o755)
    (folder / "clock.c").write_text(SOURCE)
    built = folder / "clock.so"
    command = [COMPILER, "-shared", "-fPIC", "-O1", "-o", str(built), str(folder / "clock.c"), "-ldl"]
    subprocess.run(command, check=True, env={"PATH": os.environ["PATH"]})
    return str(built)
