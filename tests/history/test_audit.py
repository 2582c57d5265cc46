"""Each way to tamper is done as a superuser who takes the guards away first, on a chain of twelve entries."""

from collections.abc import Callable
from hashlib import sha256

import psycopg
import pytest

from actions.history import audit as auditing
from actions.history.audit import AuditProgress, Noted, audit
from actions.history.database import History
from actions.history.lifecycle import Status
from actions.history.queries import chain_head
from actions.history.record import Entry, append
from actions.history.rollbacks import Facts, Move, Opened, amend, move
from actions.history.walk import ChainWalk, Finding, Flaw, RawEntry

Ask = Callable[..., Opened]
ENTRIES = 12


@pytest.fixture(autouse=True)
def chain(history: History, ask: Ask) -> None:
    """RB-1 succeeded, RB-2 is waiting, RB-3 was refused: twelve entries."""
    first, second, third = (ask(name).rollback.id for name in "abc")
    with history.writing() as connection:
        for to in (Status.WAITING, Status.APPROVED, Status.RUNNING):
            move(connection, first, Move(to=to, actor="U2"))
    with history.writing() as connection:
        append(connection, Entry(kind="step.done", actor="runner", rollback=first, details={"row": {"n": 1.5}}))
        move(connection, second, Move(to=Status.WAITING, actor="U2"))
        amend(connection, second, Facts(strategy="restore"), Entry(kind="strategy.chosen", actor="U2"))
        append(connection, Entry(kind="started", actor="backout", details={"version": "ü 1.0"}))
    with history.writing() as connection:
        move(connection, first, Move(to=Status.SUCCEEDED, actor="runner"))
        move(connection, third, Move(to=Status.REFUSED, actor="policy"))


@pytest.fixture
def intruder(superuser: psycopg.Connection) -> psycopg.Connection:
    """A superuser who took the triggers and keys away."""
    superuser.execute("ALTER TABLE events DISABLE TRIGGER ALL")
    superuser.execute("ALTER TABLE events DROP CONSTRAINT events_pkey, DROP CONSTRAINT events_rollback_id_fkey")
    superuser.execute("ALTER TABLE steps DISABLE TRIGGER ALL")
    return superuser


def only(history: History) -> Finding:
    """The one finding of the chain (rows aside)."""
    report = audit(history)
    assert not report.whole
    (finding,) = (f for f in report.findings if not f.flaw.startswith("row-"))
    return finding


def rehash(connection: psycopg.Connection, first: int) -> None:
    """What a clever intruder does: computes every hash anew from some entry on."""
    rows = connection.execute("SELECT seq, body, hash FROM events ORDER BY seq").fetchall()
    last = bytes(32)
    for seq, body, stored in rows:
        last = sha256(last + body.encode()).digest() if seq >= first else stored
        connection.execute("UPDATE events SET hash = %s WHERE seq = %s", (last, seq))


def test_an_honest_record_is_whole(history: History) -> None:
    report = audit(history)
    assert report.head == chain_head(history)
    assert report.whole
    assert (report.entries, report.rollbacks, report.head.seq) == (ENTRIES, 3, ENTRIES)
    assert report.noted is None


def test_an_empty_record_is_whole(history: History, intruder: psycopg.Connection) -> None:
    intruder.execute("DELETE FROM events; DELETE FROM rollbacks")
    report = audit(history, "0:000000000000")
    assert report.whole
    assert str(report.head) == str(chain_head(history)) == "0:000000000000"


@pytest.mark.parametrize("seq", [1, 2, 7, ENTRIES - 1, ENTRIES])
def test_a_changed_event_is_found_and_named(history: History, intruder: psycopg.Connection, seq: int) -> None:
    intruder.execute('UPDATE events SET body = replace(body, \'"actor":"\', \'"actor":"x\') WHERE seq = %s', (seq,))
    finding = only(history)
    assert (finding.flaw, finding.seq) == (Flaw.CHANGED, seq)
    assert f"Entry {seq} was changed" in finding.text


@pytest.mark.parametrize("seq", [1, 2, 7, ENTRIES - 1, ENTRIES])
def test_a_changed_event_whose_hash_was_made_to_fit_is_found_at_the_next(
    history: History, intruder: psycopg.Connection, seq: int
) -> None:
    head = str(audit(history).head)
    before = b"".join(intruder.execute("SELECT hash FROM events WHERE seq = %s", (seq - 1,)).fetchone() or [bytes(32)])
    intruder.execute('UPDATE events SET body = replace(body, \'"actor":"\', \'"actor":"x\') WHERE seq = %s', (seq,))
    intruder.execute("UPDATE events SET hash = sha256(%s || convert_to(body, 'UTF8')) WHERE seq = %s", (before, seq))
    if seq == ENTRIES:  # nothing follows it: only a head that was noted elsewhere tells
        assert audit(history).whole
        assert audit(history, head).noted is Noted.REWRITTEN
    else:
        finding = only(history)
        assert (finding.flaw, finding.seq) == (Flaw.CHANGED, seq + 1)
        assert f"entry {seq} was changed together with its hash" in finding.text


@pytest.mark.parametrize("seq", [1, 2, 7, ENTRIES - 1])
def test_a_changed_hash_is_found_and_named(history: History, intruder: psycopg.Connection, seq: int) -> None:
    intruder.execute("UPDATE events SET hash = sha256(hash) WHERE seq = %s", (seq,))
    finding = only(history)
    assert (finding.flaw, finding.seq) == (Flaw.HASH, seq)


@pytest.mark.parametrize("seq", [1, 2, 7, ENTRIES - 1])
@pytest.mark.parametrize("closed", [False, True], ids=["leaving a gap", "and the gap was closed"])
def test_a_removed_event_is_found_and_named(
    history: History, intruder: psycopg.Connection, seq: int, closed: bool
) -> None:
    intruder.execute("DELETE FROM events WHERE seq = %s", (seq,))
    if closed:
        intruder.execute("UPDATE events SET seq = seq - 1 WHERE seq > %s", (seq,))
    finding = only(history)
    assert (finding.flaw, finding.seq, finding.text) == (Flaw.REMOVED, seq, f"Entry {seq} is missing")


def test_several_removed_events_are_named(history: History, intruder: psycopg.Connection) -> None:
    intruder.execute("DELETE FROM events WHERE seq IN (4, 5, 6, 9)")
    assert only(history).text == "Entries 4 to 6 are missing"


def test_a_removed_event_is_found_even_when_all_the_hashes_behind_it_were_made_to_fit(
    history: History, intruder: psycopg.Connection
) -> None:
    intruder.execute("DELETE FROM events WHERE seq = 7; UPDATE events SET seq = seq - 1 WHERE seq > 7")
    rehash(intruder, 7)
    finding = only(history)
    assert (finding.flaw, finding.seq, finding.text) == (Flaw.REMOVED, 7, "Entry 7 is missing")


INSERT = """
    UPDATE events SET seq = seq + 1 WHERE seq >= %(at)s;
    INSERT INTO events (seq, body, hash)
    SELECT %(at)s, %(body)s, sha256(%(salt)s || hash || convert_to(%(body)s, 'UTF8'))
    FROM (SELECT hash FROM events WHERE seq = %(at)s - 1
          UNION ALL SELECT decode(repeat('00', 32), 'hex') LIMIT 1) before
"""


@pytest.mark.parametrize("seq", [1, 2, 7, ENTRIES - 1, ENTRIES])
@pytest.mark.parametrize("salt", [b"", b"wrong"], ids=["with a hash that fits", "with any hash"])
def test_an_inserted_event_is_found_and_named(
    history: History, intruder: psycopg.Connection, seq: int, salt: bytes
) -> None:
    body = f'{{"actor":"U9","at":"2026-01-01T00:00:00.000000Z","details":{{}},"kind":"x","rollback":null,"seq":{seq}}}'
    with psycopg.ClientCursor(intruder) as cursor:
        cursor.execute(INSERT, {"at": seq, "body": body, "salt": salt})
    finding = only(history)
    assert (finding.flaw, finding.seq) == (Flaw.INSERTED, seq)


@pytest.mark.parametrize(("one", "other"), [(1, 2), (4, 5), (3, 9), (1, ENTRIES), (ENTRIES - 1, ENTRIES)])
def test_reordered_events_are_found_and_named(
    history: History, intruder: psycopg.Connection, one: int, other: int
) -> None:
    intruder.execute("UPDATE events SET seq = %s - seq WHERE seq IN (%s, %s)", (one + other, one, other))
    finding = only(history)
    assert (finding.flaw, finding.seq) == (Flaw.REORDERED, one)
    assert finding.text == f"At place {one} stands what was written as entry {other}"


def test_a_body_that_is_no_longer_an_entry_is_found(history: History, intruder: psycopg.Connection) -> None:
    intruder.execute("UPDATE events SET body = '[]' WHERE seq = 5")
    assert (only(history).flaw, only(history).seq) == (Flaw.CHANGED, 5)


@pytest.mark.parametrize("seq", [1, 2, 7, ENTRIES - 1, ENTRIES])
def test_a_rewritten_chain_is_found_given_an_earlier_head(
    history: History, intruder: psycopg.Connection, seq: int
) -> None:
    head = str(audit(history).head)
    intruder.execute('UPDATE events SET body = replace(body, \'"actor":"\', \'"actor":"x\') WHERE seq = %s', (seq,))
    rehash(intruder, seq)
    assert audit(history).whole
    report = audit(history, head)
    assert not report.whole
    assert report.noted is Noted.REWRITTEN


def test_a_head_stays_in_the_chain_while_it_grows(history: History, ask: Ask) -> None:
    head = str(audit(history).head)
    ask("d")
    report = audit(history, head)
    assert report.whole
    assert (report.noted, report.head.seq) == (Noted.IN_CHAIN, ENTRIES + 1)


def test_a_shortened_chain_is_found_given_an_earlier_head(history: History, intruder: psycopg.Connection) -> None:
    head = str(audit(history).head)
    intruder.execute("DELETE FROM events WHERE seq > 10; DELETE FROM rollbacks WHERE service = 'c'")
    report = audit(history, head)
    assert report.noted is Noted.CUT_OFF
    assert not report.whole


def test_a_shortened_chain_shows_in_the_rows_also_without_a_head(
    history: History, intruder: psycopg.Connection
) -> None:
    intruder.execute("DELETE FROM events WHERE seq > 10")
    assert [(f.flaw, str(f.rollback)) for f in audit(history).findings] == [
        (Flaw.ROW_CHANGED, "RB-1"),
        (Flaw.ROW_CHANGED, "RB-3"),
    ]


CHANGES = [
    "requester = 'U9'",
    "status = 'failed'",
    "outcome = 'all well'",
    "reason = ''",
    "ledger_summary = '{\"rows\": 0}'",
    "requested_at = requested_at + interval '1 microsecond'",
    "approvals_needed = 0",
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_row_is_found_and_named(history: History, intruder: psycopg.Connection, change: str) -> None:
    intruder.execute(f"UPDATE rollbacks SET {change} WHERE id = 1".encode())
    (finding,) = audit(history).findings
    assert (finding.flaw, str(finding.rollback)) == (Flaw.ROW_CHANGED, "RB-1")


def test_a_row_changed_by_hand_stays_found_after_its_next_honest_change(
    history: History, ask: Ask, intruder: psycopg.Connection
) -> None:
    intruder.execute("UPDATE rollbacks SET requester = 'U9' WHERE service = 'b'")
    with history.writing() as connection:
        move(connection, ask("b").rollback.id, Move(to=Status.APPROVED, actor="U2"))
    (finding,) = audit(history).findings
    assert (finding.flaw, finding.seq, str(finding.rollback)) == (Flaw.ROW_CHANGED, ENTRIES + 1, "RB-2")


def test_a_row_without_entries_is_found(history: History, intruder: psycopg.Connection) -> None:
    intruder.execute("""
        INSERT INTO rollbacks (request_key, service, environment, requester, reason, target, runbook, status)
        VALUES ('k', 'd', 'production', 'U9', '', 'base', 'downgrade', 'succeeded')""")
    (finding,) = audit(history).findings
    assert finding.flaw is Flaw.ROW_UNRECORDED
    assert str(finding.rollback) in finding.text


def test_a_removed_row_is_found(history: History, intruder: psycopg.Connection) -> None:
    intruder.execute("DELETE FROM rollbacks WHERE id = 3")
    (finding,) = audit(history).findings
    assert (finding.flaw, str(finding.rollback)) == (Flaw.ROW_REMOVED, "RB-3")


def test_a_row_exchanged_for_another_is_found_twice(history: History, intruder: psycopg.Connection) -> None:
    intruder.execute("UPDATE rollbacks SET id = DEFAULT WHERE id = 3")
    assert [f.flaw for f in audit(history).findings] == [Flaw.ROW_UNRECORDED, Flaw.ROW_REMOVED]


def test_a_walk_remembers_open_rollbacks_only(superuser: psycopg.Connection) -> None:
    entries: list[RawEntry] = superuser.execute(
        "SELECT seq, convert_to(body, 'UTF8'), hash FROM events ORDER BY seq"
    ).fetchall()
    walk = ChainWalk()
    assert walk.follow(entries) == ENTRIES
    assert list(walk._seals) == [b"2"]
    assert walk.opened == 3


def test_flaws_are_found_across_the_batches_that_are_read(history: History, superuser: psycopg.Connection) -> None:
    seq, last = superuser.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone() or (0, b"")
    with superuser.cursor().copy("COPY events (seq, body, hash) FROM STDIN") as copy:
        for number in range(seq + 1, 2 * auditing.BATCH + 3):
            body = f'{{"actor":"c","at":"x","details":{{}},"kind":"tick","rollback":null,"seq":{number}}}'
            last = sha256(last + body.encode()).digest()
            copy.write_row((number, body, last))
    told: list[AuditProgress] = []
    report = audit(history, progress=told.append)
    assert report.whole
    assert report.entries == 2 * auditing.BATCH + 2
    assert [p.entries for p in told][:3] == [auditing.BATCH, 2 * auditing.BATCH, 2 * auditing.BATCH + 2]
    assert (told[-1].rollbacks, told[-1].of_rollbacks, told[-1].of_entries) == (3, 3, report.entries)
    superuser.execute("ALTER TABLE events DISABLE TRIGGER ALL")
    for seq in (auditing.BATCH, auditing.BATCH + 1, 2 * auditing.BATCH):
        superuser.execute("UPDATE events SET hash = sha256(hash) WHERE seq = %s", (seq,))
        assert (only(history).flaw, only(history).seq) == (Flaw.HASH, seq)
        superuser.execute(
            """
            UPDATE events e SET hash = sha256(before.hash || convert_to(e.body, 'UTF8'))
            FROM events before WHERE before.seq = e.seq - 1 AND e.seq = %s""",
            (seq,),
        )
    assert audit(history).whole
