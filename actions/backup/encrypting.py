"""Age encryption as generators over pieces.

The library pulls from one file and pushes into another until it is through. So it works in a thread of its own,
between two short queues; that thread only ever waits for these, never for anything outside, and so can always be ended.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from threading import Condition, Thread

from actions.backup.encryption import Keys
from actions.backup.packing import DamagedError
from actions.backup.streams import CHUNK, ending
from actions.errors import BackoutError

#: How every encrypted file begins.
AGE_BEGINS = b"age-encryption.org/v1\n"
#: Pieces waiting on each side.
_ROOM = 3


def encrypt(chunks: Iterable[bytes], recipient: str) -> Iterator[bytes]:
    """As an age file for this public key."""
    from pyrage import encrypt_io
    from pyrage.x25519 import Recipient

    whom = [Recipient.from_str(recipient)]
    return _through(chunks, lambda source, target: encrypt_io(source, target, whom))


def decrypt(chunks: Iterable[bytes], keys: Keys) -> Iterator[bytes]:
    """What `encrypt` was given. WrongKeyError when none of the keys fits, DamagedError when it is cut off, damaged or no age file."""
    from pyrage import DecryptError, decrypt_io

    try:
        yield from _through(chunks, lambda source, target: decrypt_io(source, target, list(keys.identities)))
    except DecryptError as error:
        if "matching" in str(error):
            raise WrongKeyError(
                "It was encrypted with another key than those that are set",
                next_step="Add the old key behind the new one in the variable, separated by a space.",
            ) from None
        raise DamagedError(f"The encrypted content is damaged ({error})") from None
    except _LibraryError as error:
        raise DamagedError(f"The encrypted content is damaged or cut off ({error})") from None


class WrongKeyError(BackoutError):
    """It is encrypted, and none of the keys at hand opens it."""


class _LibraryError(Exception):
    """What the library said, that neither our source nor our reader caused."""


class _AbandonedError(Exception):
    """Nobody wants the rest."""


def _through(chunks: Iterable[bytes], work: "Callable[[_Channel, _Channel], None]") -> Iterator[bytes]:
    """Gives the pieces to the library and takes its own from it, whichever is possible."""
    channel = _Channel()
    thread = Thread(target=channel.run, args=(work,), name="backout-age", daemon=True)
    thread.start()
    try:
        with ending(chunks):
            for chunk in chunks:
                if chunk:  # an empty one would be the end for the library
                    yield from channel.give(chunk)
        yield from channel.rest()
    finally:
        channel.abandon()
        thread.join()


class _Channel:
    """Both queues, and the two files that the library sees. What comes before `run` is the caller's, the rest the thread's."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._given: deque[bytes] = deque()
        self._made: deque[bytes] = deque()
        self._no_more = False
        self._abandoned = False
        self._finished = False
        self._error: BaseException | None = None
        self._reading = memoryview(b"")
        self._writing: list[bytes] = []
        self._written = 0

    def give(self, chunk: bytes) -> Iterator[bytes]:
        """Hands over one piece; meanwhile yields what is ready."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: len(self._given) < _ROOM or self._made or self._finished)
                ready = self._take()
                given = len(self._given) < _ROOM
                if given:
                    self._given.append(chunk)
                    self._changed.notify_all()
            yield from ready
            self._raise_error()
            if given:
                return

    def rest(self) -> Iterator[bytes]:
        """No more will be given; yields everything up to the end."""
        with self._changed:
            self._no_more = True
            self._changed.notify_all()
        finished = False
        while not finished:
            with self._changed:
                self._changed.wait_for(lambda: self._made or self._finished)
                ready, finished = self._take(), self._finished
            yield from ready
        self._raise_error()

    def abandon(self) -> None:
        """The thread ends at its next touch of either file."""
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def _take(self) -> list[bytes]:
        ready = list(self._made)
        self._made.clear()
        self._changed.notify_all()
        return ready

    def _raise_error(self) -> None:
        if self._finished and self._error is not None:
            raise self._error

    def run(self, work: "Callable[[_Channel, _Channel], None]") -> None:
        """The thread: the library's work, and what became of it."""
        from pyrage import DecryptError

        error: BaseException | None = None
        try:
            work(self, self)
            self._pass_on()
        except DecryptError as said:
            error = said
        except Exception as said:  # noqa: BLE001  it is raised again where the caller can see it
            error = _LibraryError(str(said))
        with self._changed:
            self._error = error
            self._finished = True
            self._changed.notify_all()

    def read(self, size: int) -> bytes:
        """For the library: up to so many bytes; none at the end."""
        if not self._reading:
            with self._changed:
                self._changed.wait_for(lambda: self._given or self._no_more or self._abandoned)
                if self._abandoned:
                    raise _AbandonedError
                if self._given:
                    self._reading = memoryview(self._given.popleft())
                    self._changed.notify_all()
        piece, self._reading = self._reading[:size], self._reading[size:]
        return bytes(piece)

    def write(self, piece: bytes) -> int:
        """For the library. Small pieces are gathered, so that the queue is rarely touched."""
        self._writing.append(piece)
        self._written += len(piece)
        if self._written >= CHUNK:
            self._pass_on()
        return len(piece)

    def flush(self) -> None:
        """For the library, which asks for it at its end; `run` passes on the last piece."""

    def _pass_on(self) -> None:
        if not self._writing:
            return
        piece = b"".join(self._writing)
        self._writing, self._written = [], 0
        with self._changed:
            self._changed.wait_for(lambda: len(self._made) < _ROOM or self._abandoned)
            if self._abandoned:
                raise _AbandonedError
            self._made.append(piece)
            self._changed.notify_all()
