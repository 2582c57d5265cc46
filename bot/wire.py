"""From those who hear Slack to those who answer: what was acknowledged goes on to another process, each in one piece.

A pair of sockets that keep the bounds of what is sent: whoever dies in the middle of one tears nothing, and what waits in
between is there for whoever comes after. The other way goes only whether the history is there: whenever that changes, and
when somebody who hears begins, for what was said before was heard by another.
"""

import json
import logging
import queue
import socket
import sys
import threading
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

log = logging.getLogger(__name__)

Body = Mapping[str, Any]
#: So many wait while nobody answers; Slack's people have given up long before.
MOST_WAITING = 5_000
LARGEST = 1 << 20
#: As much as the system gives.
BUFFER = 4 << 20
FLUSH_SECONDS = 1.0
_THERE, _AWAY = b"+", b"-"
#: Is the history there? Nothing that is compressed looks like it.
_ASKED = b"?"


def pair() -> tuple[socket.socket, socket.socket]:
    """One end for each; both bear being used by whoever takes a dead one's place."""
    kind = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM
    ends = socket.socketpair(socket.AF_UNIX, kind)
    for end in ends:
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            end.setsockopt(socket.SOL_SOCKET, option, BUFFER)
    return ends


class Mouth:
    """Of those who hear: never waits for those who answer."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._waiting: queue.Queue[bytes | None] = queue.Queue(MOST_WAITING)
        self.history_there = threading.Event()
        self._sending = threading.Thread(target=self._send, name="wire-out", daemon=True)

    def open(self) -> None:
        self._waiting.put(_ASKED)
        self._sending.start()
        threading.Thread(target=self._hear, name="wire-in", daemon=True).start()

    def say(self, body: Body) -> None:
        try:
            self._waiting.put_nowait(zlib.compress(json.dumps(body).encode(), 1))
        except queue.Full:
            log.warning("Too much waits to be answered; something was dropped", extra={"event": "wire_full"})

    def close(self) -> None:
        self._waiting.put(None)
        self._sending.join(FLUSH_SECONDS)

    def _send(self) -> None:
        while (piece := self._waiting.get()) is not None:
            try:
                self._end.send(piece)
            except OSError as error:
                log.warning("It could not be handed on: %s", error.strerror, extra={"event": "wire_refused"})

    def _hear(self) -> None:
        # A closed line ends it like an empty one: whoever answers is gone, or we are.
        with suppress(OSError):
            while said := self._end.recv(16):
                if said == _THERE:
                    self.history_there.set()
                else:
                    self.history_there.clear()


class Ear:
    """Of those who answer."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._there = False
        self._telling = threading.Lock()
        self.tell(history_there=False)

    def tell(self, *, history_there: bool) -> None:
        with self._telling:
            self._there = history_there
            self._say_it()

    def hear(self, answer: Callable[[Body], None]) -> None:
        """Until the process ends."""
        while piece := self._end.recv(LARGEST):
            if piece == _ASKED:
                with self._telling:
                    self._say_it()
                continue
            answer(json.loads(zlib.decompress(piece)))

    def _say_it(self) -> None:
        self._end.send(_THERE if self._there else _AWAY)
