import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from actions.errors import ConfigurationError
from actions.history.audit import audit
from actions.history.database import History
from actions.history.lifecycle import Status
from actions.history.queries import show
from actions.history.rollbacks import Move, Opened, RollbackRequest, move, open_rollback

Ask = Callable[..., Opened]


@contextmanager
def asker(here: Path, url: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(here / "asking.py"), url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        assert process.stdin is not None
        process.stdin.close()
    assert process.returncode == 0


def told(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def heard(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


def test_of_two_processes_that_ask_at_once_one_opens_it_and_the_other_is_told_which(
    here: Path, history: History, history_url: str, superuser: psycopg.Connection
) -> None:
    with asker(here, history_url) as one, asker(here, history_url) as two:
        for n in range(100):
            told(one, f"service-{n} one-{n}")
            told(two, f"service-{n} two-{n}")
            (id_one, *first), (id_two, *second) = heard(one), heard(two)
            assert id_one == id_two
            assert sorted([first, second]) == [["False", "service"], ["True", "None"]]
    counted = superuser.execute("SELECT count(*), count(DISTINCT service) FROM rollbacks").fetchone()
    assert counted == (100, 100)
    report = audit(history)
    assert report.whole
    assert report.entries == 100


@pytest.mark.slow
def test_of_two_processes_that_deliver_one_request_twice_both_get_the_same_row(
    here: Path, history_url: str, superuser: psycopg.Connection
) -> None:
    with asker(here, history_url) as one, asker(here, history_url) as two:
        for n in range(50):
            # Two services, so that only the key can bring them together.
            told(one, f"a-{n} key-{n}")
            told(two, f"b-{n} key-{n}")
            (id_one, *first), (id_two, *second) = heard(one), heard(two)
            assert id_one == id_two
            assert sorted([first, second]) == [["False", "request_key"], ["True", "None"]]
    assert superuser.execute("SELECT count(*) FROM rollbacks").fetchone() == (50,)


def test_many_threads_and_services_at_once_leave_a_whole_chain(history: History, ask: Ask) -> None:
    got: list[Opened] = []

    def ask_and_stop(n: int) -> None:
        opened = ask(f"service-{n % 4}")
        got.append(opened)
        if opened.created:
            with history.writing() as connection:
                move(connection, opened.rollback.id, Move(to=Status.STOPPED, actor="U1"))

    threads = [threading.Thread(target=ask_and_stop, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    created = [opened for opened in got if opened.created]
    assert len(got) == 24
    report = audit(history)
    assert report.whole
    assert (report.rollbacks, report.entries) == (len(created), 2 * len(created))


def test_a_repeated_request_gets_its_own_rollback_again_even_when_it_is_over(history: History, ask: Ask) -> None:
    first = ask(key="slack-123")
    with history.writing() as connection:
        move(connection, first.rollback.id, Move(to=Status.STOPPED, actor="U1"))
    again = ask(key="slack-123")
    assert (again.created, again.existing_because) == (False, "request_key")
    assert again.rollback.id == first.rollback.id
    assert again.rollback.status is Status.STOPPED


def test_a_service_is_free_again_when_its_rollback_is_over(history: History, ask: Ask) -> None:
    first = ask()
    assert ask().existing_because == "service"
    with history.writing() as connection:
        move(connection, first.rollback.id, Move(to=Status.STOPPED, actor="U1"))
    second = ask()
    assert second.created
    assert second.rollback.id != first.rollback.id


def test_a_halted_rollback_blocks_its_service(history: History, ask: Ask) -> None:
    first = ask().rollback.id
    for to in (Status.APPROVED, Status.RUNNING, Status.HALTED):
        with history.writing() as connection:
            move(connection, first, Move(to=to, actor="U1"))
    assert ask().existing_because == "service"


def test_the_first_entry_tells_what_was_asked(history: History, ask: Ask) -> None:
    opened = ask("content-api")
    (event,) = show(history, opened.rollback.id).events
    assert (event.kind, event.actor, event.rollback) == ("rollback.requested", "U1", opened.rollback.id)
    assert event.details["service"] == "content-api"
    assert event.details["reason"] == "checkout fails since 14:02"
    assert event.at >= opened.rollback.requested_at


@pytest.mark.parametrize("reason", ["a\0b", "half \ud83d"])
def test_text_that_cannot_be_written_down_is_refused_before_anything_is_written(
    history: History, superuser: psycopg.Connection, reason: str
) -> None:
    request = RollbackRequest(
        request_key="k", service="s", environment="e", requester="U1", target="previous", reason=reason
    )
    with pytest.raises(ConfigurationError, match="cannot be written down"):
        open_rollback(history, request)
    assert superuser.execute("SELECT count(*) FROM rollbacks").fetchone() == (0,)


def test_odd_but_honest_text_survives(history: History) -> None:
    # Among it every character that JSON escapes: the audit has the database write some of what is hashed.
    controls = "".join(map(chr, range(1, 0x20)))
    odd = f'{controls} " \\ / \x7f \u0080 \u2028 \u202e \ufffe 🦆 %s :name {{x}} \\u0000 </b>'
    request = RollbackRequest(request_key="k", service=odd, environment=odd, requester=odd, target=odd, reason=odd)
    opened = open_rollback(history, request)
    story = show(history, opened.rollback.id)
    assert story.rollback.reason == odd
    assert story.events[0].details["reason"] == odd
    assert audit(history).whole
