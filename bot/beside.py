"""What goes on in a thread beside the work of a process, and is part of it."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

T = TypeVar("T")

#: How long a thread that waits for us to stop may outlive what it would have stopped.
GLANCE_SECONDS = 5.0


@contextmanager
def beside(carry_out: Callable[[threading.Event], None], stopping: threading.Event) -> Iterator[None]:
    """It is told to end, and waited for, when we are stopping or the work ends. A fault in it ends all of it: a process that
    works on its queue and carries nothing out would look well."""
    over, faults = threading.Event(), list[BaseException]()

    def either() -> None:
        while not over.is_set():
            if stopping.wait(GLANCE_SECONDS):
                over.set()

    def run() -> None:
        try:
            carry_out(over)
        except BaseException as error:  # noqa: BLE001 because it is raised again, where it ends the process
            faults.append(error)
            stopping.set()

    threading.Thread(target=either, name="runs-stopping", daemon=True).start()
    runs = threading.Thread(target=run, name="runs", daemon=True)
    runs.start()
    try:
        yield
    finally:
        over.set()
        runs.join()
    if faults:
        raise faults[0]


@contextmanager
def opened_meanwhile(context: AbstractContextManager[T]) -> "Iterator[Future[T]]":
    """For what takes its time to open, and is not needed at once; closed at the end."""
    with ExitStack() as stack, ThreadPoolExecutor(max_workers=1, thread_name_prefix="meanwhile") as threads:
        yield threads.submit(stack.enter_context, context)


@contextmanager
def left_behind(go_on: Callable[[], None], stopping: threading.Event) -> Iterator[None]:
    """For what cannot be told to end, and is not waited for: it ends with the process. If it ends before that, by a fault or by
    itself, all of it ends: a process that hears nothing any more would look well."""
    faults = list[BaseException]()

    def run() -> None:
        try:
            go_on()
        except BaseException as error:  # noqa: BLE001 because it is raised again, where it ends the process
            faults.append(error)
        stopping.set()

    threading.Thread(target=run, name=getattr(go_on, "__name__", "beside"), daemon=True).start()
    yield
    if faults:
        raise faults[0]
