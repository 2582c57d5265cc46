"""The demo's applications end when the demo has gone, however it went."""

import os
import threading
import time
from collections.abc import Callable


def end_with_the_demo(end: Callable[[], None]) -> None:
    """Looks once a second whether the process that `DEMO_PROCESS` names is still there."""
    keeper = int(os.environ["DEMO_PROCESS"])

    def watch() -> None:
        while _lives(keeper):
            time.sleep(1)
        end()

    threading.Thread(target=watch, daemon=True).start()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
