"""Listening to a pod: its log as it grows, read again after every broken connection, until it is over."""

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from actions.errors import BackoutError, UnavailableError
from actions.platforms.kubernetes.api import Api, Json
from actions.platforms.kubernetes.frames import Voices
from actions.platforms.kubernetes.job_making import CONTAINER
from actions.platforms.kubernetes.kinds import POD
from actions.platforms.kubernetes.pods import exit_of, is_over
from actions.platforms.kubernetes.refusals import MissingError, RefusedError

#: A log that says nothing for so long is asked for anew: the connection may be dead.
QUIET_SECONDS = 120.0
GLANCE_SECONDS = 0.1
#: Between two tries to read it.
AGAIN_SECONDS = 1.0
#: How long a pod may take to say that its container has ended, before its log is read again.
OVER_WITHIN_SECONDS = 5.0


class PodGoneError(BackoutError):
    """Somebody or something took the pod away before it had ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listened:
    """How the pod ended; None: whoever listens had enough before it did."""

    exit_code: int | None
    reason: str = ""


def listen(
    api: Api, pod: Json, voices: Voices, *, enough: Callable[[], bool], quiet_seconds: float = QUIET_SECONDS
) -> Listened:
    """Until it has ended or `enough`. UnavailableError when the API server stays away.

    A log that says nothing for long is no trouble, and neither is a node that gives none for a while: as long as the API
    server answers, only the clock of whoever listens counts.
    """
    name, heard_at = str(pod["metadata"]["name"]), time.monotonic()
    while not enough():
        stream = _Stream(api, name, quiet_seconds)
        voices.begin()
        try:
            # One that has no log never began: its node would not have it, for one. How it ended is told all the same.
            with suppress(RefusedError):
                for chunk in stream.chunks(enough):
                    heard_at = time.monotonic()
                    voices.hear(chunk)
            seen = _soon_over(api, name, enough)
        except MissingError:
            raise _gone(name) from None
        except UnavailableError:
            if _answers(api):
                heard_at = time.monotonic()
            elif time.monotonic() - heard_at > api.patience.total_seconds():
                raise
            time.sleep(AGAIN_SECONDS)
            continue
        finally:
            stream.close()
        heard_at = time.monotonic()
        if seen["metadata"]["uid"] != pod["metadata"]["uid"]:
            raise PodGoneError(f"The pod {name} was replaced by another before its command had ended")
        if is_over(seen) and seen["metadata"].get("deletionTimestamp") and (exit_of(seen) or (1, ""))[0] != 0:
            raise _gone(name)  # it ended because it was asked to, and goes when that is told
        if is_over(seen):
            code, reason = exit_of(seen) or (1, str((seen.get("status") or {}).get("reason") or "it has no exit code"))
            return Listened(exit_code=code, reason=reason)
    return Listened(exit_code=None)


def _gone(name: str) -> PodGoneError:
    return PodGoneError(
        f"The pod {name} went away before its command had ended (its node was drained, or somebody deleted it)",
        next_step="Look at what was done, then try again.",
    )


def _answers(api: Api) -> bool:
    try:
        api.impatient().version()
    except UnavailableError:
        return False
    return True


def _soon_over(api: Api, name: str, enough: Callable[[], bool]) -> Json:
    """A log that ended says that the container did; its pod says so a little later."""
    until = time.monotonic() + OVER_WITHIN_SECONDS
    while not is_over(seen := api.get(POD, name)) and time.monotonic() < until and not enough():
        time.sleep(GLANCE_SECONDS)
    return seen


class _Stream:
    """One reading of the log, in a thread of its own: whoever waits for it can do so with one eye on the clock."""

    def __init__(self, api: Api, pod: str, quiet_seconds: float) -> None:
        self._queue: queue.Queue[bytes | BaseException | None] = queue.Queue(maxsize=256)
        self._over = threading.Event()
        self._api, self._pod, self._quiet_seconds = api, pod, quiet_seconds
        threading.Thread(target=self._read, name=f"log-{pod}", daemon=True).start()

    def chunks(self, enough: Callable[[], bool]) -> "list[bytes] | _Chunks":
        return _Chunks(self._queue, enough)

    def close(self) -> None:
        self._over.set()

    def _read(self) -> None:
        path = POD.path(self._api.namespace, self._pod, "log")
        try:
            query = {"follow": "true", "container": CONTAINER}
            with self._api.stream(path, query, quiet_seconds=self._quiet_seconds) as chunks:
                for chunk in chunks:
                    self._say(chunk)
                    if self._over.is_set():
                        return
            self._say(None)
        except Exception as error:  # noqa: BLE001  whoever waits for the log raises it
            self._say(error)

    def _say(self, what: "bytes | BaseException | None") -> None:
        while not self._over.is_set():
            try:
                self._queue.put(what, timeout=GLANCE_SECONDS)
            except queue.Full:
                continue
            return


class _Chunks:
    def __init__(self, source: "queue.Queue[bytes | BaseException | None]", enough: Callable[[], bool]) -> None:
        self._source, self._enough = source, enough

    def __iter__(self) -> "_Chunks":
        return self

    def __next__(self) -> bytes:
        while not self._enough():
            try:
                said = self._source.get(timeout=GLANCE_SECONDS)
            except queue.Empty:
                continue
            if said is None:
                raise StopIteration
            if isinstance(said, BaseException):
                raise said
            return said
        raise StopIteration
