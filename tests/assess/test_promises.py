"""What an assessment promises to those whose live database it looks at."""

import hashlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from actions.backup.connecting import libpq_environment, place_of
from actions.backup.programs import find_programs, programs_for
from actions.backup.scratch import PREFIX, ScratchServer, place_sum
from tests.assess.service import People

pytestmark = pytest.mark.slow

SLOW = 'op.execute("SELECT pg_sleep(20)")\nop.drop_column("people", "mail")'
RISKS = {"none", "low", "medium", "high", "critical"}


def fingerprint(url: str) -> tuple[str, str]:
    """The text of the schema, and every row of every table."""
    programs = programs_for(18, find_programs(os.environ))
    dumps = []
    for part in ("--schema-only", "--data-only"):
        dumped = subprocess.run(
            [programs.folder / "pg_dump", part, "--restrict-key=same"],
            env={"PATH": os.environ["PATH"], **libpq_environment(url)}, capture_output=True, check=True,
        ).stdout  # fmt: skip
        dumps.append(hashlib.md5(dumped, usedforsecurity=False).hexdigest())
    return dumps[0], dumps[1]


def scratch_databases(url: str) -> list[str]:
    """Those that were made by somebody who is connected to this database, marked or not: tests share a server."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
        assert row is not None
        prefix = f"{PREFIX}{place_sum(place_of(url)[2], row[0])}_"
        found = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
        return [str(name) for (name,) in found]


def wait_until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 40
    while not true():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.05)


def is_asleep(url: str) -> bool:
    """Somewhere on this server a rehearsal of ours is in its long statement."""
    names = scratch_databases(url)
    with psycopg.connect(url) as connection:
        query = "SELECT 1 FROM pg_stat_activity WHERE datname = ANY(%s) AND query LIKE '%%pg_sleep(20)%%'"
        return connection.execute(query, [names]).fetchone() is not None


def descendants(leader: int) -> list[int]:
    """Children, their children, and so on."""
    done = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    parents = dict(map(int, line.split()) for line in done.stdout.splitlines())
    found: list[int] = [leader]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found[1:]


@pytest.mark.parametrize("data", [(), ("--data",)], ids=["schema", "data"])
def test_the_live_database_is_the_same_afterwards_and_no_copy_is_left(people: People, data: tuple[str, ...]) -> None:
    people.project()
    before = fingerprint(people.url)
    done = people.assess("people", *data)
    assert done.returncode == 0, done.stderr
    assert "250 values" in done.stdout
    assert fingerprint(people.url) == before
    assert scratch_databases(people.url) == []


def test_killed_in_its_middle_it_changed_nothing_and_leaves_nothing_behind(people: People) -> None:
    people.project(downgrade=SLOW)
    before = fingerprint(people.url)
    with subprocess.Popen(people.command(), env=people.environment(), stdout=subprocess.DEVNULL) as program:
        wait_until(lambda: is_asleep(people.url), "the rehearsal never began")
        children = descendants(program.pid)
        assert children
        program.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(map(is_alive, children)), "children outlived the program")
    assert fingerprint(people.url) == before
    assert len(scratch_databases(people.url)) == 1
    with ScratchServer(people.url):
        assert scratch_databases(people.url) == []


def gates_left() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("backout-gate-*"))


@pytest.mark.parametrize("after", [0.9, 1.7, 2.6, 3.3, 4.1, 5.2])
def test_killed_at_any_moment_it_changed_nothing_and_leaves_nothing_behind(people: People, after: float) -> None:
    people.project(downgrade='op.execute("SELECT pg_sleep(1)")\nop.drop_column("people", "mail")')
    before, gates = fingerprint(people.url), gates_left()
    with subprocess.Popen(
        people.command("people", "--data"), env=people.environment(), stdout=subprocess.DEVNULL
    ) as program:
        time.sleep(after)
        children = descendants(program.pid)
        program.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(map(is_alive, children)), "children outlived the program")
    wait_until(lambda: gates_left() <= gates, "a gate's folder outlived the program")
    wait_until(lambda: not is_making(people.url), "the server never noticed")
    assert fingerprint(people.url) == before
    done = people.assess("people", "--sql")
    assert done.returncode == 0, done.stderr
    assert scratch_databases(people.url) == []


def is_making(url: str) -> bool:
    with psycopg.connect(url) as connection:
        query = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'backout scratch'"
        return connection.execute(query).fetchone() is not None


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@contextmanager
def watched_locks(url: str) -> Iterator[set[tuple[str, str]]]:
    """Every lock on a relation of this database that somebody else held while it was watched."""
    seen: set[tuple[str, str]] = set()
    over = threading.Event()

    def watch() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not over.is_set():
                seen.update(connection.execute(LOCKS).fetchall())
                time.sleep(0.001)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


LOCKS = """
SELECT relation::regclass::text, mode FROM pg_locks
WHERE locktype = 'relation' AND pid <> pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def test_no_lock_on_the_live_database_is_stronger_than_a_readers(people: People) -> None:
    people.project()
    with watched_locks(people.url) as seen:
        done = people.assess("people", "--data")
    assert done.returncode == 0, done.stderr
    assert "people" in {relation for relation, _ in seen}, "the watch saw nothing"
    assert {mode for _, mode in seen} == {"AccessShareLock"}, seen


def clear(done: "subprocess.CompletedProcess[str]", code: int, *words: str) -> None:
    """It ended as it should, in words, without a traceback or a password."""
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert "Traceback" not in said
    assert "unexpected went wrong" not in said
    for word in words:
        assert word in said
    assert "postgresql://" not in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("people", "--to", "0123456"), ("0123456",), id="unknown revision"),
        pytest.param(("people", "--to", "abcd"), ("`abcd1`", "`abcd2`"), id="ambiguous id"),
        pytest.param(("people", "-1", "--to", "a1"), ("not both",), id="both -N and --to"),
        pytest.param(("people", "--to", "-99"), ("fewer revisions",), id="too far"),
        pytest.param(("nobody",), ("no service `nobody`", "`people`"), id="unknown service"),
        pytest.param(("page",), ("page", "`migrations`"), id="a service without migrations"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_in_words(
    people: People, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    people.project().script("abcd1", follows="b2").script("abcd2", follows="abcd1")
    people.fill("UPDATE alembic_version SET version_num = 'abcd2'")
    clear(people.assess(*arguments), 2, *words)


def test_a_live_revision_that_no_script_knows_is_named_with_what_to_do(people: People) -> None:
    people.project().fill("UPDATE alembic_version SET version_num = 'feedbeef'")
    clear(people.assess(), 2, "Can't locate revision identified by 'feedbeef'", "Restore it from git")


def test_a_database_that_alembic_never_ran_on_is_named(people: People) -> None:
    people.project().fill("DROP TABLE alembic_version")
    clear(people.assess(), 2, "no table `alembic_version`")


def test_an_interpreter_without_alembic_is_named(people: People) -> None:
    people.project()
    bare = people.folder / "bare"
    subprocess.run([people.command()[0], "-m", "venv", "--without-pip", bare], check=True)
    people.entry(python=str(bare / "bin/python"))
    clear(people.assess(), 2, "cannot import alembic", "interpreter of the service")


def test_a_script_that_cannot_be_imported_is_a_finding_that_names_the_module(people: People) -> None:
    people.project().fill("UPDATE alembic_version SET version_num = 'c3'").script("c3", follows="b2")
    script = people.folder / "versions" / "c3.py"
    script.write_text("import nowhere_to_be_found\n" + script.read_text())
    clear(people.assess(), 0, "high risk", "nowhere_to_be_found")


def test_an_env_that_goes_to_the_live_database_is_stopped_and_named(people: People) -> None:
    people.project(url=repr(people.url))
    before = fingerprint(people.url)
    clear(people.assess(), 0, "another database than the one that was handed over", "is refused", "`migrations.url`")
    assert fingerprint(people.url) == before


def test_a_role_that_may_not_make_databases_still_gets_an_answer(people: People) -> None:
    people.project()
    role, password = f"poor_{os.getpid()}", "p00r-password"
    people.fill(
        f"CREATE ROLE {role} LOGIN PASSWORD '{password}'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
    )
    tail = people.url.partition("@")[2]
    poor = f"postgresql://{role}:{password}@{tail}"
    try:
        done = people.assess(PEOPLE_URL=poor)
        clear(done, 0, "Not rehearsed", "may not create databases", "CREATEDB", "high risk")
        with_data = people.assess("people", "--data", PEOPLE_URL=poor)
        clear(with_data, 2, "may not create databases", "CREATEDB")
    finally:
        people.fill(f"DROP OWNED BY {role}; DROP ROLE {role}")
    assert password not in done.stdout + done.stderr + with_data.stdout + with_data.stderr


def test_a_statement_timeout_in_the_downgrade_is_told(people: People) -> None:
    people.project(downgrade=SLOW).entry(database=", statement_timeout: 500ms")
    clear(people.assess(), 0, "statement timeout", "high", "`migrations.timeout`")


def test_a_wrong_password_is_told_without_the_password(people: People) -> None:
    people.project()
    tail = people.url.partition("@")[2]
    done = people.assess(PEOPLE_URL=f"postgresql://backout:wr0ng-passw0rd@{tail}")
    clear(done, 1, "password authentication failed", "Check the URL")
    assert "wr0ng-passw0rd" not in done.stdout + done.stderr


def test_a_server_that_goes_away_in_the_middle_is_told_as_such(people: People) -> None:
    people.project(downgrade=SLOW)
    command = people.command()
    with subprocess.Popen(
        command, env=people.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        wait_until(lambda: is_asleep(people.url), "the rehearsal never began")
        # What a client sees of a lost server: its sessions end, and new ones are refused.
        take_away_copies(people.url)
        out, err = program.communicate(timeout=60)
    clear(subprocess.CompletedProcess(command, program.returncode, out, err), 1, "went away", "assess again")


def take_away_copies(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for name in scratch_databases(url):
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


@pytest.mark.parametrize("data", [(), ("--data",)], ids=["schema", "data"])
def test_the_json_has_the_keys_that_others_rely_on(people: People, data: tuple[str, ...]) -> None:
    people.project()
    done = people.assess("people", "--json", *data)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["service"], found["from"], found["to"]) == ("people", ["b2"], ["a1"])
    assert [(step["revision"], type(step["message"]), len(step["hash"])) for step in found["path"]] == [("b2", str, 64)]
    assert found["risk"] in RISKS
    for finding in found["findings"]:
        assert {"code", "severity", "object", "message", "evidence", "remedy"} <= finding.keys()
        assert finding["severity"] in RISKS
        assert isinstance(finding["evidence"], dict)
    [entry] = [each for each in found["ledger"] if each["rows"]]
    assert (entry["table"], entry["column"], entry["rows"], entry["exact"]) == ("people", "mail", 250, True)
    assert isinstance(entry["written_since_deploy"], int | None)
    rehearsal = found["rehearsal"]
    assert (rehearsal["kind"], rehearsal["succeeds"], rehearsal["error"]) == ("data" if data else "schema", True, None)
    assert rehearsal["seconds"] > 0
    assert ("people", "AccessExclusiveLock") in {(lock["relation"], lock["mode"]) for lock in rehearsal["locks"]}
    for strategy in found["strategies"]:
        assert {"name", "recommended", "data_lost", "estimated_seconds", "why"} <= strategy.keys()
    assert sum(strategy["recommended"] for strategy in found["strategies"]) == 1
    assert found["policy"]["verdict"] in {"allow", "approve", "refuse"}
    assert isinstance(found["policy"]["approvals"], int)
    assert all(isinstance(reason, str) for reason in found["policy"]["reasons"])
    assert len(bytes.fromhex(found["digest"])) == 32


def test_sql_and_markdown_are_printed_for_those_who_ask(people: People) -> None:
    people.project()
    printed = people.assess("people", "--sql")
    assert printed.returncode == 0, printed.stderr
    with psycopg.connect(people.url) as connection:
        # It runs as it is printed; and then it did not.
        connection.execute(printed.stdout.encode())
        connection.rollback()
    assert "ALTER TABLE people DROP COLUMN mail;" in printed.stdout
    ticket = people.assess("people", "--markdown")
    assert ticket.returncode == 0, ticket.stderr
    assert ticket.stdout.startswith("## Going back: people (staging), `b2` → `a1`\n")
    assert "| `people.mail` | 250 values |" in ticket.stdout
