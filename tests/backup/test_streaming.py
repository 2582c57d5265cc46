"""One program into another: whoever goes first, what is said of them is true."""

import time

from actions.backup.streaming import Streamed, stream
from actions.platforms.port import Command, Ended

PATH = {"PATH": "/usr/bin:/bin"}


def as_it_comes(chunk: bytes, *, is_last: bool) -> bytes:
    return chunk


def streamed(source: str, sink: str, within: float = 20) -> Streamed:
    def shell(text: str) -> Command:
        return Command(argv=("sh", "-c", text), env=PATH)

    return stream(shell(source), shell(sink), edit=as_it_comes, until=time.monotonic() + within)


def test_a_source_that_leaves_after_its_reader_has_succeeded_all_the_same() -> None:
    done = streamed("echo all; exec 1>&-; sleep 0.5; exit 0", "cat")
    assert (done.ended, done.source.exit_code, done.sink.exit_code) == (Ended.BY_ITSELF, 0, 0)


def test_a_source_that_fails_after_its_last_word_is_heard() -> None:
    done = streamed("echo all; exec 1>&-; sleep 0.3; echo 'error: no' >&2; exit 3", "cat")
    assert (done.source.exit_code, done.source.said) == (3, "error: no\n")


def test_a_source_whose_reader_went_away_is_ended() -> None:
    began = time.monotonic()
    done = streamed("while :; do echo more; done", "exit 4")
    assert done.sink.exit_code == 4
    assert done.source.exit_code != 0
    assert time.monotonic() - began < 10


def test_a_source_that_said_all_and_never_leaves_is_ended_at_the_deadline() -> None:
    done = streamed("exec 1>&-; sleep 60", "cat", within=1)
    assert done.ended is Ended.DEADLINE
