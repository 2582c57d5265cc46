"""A database whose own files are damaged cannot be backed up any more; it can still be brought back from a backup."""

import psycopg
import pytest

from actions.backup.connecting import place_of
from actions.errors import BackoutError, UnavailableError
from actions.restore.backing_up import BackupOrder, back_up
from actions.restore.bringing_back import bring_back
from actions.restore.intending import Wanted, intend
from actions.restore.kept import drop_kept
from actions.restore.premises import Premises
from actions.restore.restoring import CannotBackUp


@pytest.fixture
def damaged(premises: Premises) -> Premises:
    """One backup, and then a long value of which a part is missing: whoever only counts rows sees nothing."""
    with psycopg.connect(premises.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE letters (id int PRIMARY KEY, text text)")
        connection.execute("ALTER TABLE letters ALTER text SET STORAGE EXTERNAL")
        connection.execute("INSERT INTO letters SELECT g, repeat(md5(g::text), 400) FROM generate_series(1, 20) g")
    back_up(premises, BackupOrder(prove=False))
    with psycopg.connect(premises.url, autocommit=True) as connection:
        toast = connection.execute(
            "SELECT reltoastrelid, reltoastrelid::regclass::text FROM pg_class WHERE relname = 'letters'"
        ).fetchone()
        assert toast
        number, name = toast
        lost = f"DELETE FROM {name} WHERE chunk_seq = 1 AND chunk_id = (SELECT min(chunk_id) FROM {name})"
        kind = "UPDATE pg_class SET relkind = '{}' WHERE oid = {}"
        for statement in ("SET allow_system_table_mods = on", kind.format("r", number), lost, kind.format("t", number)):
            connection.execute(statement.encode())
    return premises


def test_that_it_is_damaged_is_said_and_it_is_not_called_a_passing_trouble(damaged: Premises) -> None:
    with pytest.raises(BackoutError, match="chunk number") as caught:
        back_up(damaged, BackupOrder())
    assert not isinstance(caught.value, UnavailableError)
    assert "restore a backup" in str(caught.value.next_step)


def test_it_comes_back_without_a_safety_backup_and_what_is_left_of_it_is_kept(damaged: Premises) -> None:
    wanted = Wanted(backup="latest")
    came = bring_back(damaged, intend(damaged, wanted), wanted)
    try:
        assert isinstance(came.safety, CannotBackUp)
        assert "chunk number" in came.safety.why
        with psycopg.connect(damaged.url) as connection:
            assert connection.execute("SELECT sum(length(text)) FROM letters").fetchone() == (20 * 12800,)
        assert came.kept_as
    finally:
        if came.kept_as:
            drop_kept(damaged.admin_url, came.kept_as, database=place_of(damaged.url)[2])


@pytest.mark.parametrize("table", ["alembic_version", pytest.param("bills", marks=pytest.mark.slow)])
def test_a_table_that_somebody_changes_at_the_moment_is_no_reason_to_go_on_without_a_safety_backup(
    premises: Premises, table: str
) -> None:
    back_up(premises, BackupOrder(prove=False))
    wanted = Wanted(backup="latest")
    intent = intend(premises, wanted)
    with psycopg.connect(premises.url) as changing:
        changing.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        with pytest.raises(UnavailableError, match="lock"):
            bring_back(premises, intent, wanted)
