"""In place nothing of the present state is left but the safety backup: it is proven before anything is dropped."""

import psycopg
import pytest

from actions.errors import RefusedError
from actions.history.backups import find_backup
from actions.history.values import BackupState
from actions.restore.backing_up import BackupOrder, back_up
from actions.restore.bringing_back import bring_back
from actions.restore.intending import Wanted, intend
from actions.restore.premises import Premises
from tests.keeping.conftest import ROWS

#: Taken by pg_dump without a word, and refused when it comes back: what is there now breaks its own rule.
NOT_RESTORABLE = """
CREATE FUNCTION most() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 100';
CREATE TABLE ruled (id int CHECK (id < most()));
INSERT INTO ruled SELECT generate_series(1, 50);
CREATE OR REPLACE FUNCTION most() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 10';
"""


def rows(premises: Premises) -> int:
    with psycopg.connect(premises.url) as connection:
        found = connection.execute(
            "SELECT (SELECT count(*) FROM customers) + (SELECT count(*) FROM bills) + 1"
        ).fetchone()
    return int(found[0]) if found else 0


def changed(premises: Premises, *statements: str) -> None:
    with psycopg.connect(premises.url, autocommit=True) as connection:
        for statement in ("DELETE FROM bills WHERE id > 800", *statements):
            connection.execute(statement.encode())


def test_the_safety_backup_is_proven_before_anything_is_dropped(premises: Premises) -> None:
    made = back_up(premises, BackupOrder(prove=False))
    changed(premises)
    wanted = Wanted(backup=made.name, in_place=True)
    came = bring_back(premises, intend(premises, wanted), wanted)
    assert rows(premises) == ROWS
    safety = find_backup(premises.history, str(came.safety))
    assert safety
    assert safety.state is BackupState.PROVEN
    assert safety.manifest
    assert safety.manifest["rows"] == ROWS - 100


@pytest.mark.slow
def test_where_it_cannot_be_proven_nothing_is_dropped_unless_somebody_says_so(premises: Premises) -> None:
    made = back_up(premises, BackupOrder(prove=False))
    changed(premises, NOT_RESTORABLE)
    wanted = Wanted(backup=made.name, in_place=True)
    with pytest.raises(RefusedError, match="is not proven") as caught:
        bring_back(premises, intend(premises, wanted), wanted)
    assert "--unproven-safety" in str(caught.value)
    assert rows(premises) == ROWS - 100
    wanted = Wanted(backup=made.name, in_place=True, unproven_safety=True)
    bring_back(premises, intend(premises, wanted), wanted)
    assert rows(premises) == ROWS
