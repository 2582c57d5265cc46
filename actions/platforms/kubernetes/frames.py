"""From the lines of a pod's log to what its command wrote, and how far it has come."""

import base64
import binascii
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from actions.platforms.port import Line, Stream


@dataclass
class Voices:
    """Hears a log, also when it is read again from its beginning."""

    #: What a frame begins with; None where the command writes into the log by itself.
    token: str | None
    watch: Callable[[Line], None] | None
    keep_bytes: int
    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)
    #: Something was lost: the log was turned over while we were away, or kept no more.
    cut: bool = False
    #: The command said its last word.
    ended: bool = False
    _next: int = 0
    _lines: int = 0
    _again: int = 0
    _rest: bytes = b""
    _unfinished: bytes = b""

    def begin(self) -> None:
        """The log is read from its beginning."""
        self._rest, self._again = b"", 0

    def hear(self, chunk: bytes) -> None:
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            self._line(line)

    def close(self) -> None:
        """Nothing more comes."""
        if self._rest:
            self._line(self._rest)
            self._rest = b""
        if self._unfinished:
            self._tell(Stream.OUT, self._unfinished)
            self._unfinished = b""
        if self.token is not None and not self.ended:
            self.cut = True

    def _line(self, line: bytes) -> None:
        if self.token is not None and line.startswith(mark := b"\x1e" + self.token.encode() + b" "):
            self._frame(line[len(mark) :])
            return
        self._again += 1
        if self._again <= self._lines:
            return  # heard before the connection broke
        self._lines += 1
        if self.token is None:
            self._keep(self.out, line + b"\n")
            self._tell(Stream.OUT, line)
        else:
            self._keep(self.err, line + b"\n")
            self._tell(Stream.ERR, line)

    def _frame(self, line: bytes) -> None:
        number, _, what = line.partition(b" ")
        if not number.isdigit() or int(number) < self._next:
            return
        if int(number) > self._next:
            self.cut = True
        self._next = int(number) + 1
        if what == b"end":
            self.ended = True
            return
        try:
            chunk = zlib.decompress(base64.b64decode(what, validate=True))
        except (binascii.Error, zlib.error):
            self.cut = True
            return
        self._keep(self.out, chunk)
        *whole, self._unfinished = (self._unfinished + chunk).split(b"\n")
        for each in whole:
            self._tell(Stream.OUT, each)

    def _keep(self, kept: bytearray, chunk: bytes) -> None:
        kept += chunk
        if len(kept) > self.keep_bytes:
            del kept[self.keep_bytes // 2 : len(kept) - self.keep_bytes // 2]
            self.cut = True

    def _tell(self, stream: Stream, line: bytes) -> None:
        if self.watch is not None:
            self.watch(Line(stream=stream, text=line.decode(errors="replace")))
