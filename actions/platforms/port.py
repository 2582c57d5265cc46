"""The one way to run a command where a service lives.

`local` does it with processes; compose and Kubernetes have their own. Whoever needs a command asks for `Commands`
and does not know which it got.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from pathlib import PurePath
from typing import Protocol


class Stream(Enum):
    """Which of its two voices a command used."""

    OUT = "stdout"
    ERR = "stderr"


class Ended(Enum):
    """Why a command is over."""

    #: It came to its own end; `exit_code` says how.
    BY_ITSELF = "by itself"
    #: Its deadline passed and it was killed, with everything it had started.
    DEADLINE = "deadline"
    #: We were asked to stop it; killed likewise.
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of output, as it comes."""

    stream: Stream
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Inside:
    """Where a command runs when that is not this machine. `None` in its place means this machine."""

    #: A compose service, or a workload of the cluster (`deployment/api`).
    service: str | None = None
    #: An image alone, where there is no service to take everything else from.
    image: str | None = None
    #: Which container of a pod. None: the first.
    container: str | None = None
    #: In a fresh container or Job, made like the service's own; otherwise in the one that runs.
    one_off: bool = True
    #: The account of a Job. None: the platform's, else the workload's.
    account: str | None = None
    #: What the fresh one is called. The same name never runs twice: whatever of an earlier process still has it is
    #: ended first. None makes a name that nobody else has.
    name: str | None = None
    #: Whether standard input stays open for as long as the command runs, so that `Command.feed` can carry on a
    #: conversation; its end is then the command's end as well.
    converses: bool = False

    def __post_init__(self) -> None:
        """Somewhere."""
        if (self.service is None) == (self.image is None):
            raise ValueError("A command runs inside of a service or of an image")


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """What to run. Arguments can be seen by everyone on the machine: secrets belong into `env` or `stdin`."""

    argv: tuple[str, ...]
    #: In which container or pod; None is this machine.
    inside: Inside | None = None
    #: The working folder, as the place itself knows it; None leaves it to the platform.
    folder: PurePath | None = None
    #: The whole environment as far as the caller is concerned; the platform adds only what is ordinary there.
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    stdin: bytes = field(default=b"", repr=False)
    #: What is said after `stdin`, as soon as it is known; asked many times a second, and the pipe stays open until then.
    last_word: Callable[[], bytes | None] | None = field(default=None, repr=False)
    #: Whether whoever started it goes away and another carries on: then one that has a name, and lives elsewhere, is left
    #: running, to be found again. Asked when it is stopped; None ends it always.
    leaves: Callable[[], bool] | None = field(default=None, repr=False)
    #: A descriptor of ours that is read to its end; what comes out of it is said after `stdin`, for those who converse.
    feed: int | None = None
    #: A command that is run, on this machine, once this one was killed or we have died: for whatever it started
    #: that is out of our reach, such as a container.
    last_rites: tuple[str, ...] = ()
    deadline: timedelta = timedelta(minutes=10)
    #: Each stream keeps its beginning and its end when it is longer than this; the command is never hurt by that.
    keep_bytes: int = 64 * 1024 * 1024

    def __post_init__(self) -> None:
        """A command has a program and some time."""
        if not self.argv or not self.argv[0]:
            raise ValueError("A command needs a program")
        if self.deadline <= timedelta(0):
            raise ValueError("A command needs some time")


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """How it went. A signal ends a command with minus its number, as everywhere in Python."""

    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    ended: Ended = Ended.BY_ITSELF
    #: Something in the middle of an output was left out.
    cut: bool = False

    @property
    def succeeded(self) -> bool:
        """It came to its own end and says all is well."""
        return self.ended is Ended.BY_ITSELF and self.exit_code == 0


class Commands(Protocol):
    """Runs commands in one place."""

    def run(
        self,
        command: Command,
        *,
        watch: Callable[[Line], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Finished:
        """Run it to its end, its deadline, or until `should_stop` says so (asked several times a second).

        A program that cannot be started is a ConfigurationError. When we die, however suddenly, the command dies too.
        """
        ...
