import itertools
from collections.abc import Callable

import psycopg
import pytest

from actions.errors import ConfigurationError, RefusedError
from actions.history.chain import Head
from actions.history.database import History
from actions.history.lifecycle import FINAL, LIVE, NEXT, Status, sources
from actions.history.queries import live, show
from actions.history.record import Entry
from actions.history.rollbacks import Facts, Move, Opened, amend, lock_rollback, move
from actions.history.values import Risk, Rollback, RollbackId

Ask = Callable[..., Opened]


def go(history: History, rollback: RollbackId, to: Status, seen: Status | None = None, **facts: object) -> Rollback:
    with history.writing() as connection:
        return move(connection, rollback, Move(to=to, actor="U2", seen=seen, facts=Facts(**facts)))  # type: ignore[typeddict-item]


def path_to(status: Status) -> list[Status]:
    """The shortest legal way there."""
    ways = [[Status.ASSESSING]]
    for way in ways:
        if way[-1] is status:
            return way[1:]
        ways += [[*way, following] for following in sorted(NEXT[way[-1]]) if following not in way]
    raise AssertionError(f"no way leads to {status}")


def test_every_status_is_a_key_of_the_table() -> None:
    assert set(NEXT) == set(Status)


def test_every_status_can_be_reached_and_every_open_one_can_end() -> None:
    for status in Status:
        assert path_to(status) is not None
    ends = {status: status in FINAL for status in Status}
    for _ in Status:
        ends |= {status: True for status in Status if any(ends[following] for following in NEXT[status])}
    assert all(ends.values())


def test_final_and_live_part_the_statuses_and_a_halted_one_is_live() -> None:
    assert set(Status) == FINAL | LIVE
    assert not FINAL & LIVE
    assert Status.HALTED in LIVE
    assert Status.FAILED in FINAL


DECIDING = {Status.ASSESSING, Status.WAITING, Status.APPROVED}
BEGUN = {Status.RUNNING, Status.UNDOING, Status.CHOOSING, Status.HALTED}


def test_what_has_begun_never_goes_back_to_being_decided() -> None:
    for status in BEGUN:
        assert not NEXT[status] & (DECIDING | {Status.REFUSED, Status.REJECTED, Status.EXPIRED})


def test_nothing_runs_that_was_not_approved_and_nothing_succeeds_that_did_not_run() -> None:
    assert {status for status in DECIDING if NEXT[status] & BEGUN} == {Status.APPROVED}
    assert NEXT[Status.APPROVED] & BEGUN == {Status.RUNNING}
    assert sources(Status.SUCCEEDED) == {Status.RUNNING}


def test_from_the_moment_it_is_undone_it_cannot_succeed_and_only_a_person_gets_it_out_of_halted() -> None:
    assert NEXT[Status.UNDOING] == {Status.FAILED, Status.STOPPED, Status.HALTED}
    assert NEXT[Status.CHOOSING] == {Status.RUNNING, Status.FAILED, Status.HALTED}
    assert Status.SUCCEEDED not in NEXT[Status.HALTED]


def test_every_move_is_legal_or_refused_as_the_table_says(history: History, ask: Ask) -> None:
    for number, (found, to) in enumerate(itertools.product(Status, Status)):
        rollback = ask(service=f"service-{number}").rollback.id
        for step in path_to(found):
            go(history, rollback, step)
        if to in NEXT[found]:
            assert go(history, rollback, to, seen=found).status is to
        else:
            with pytest.raises(RefusedError, match=f"{rollback} is {found}"):
                go(history, rollback, to)
            assert show(history, rollback).rollback.status is found


def test_a_decision_on_a_stale_status_is_refused_and_names_the_status_found(history: History, ask: Ask) -> None:
    rollback = ask().rollback.id
    for status in (Status.APPROVED, Status.RUNNING, Status.HALTED):
        go(history, rollback, status)
    # Legal from halted, but whoever asks still believes that it is approved.
    with pytest.raises(RefusedError, match="is halted, not approved as it was; it cannot become running"):
        go(history, rollback, Status.RUNNING, seen=Status.APPROVED)
    assert show(history, rollback).rollback.status is Status.HALTED


def test_a_refused_move_leaves_no_entry(history: History, ask: Ask) -> None:
    rollback = ask().rollback.id
    before = show(history, rollback)
    with pytest.raises(RefusedError):
        go(history, rollback, Status.SUCCEEDED)
    assert show(history, rollback) == before


def test_a_move_and_its_entry_are_one_transaction(history: History, ask: Ask) -> None:
    rollback = ask().rollback.id

    def wait_then_run() -> None:
        with history.writing() as connection:
            move(connection, rollback, Move(to=Status.WAITING, actor="U2"))
            move(connection, rollback, Move(to=Status.RUNNING, actor="U2"))

    with pytest.raises(RefusedError, match="is waiting; it cannot become running"):
        wait_then_run()
    story = show(history, rollback)
    assert story.rollback.status is Status.ASSESSING
    assert [event.kind for event in story.events] == ["rollback.requested"]


def test_times_are_set_by_the_moves(history: History, ask: Ask) -> None:
    rollback = ask().rollback.id
    go(history, rollback, Status.WAITING, risk=Risk.HIGH, digest="d1", ledger_summary={"rows": 12})
    approved = go(history, rollback, Status.APPROVED)
    assert approved.decided_at is not None
    assert go(history, rollback, Status.ASSESSING).decided_at is None
    go(history, rollback, Status.APPROVED)
    first = go(history, rollback, Status.RUNNING).started_at
    go(history, rollback, Status.HALTED)
    again = go(history, rollback, Status.RUNNING)
    assert again.started_at == first
    ended = go(history, rollback, Status.SUCCEEDED, outcome="Back at 4f2a", actual={"seconds": 12.5})
    assert ended.finished_at is not None
    assert ended.finished_at >= ended.started_at >= ended.requested_at  # type: ignore[operator]
    assert (ended.risk, ended.ledger_summary, ended.outcome) == (Risk.HIGH, {"rows": 12}, "Back at 4f2a")


def test_an_entry_tells_who_moved_it_from_where_and_why(history: History, ask: Ask) -> None:
    rollback = ask().rollback.id
    with history.writing() as connection:
        move(connection, rollback, Move(to=Status.REFUSED, actor="policy", details={"because": "window closed"}))
    event = show(history, rollback).events[-1]
    assert (event.kind, event.actor) == ("rollback.refused", "policy")
    assert event.details == {"from": "assessing", "to": "refused", "because": "window closed"}


def test_an_open_rollback_can_be_amended_and_one_that_is_over_cannot(history: History, ask: Ask) -> None:
    rollback = ask().rollback.id
    entry = Entry(kind="strategy.chosen", actor="U2", details={"strategy": "restore"})
    with history.writing() as connection:
        assert amend(connection, rollback, Facts(strategy="restore"), entry).strategy == "restore"
    go(history, rollback, Status.STOPPED)
    with pytest.raises(RefusedError, match="it is over"), history.writing() as connection:
        amend(connection, rollback, Facts(strategy="downgrade"), entry)


def test_an_unknown_rollback_is_named_as_such(history: History) -> None:
    with pytest.raises(ConfigurationError, match="There is no RB-4711"):
        go(history, RollbackId(4711), Status.STOPPED)
    with pytest.raises(ConfigurationError, match="There is no RB-4711"):
        show(history, RollbackId(4711))


def test_two_who_decide_at_once_get_one_yes_and_one_clear_no(history: History, ask: Ask) -> None:
    rollback = ask().rollback.id
    go(history, rollback, Status.WAITING)
    with history.writing() as first:
        lock_rollback(first, rollback)
        with psycopg.connect(history.conninfo) as second:
            second.execute("SET lock_timeout = '50ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                second.execute("SELECT FROM rollbacks WHERE id = %s FOR UPDATE", (rollback.number,))
        move(first, rollback, Move(to=Status.REJECTED, actor="U2", seen=Status.WAITING))
    with pytest.raises(RefusedError, match="is rejected"):
        go(history, rollback, Status.APPROVED, seen=Status.WAITING)


def test_the_database_itself_knows_the_statuses(superuser: psycopg.Connection, ask: Ask) -> None:
    ask()
    with pytest.raises(psycopg.errors.CheckViolation):
        superuser.execute("UPDATE rollbacks SET status = 'aproved'")


def test_live_lists_the_open_ones_only(history: History, ask: Ask) -> None:
    open_one, over = ask("a").rollback.id, ask("b").rollback.id
    go(history, over, Status.STOPPED)
    assert [rollback.id for rollback in live(history)] == [open_one]


def test_sources_are_next_read_backwards() -> None:
    assert {(a, b) for b in Status for a in sources(b)} == {(a, b) for a in Status for b in NEXT[a]}


@pytest.mark.parametrize("text", ["RB-142", "rb-142", "142", " Rb142 ", "RB-0142"])
def test_the_number_of_a_rollback_is_read_in_every_usual_form(text: str) -> None:
    assert RollbackId.parse(text) == RollbackId(142)
    assert str(RollbackId.parse(text)) == "RB-142"


@pytest.mark.parametrize("text", ["", "RB-", "RB-0", "-1", "RB-1a", "142 143", "१४२", "9" * 40])
def test_anything_else_is_not_the_number_of_a_rollback(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not the number of a rollback"):
        RollbackId.parse(text)


@pytest.mark.parametrize("text", ["10482:9f3c0a6be1d2", " `10482:9F3C0A6BE1D2`\n", "'10482:9f3c0a6be1d2'"])
def test_a_head_is_read_as_it_is_copied_from_a_message(text: str) -> None:
    assert str(Head.parse(text)) == "10482:9f3c0a6be1d2"


@pytest.mark.parametrize(
    "text", ["", "10482", "10482:9f3c0a6be1d", "x:9f3c0a6be1d2", "1:9f3c0a6be1dg", "1:" + "a" * 65]
)
def test_anything_else_is_not_a_head(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not the head of a chain"):
        Head.parse(text)
