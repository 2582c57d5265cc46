import os
import subprocess
from collections.abc import Sequence

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.backup.connecting import libpq_environment
from actions.backup.programs import find_programs
from actions.backup.schema_text import schema_hash, schema_statements, statement_title

SCHEMA = r"""
CREATE SCHEMA app;
SET search_path = app;
CREATE TABLE people (id int PRIMARY KEY, name text DEFAULT 'a;b -- c' CHECK (name <> E'\';'));
COMMENT ON TABLE people IS 'one; two
\restrict is a word here
-- and this is no comment';
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE plpgsql AS $f$
-- a remark that belongs to the function;
begin return $1 * 2; end $f$;
CREATE FUNCTION standard(n int) RETURNS int LANGUAGE sql
BEGIN ATOMIC
  SELECT CASE WHEN n > 0 THEN 1 ELSE 2 END;
  SELECT n /* ; */ * 2;
END;
CREATE RULE two AS ON INSERT TO people DO ALSO (NOTIFY a; NOTIFY b);
CREATE TABLE "odd; ""name"" -- x" ("begin" int);
"""


def dump(url: str) -> str:
    command = [find_programs(os.environ)[0].folder / "pg_dump", "--schema-only"]
    return subprocess.run(command, env=libpq_environment(url), capture_output=True, text=True, check=True).stdout


def test_a_dump_is_split_into_its_statements_without_its_frame(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
    first, second = dump(database_url), dump(database_url)
    statements = schema_statements(first)

    assert statements == schema_statements(second)
    titles = [statement_title(statement) for statement in statements]
    assert len([title for title in titles if title.startswith("CREATE ")]) == 6, titles
    assert 'CREATE TABLE app."odd; ""name"" -- x"' not in titles  # quoted names may hold anything: cut at a mark
    assert not [statement for statement in statements if statement.startswith(("SET ", "\\", "--"))]
    (function,) = [statement for statement in statements if "plpgsql" in statement]
    assert "-- a remark that belongs to the function;" in function
    (standard,) = [statement for statement in statements if "ATOMIC" in statement]
    assert standard.endswith("END")
    (comment,) = [statement for statement in statements if statement.startswith("COMMENT ON TABLE")]
    assert "\\restrict is a word here\n-- and this is no comment" in comment


def test_what_was_split_makes_the_same_schema_again(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        before = schema_statements(dump(database_url))
        connection.execute("DROP SCHEMA app CASCADE")
        for statement in before:
            connection.execute(statement.encode())
    assert schema_hash(schema_statements(dump(database_url))) == schema_hash(before)


def test_one_changed_word_changes_the_hash_and_the_order_does_not() -> None:
    statements = ("CREATE TABLE a (x integer)", "CREATE TABLE b (x integer)")
    assert schema_hash(statements) == schema_hash(reversed(statements))
    assert schema_hash(statements) != schema_hash((statements[0], "CREATE TABLE b (x bigint)"))
    # As a multiset: the same statement twice is not the same as once.
    assert schema_hash(statements) != schema_hash((*statements, statements[0]))


@pytest.mark.parametrize(
    ("statement", "title"),
    [
        ("CREATE TABLE public.people (\n    id integer\n)", "CREATE TABLE public.people"),
        ("COMMENT ON TABLE public.people IS 'secret'", "COMMENT ON TABLE public.people"),
        ("CREATE VIEW public.v AS\n SELECT 1", "CREATE VIEW public.v"),
        (
            "ALTER TABLE ONLY public.people\n    ADD CONSTRAINT people_pkey PRIMARY KEY (id)",
            "ALTER TABLE ONLY public.people ADD CONSTRAINT people_pkey PRIMARY KEY",
        ),
    ],
)
def test_a_statement_is_named_without_what_it_quotes(statement: str, title: str) -> None:
    assert statement_title(statement) == title


PIECES = st.sampled_from(
    [
        "SELECT ';'", "SELECT $$;$$", "SELECT $a$ $$ ; $a$", 'SELECT ";"', "SELECT (1; 2)", "SELECT E'\\';'", "a$b$c",
        "CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE a WHEN b THEN c END; END", "SELECT 1 -- ;\n + 2",
        "SELECT 'é;' /* ; /* ; */ */ , 3", "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC x; y; END", "BEGIN", "END",
    ]
)  # fmt: skip


@given(st.lists(PIECES))
def test_statements_that_are_joined_fall_apart_again(statements: Sequence[str]) -> None:
    script = "".join(f"--\n-- Name: x; Type: y\n--\n\n{statement};\n\n" for statement in statements)
    assert schema_statements("\\restrict abc\nSET a = 1;\n" + script + "\\unrestrict abc\n") == tuple(statements)


@given(st.text(alphabet="ab;'\"$()-/*\\\nE "))
def test_no_text_is_too_strange(text: str) -> None:
    for statement in schema_statements(text):
        assert statement.strip()
