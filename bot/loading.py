"""Loading our modules makes hundreds of thousands of objects and no garbage; looking for it all the while takes a fifth of
the time.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Around imports. What was loaded is never looked through again, so that processes that are forked share it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
