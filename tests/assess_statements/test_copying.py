"""Which tables a script takes over row by row, as far as its text proves it."""

import pytest

from actions.assess.statements.copying import copied_whole, handed_on
from actions.assess.statements.reading import statements_in


def _copied(text: str, *, rows: bool = True) -> dict[str, set[str]]:
    found = copied_whole(statements_in(text)).items()
    return {str(name): set(copied.columns) for name, copied in found if copied.rows is rows}


@pytest.mark.parametrize(
    ("text", "copied"),
    [
        ("INSERT INTO users (id, mail) SELECT id, email FROM people", {"people": {"id", "email"}}),
        # As Alembic's batch mode rebuilds a table.
        (
            """INSERT INTO _alembic_tmp_file (id, "user") SELECT file.id, file."user" FROM file; DROP TABLE file;
            ALTER TABLE _alembic_tmp_file RENAME TO file""",
            {"file": {"file", "id", "user"}},
        ),
        (
            "ALTER TABLE logs RENAME TO old; CREATE TABLE logs (id int); INSERT INTO logs SELECT id FROM old; DROP TABLE old",
            {"logs": {"id"}},
        ),
        ("CREATE TABLE kept AS SELECT * FROM users", {"users": {"*"}}),
        (
            "INSERT INTO pets SELECT 'cat', id FROM cats UNION ALL SELECT 'dog', id AS name FROM dogs d",
            {"cats": {"id"}, "dogs": {"id"}},
        ),
        ("INSERT INTO a SELECT id FROM b; INSERT INTO c SELECT name FROM b", {"b": {"id", "name"}}),
        ("INSERT INTO a SELECT id FROM b AS x ORDER BY id", {"b": {"id"}}),
        ("INSERT INTO a SELECT id FROM b; SELECT setval('a_id_seq', (SELECT max(id) FROM a))", {"b": {"id"}}),
    ],
)
def test_a_plain_copy_takes_over_every_row(text: str, copied: dict[str, set[str]]) -> None:
    assert _copied(text) == copied


def test_a_copy_of_all_that_is_not_null_takes_over_every_value_of_that_column_alone() -> None:
    text = "INSERT INTO a (i, v) SELECT id, bio FROM b WHERE bio IS NOT NULL ORDER BY id"
    assert _copied(text, rows=False) == {"b": {"bio"}}
    assert _copied(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO a SELECT id FROM b WHERE id > 3",
        "INSERT INTO a SELECT id FROM b WHERE id IS NOT NULL AND id > 3",
        "INSERT INTO a SELECT id FROM b ORDER BY id LIMIT 3",
        "INSERT INTO a SELECT DISTINCT id FROM b",
        "INSERT INTO a SELECT id FROM b LIMIT 10",
        "INSERT INTO a SELECT id FROM b UNION SELECT id FROM c",
        "INSERT INTO a SELECT id FROM b UNION ALL SELECT id FROM c LIMIT 10",
        "INSERT INTO a SELECT id FROM b ON CONFLICT DO NOTHING",
        "INSERT INTO a SELECT max(id) FROM b",
        "INSERT INTO a SELECT id FROM b, c",
        "INSERT INTO a SELECT id FROM b JOIN c USING (id)",
        "INSERT INTO a SELECT id FROM b TABLESAMPLE system (10)",
        "INSERT INTO a WITH x AS (SELECT id FROM b) SELECT id FROM x",
        "INSERT INTO a VALUES (1)",
        "CREATE VIEW a AS SELECT * FROM b",
        "CREATE TEMP TABLE a AS SELECT * FROM b",
        # The whole copy does not stay.
        "CREATE TABLE t AS SELECT * FROM b; INSERT INTO a SELECT id FROM t WHERE id > 3; DROP TABLE public.t",
        # Rows go before it, after it, or who knows.
        "DELETE FROM b WHERE id > 3; INSERT INTO a SELECT id FROM b",
        "INSERT INTO a SELECT id FROM b; TRUNCATE a",
        "INSERT INTO a SELECT id FROM b; DO $$ BEGIN PERFORM 1; END $$",
    ],
)
def test_whatever_may_leave_rows_out_takes_nothing_over(text: str) -> None:
    assert not copied_whole(statements_in(text))


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("UPDATE t SET new = old", "old"),
        ("UPDATE t SET new = old::kind WHERE old IS NOT NULL AND new IS NULL", "old"),
        ("UPDATE t SET new = CAST(old AS public.kind) WHERE old IS NOT NULL", "old"),
        ("UPDATE t SET new = lower(old)", None),
        ("UPDATE t SET new = CASE old WHEN 'a' THEN 'b' ELSE old END", None),
        ("UPDATE t SET new = old::text || 'x'", None),
        ("UPDATE t SET new = old, other = 1", None),
        ("UPDATE t SET new = old WHERE id > 3", None),
        ("UPDATE t SET new = u.old FROM u WHERE u.id = t.id", None),
        ("UPDATE t SET new = 'a'", None),
    ],
)
def test_a_column_is_handed_on_where_nothing_but_a_cast_is_done_to_it(text: str, column: str | None) -> None:
    assert {name for _, name in handed_on(statements_in(text))} == ({column} if column else set())
