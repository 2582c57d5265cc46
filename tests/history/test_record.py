import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import psycopg
import pytest

from actions.errors import RefusedError
from actions.history.audit import audit
from actions.history.canonical import decode
from actions.history.database import History, open_history
from actions.history.queries import show
from actions.history.record import Entry, append
from actions.history.rollbacks import Opened
from actions.history.values import Event

Ask = Callable[..., Opened]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET body = body",
        "UPDATE events SET body = body WHERE false",
        "DELETE FROM events",
        "DELETE FROM events WHERE false",
        "TRUNCATE events",
        "TRUNCATE rollbacks CASCADE",
    ],
)
def test_the_database_refuses_to_change_the_record(
    superuser: psycopg.Connection, ask: Ask, history: History, change: str
) -> None:
    ask()
    with pytest.raises(psycopg.DatabaseError, match="never changed or removed"):
        superuser.execute(change.encode())
    superuser.execute("SET session_replication_role = replica")  # which switches ordinary triggers off
    with pytest.raises(psycopg.DatabaseError, match="never changed or removed"):
        superuser.execute(change.encode())
    assert audit(history).whole


def test_the_refusal_reads_well_in_the_product(history: History, ask: Ask) -> None:
    ask()
    with pytest.raises(RefusedError, match="refused to change the record"), history.writing() as connection:
        connection.exec_driver_sql("DELETE FROM events")


def test_even_the_owner_has_no_right_to_change_it(superuser: psycopg.Connection) -> None:
    rights = superuser.execute("""
        SELECT array_agg(privilege_type ORDER BY 1)::text[] FROM pg_class, aclexplode(relacl)
        WHERE oid = 'events'::regclass""").fetchone()
    assert rights is not None
    assert not {"UPDATE", "DELETE", "TRUNCATE"} & set(rights[0])
    assert {"SELECT", "INSERT"} <= set(rights[0])


def test_a_rollback_with_entries_cannot_be_deleted(superuser: psycopg.Connection, ask: Ask) -> None:
    ask()
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        superuser.execute("DELETE FROM rollbacks")


def test_an_entry_cannot_name_a_rollback_that_is_not_there(superuser: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        superuser.execute("""INSERT INTO events (seq, body, hash) VALUES (1, '{"rollback":7}', sha256(''))""")


def test_an_entry_is_canonical_and_its_hash_covers_the_one_before(
    history: History, superuser: psycopg.Connection, ask: Ask
) -> None:
    ask("a"), ask("b")
    first, second = superuser.execute("SELECT body, hash, rollback_id, kind FROM events ORDER BY seq").fetchall()
    body = decode(second[0])
    assert isinstance(body, dict)
    assert list(body) == ["actor", "at", "details", "kind", "rollback", "row", "seq"]
    assert first[1] == sha256(bytes(32) + first[0].encode()).digest()
    assert second[1] == sha256(first[1] + second[0].encode()).digest()
    assert (second[2], second[3]) == (body["rollback"], body["kind"])


def test_what_is_searched_cannot_differ_from_what_is_hashed(superuser: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.GeneratedAlways):
        superuser.execute("INSERT INTO events (seq, body, hash, kind) VALUES (1, '{}', sha256(''), 'x')")


def test_the_time_is_the_database_s(history: History, ask: Ask) -> None:
    event = show(history, ask().rollback.id).events[0]
    assert event.at.tzinfo is not None
    assert abs(event.at - datetime.now(UTC)) < timedelta(seconds=30)


def test_entries_of_many_writers_have_no_gap_and_times_never_go_back(
    history: History, superuser: psycopg.Connection
) -> None:
    def write(writer: int) -> None:
        for n in range(10):
            with history.writing() as connection:
                append(connection, Entry(kind="tick", actor=str(writer), details={"n": n}))

    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert audit(history).entries == 40
    bodies = [json.loads(body) for (body,) in superuser.execute("SELECT body FROM events ORDER BY seq")]
    assert [body["at"] for body in bodies] == sorted(body["at"] for body in bodies)
    for writer_name in "0123":
        assert [b["details"]["n"] for b in bodies if b["actor"] == writer_name] == list(range(10))


def test_writers_see_each_other_whatever_the_server_s_default_is(
    history_url: str, superuser: psycopg.Connection
) -> None:
    name = superuser.info.dbname
    superuser.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'".encode())
    with open_history(history_url) as history:
        with history.writing() as connection:
            assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "read committed"
        with history.reading() as connection:
            assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "repeatable read"


def test_an_entry_of_a_transaction_that_fails_was_never_there(history: History) -> None:
    with pytest.raises(RefusedError), history.writing() as connection:  # noqa: PT012
        append(connection, Entry(kind="tick", actor="clock"))
        raise RefusedError("no")
    assert audit(history).entries == 0


def test_a_long_story_is_shown_in_pages(history: History, ask: Ask) -> None:
    rollback, other = ask("a").rollback.id, ask("b").rollback.id
    with history.writing() as connection:
        for n in range(24):
            append(connection, Entry(kind="tick", actor="c", rollback=(rollback, other)[n % 2], details={"n": n}))
    seen: list[Event] = []
    after = 0
    while True:
        story = show(history, rollback, after=after, page=5)
        seen += story.events
        if story.more_after is None:
            break
        after = story.more_after
    assert [event.details.get("n") for event in seen] == [None, *range(0, 24, 2)]
    assert show(history, rollback, page=13).more_after is None


def test_show_says_so_when_an_entry_is_no_longer_readable(
    history: History, superuser: psycopg.Connection, ask: Ask
) -> None:
    rollback = ask().rollback.id
    superuser.execute("ALTER TABLE events DISABLE TRIGGER ALL")
    superuser.execute("""UPDATE events SET body = '{"rollback":1}'""")
    with pytest.raises(Exception, match="somebody changed it") as error:
        show(history, rollback)
    assert "backout audit" in str(error.value)
