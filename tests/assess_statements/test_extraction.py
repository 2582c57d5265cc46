"""Names and expressions found in statements."""

import pytest

from actions.assess.statements.reading import statements_in
from actions.assess.statements.values import Cascade, Name, Retyping, Statement


def only(text: str) -> Statement:
    (statement,) = statements_in(text)
    return statement


def test_every_retyping_of_one_statement_is_found() -> None:
    found = only(
        """ALTER TABLE IF EXISTS ONLY "Shop".orders
             ALTER COLUMN "Unit Price" TYPE numeric(10, 2) /* as before */ USING round("Unit Price", 2),
             ADD COLUMN type text,
             ALTER status SET DATA TYPE varchar(20) COLLATE "C",
             ALTER COLUMN type TYPE integer USING (type::integer),
             ALTER COLUMN at TYPE timestamp without time zone USING at AT TIME ZONE 'UTC',
             ALTER COLUMN id SET DEFAULT 1"""
    )

    table = Name(schema="Shop", name="orders")
    assert found.retypings == (
        Retyping(table=table, column="Unit Price", type="numeric(10, 2)", using='round("Unit Price", 2)'),
        Retyping(table=table, column="status", type="varchar(20)", using=None),
        Retyping(table=table, column="type", type="integer", using="(type::integer)"),
        Retyping(table=table, column="at", type="timestamp without time zone", using="at AT TIME ZONE 'UTC'"),
    )


@pytest.mark.parametrize(
    ("text", "cascades"),
    [
        ("DROP TABLE a", ()),
        ("DROP TABLE IF EXISTS a, b.c CASCADE", (("table", "a"), ("table", "b.c"))),
        ('DROP TYPE "Mood" CASCADE', (("type", '"Mood"'),)),
        ("DROP FUNCTION f(int, text) CASCADE", (("function", "f(int, text)"),)),
        ("DROP MATERIALIZED VIEW v RESTRICT", ()),
        ("ALTER TABLE a DROP COLUMN IF EXISTS b CASCADE, DROP c, DROP CONSTRAINT d CASCADE",
            (("column", "a.b"), ("constraint", "a.d"))),
    ],
)  # fmt: skip
def test_drops_that_cascade_are_found(text: str, cascades: tuple[tuple[str, str], ...]) -> None:
    assert only(text).cascades == tuple(Cascade(what=what, name=name) for what, name in cascades)


@pytest.mark.parametrize(
    ("text", "written", "truncated"),
    [
        ("INSERT INTO Users (id) SELECT id FROM old_users", ["users"], []),
        ('UPDATE "Users" SET a = 1 FROM b', ["Users"], []),
        ("DELETE FROM ONLY app.users USING b", ["app.users"], []),
        ("MERGE INTO a USING b ON true WHEN MATCHED THEN UPDATE SET c = 1", ["a"], []),
        ("INSERT INTO a VALUES (1) ON CONFLICT (id) DO UPDATE SET b = 1", ["a"], []),
        ("WITH x AS (DELETE FROM a RETURNING *), y AS (UPDATE b SET c = 1) INSERT INTO d TABLE x", ["a", "b", "d"], []),
        ("TRUNCATE TABLE a, ONLY app.b RESTART IDENTITY CASCADE", ["a", "app.b"], ["a", "app.b"]),
        ("TRUNCATE a", ["a"], ["a"]),
        ("COPY app.a (b) FROM STDIN", ["app.a"], []),
        ("CREATE TABLE IF NOT EXISTS a AS SELECT * FROM b", ["a"], []),
        ("SELECT * INTO UNLOGGED a FROM b", ["a"], []),
        ("SELECT * FROM a FOR NO KEY UPDATE", [], []),
        (r'DELETE FROM U&"d\0061t\+000061"', ["data"], []),
    ],
)
def test_written_and_truncated_tables_are_named(text: str, written: list[str], truncated: list[str]) -> None:
    statement = only(text)

    assert [str(name) for name in statement.writes] == written
    assert [str(name) for name in statement.truncates] == truncated


def test_read_tables_are_named_without_the_names_of_with() -> None:
    statement = only(
        "WITH x AS (SELECT * FROM a LEFT JOIN app.b USING (id)), y (c) AS (SELECT 1) SELECT * FROM x, y, d"
    )

    assert [str(name) for name in statement.reads] == ["a", "app.b", "d"]
