"""Losses that an empty copy of the schema does not show, sent by ways that are easily overlooked, are called high."""

import json

import psycopg
import pytest

from tests.assess.service import People

pytestmark = pytest.mark.slow

OWNED = """
DO $$ BEGIN CREATE ROLE backout_test_owner; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE TABLE theirs (id int); INSERT INTO theirs VALUES (1); ALTER TABLE theirs OWNER TO backout_test_owner;
"""
WAYS = {
    "the driver's own cursor": ('op.get_bind().connection.cursor().execute("DELETE FROM people")', "DM101"),
    "a connection of its own": (
        'import os, psycopg\nwith psycopg.connect(os.environ["DATABASE_URL"]) as own:\n    own.execute("DELETE FROM people")',
        "DM101",
    ),
    "an emptied table, however that was sent": (
        'c = op.get_bind().connection\nsend = getattr(c, "cur" + "sor")().execute\nsend("TRUNCATE people")',
        "DL109",
    ),
    "there and back again": (
        'op.execute("ALTER TABLE people ALTER id TYPE numeric")\nop.execute("ALTER TABLE people ALTER id TYPE int")',
        "DL109",
    ),
    "a program whose refusal is swallowed": (
        'import subprocess\ntry:\n    subprocess.run(["psql", "-c", "DELETE FROM people"])\nexcept OSError:\n    pass',
        "OU101",
    ),
}  # fmt: skip


def codes(people: People) -> tuple[str, set[str]]:
    """The risk, and what is called high."""
    done = people.assess("people", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    return said["risk"], {finding["code"] for finding in said["findings"] if finding["severity"] == "high"}


@pytest.mark.parametrize("way", WAYS)
def test_rows_that_go_unheard_are_a_high_risk(people: People, way: str) -> None:
    downgrade, code = WAYS[way]
    people.fill("ALTER TABLE people DROP COLUMN mail; ALTER TABLE people ADD COLUMN mail text").project(
        downgrade=f'{downgrade}\nop.drop_column("people", "mail")'
    )
    risk, high = codes(people)
    assert risk == "high"
    assert code in high


def test_what_env_py_sends_beside_the_migrations_counts(people: People) -> None:
    people.fill("UPDATE people SET mail = NULL").project()
    env = people.folder / "env.py"
    env.write_text(env.read_text() + '    connection.exec_driver_sql("DELETE FROM people")\n    connection.commit()\n')
    risk, high = codes(people)
    assert risk == "high"
    assert high == {"DM101"}


def test_an_attribute_that_a_composite_type_loses_is_a_loss(people: People) -> None:
    people.fill("CREATE TYPE place AS (city text, zip text); ALTER TABLE people ADD COLUMN home place")
    people.fill("UPDATE people SET mail = NULL, home = ROW('here', '1')")
    people.project(downgrade='op.drop_column("people", "mail")\nop.execute("ALTER TYPE place DROP ATTRIBUTE zip")')
    assert codes(people) == ("high", {"DL110"})


def test_dropping_what_a_role_owns_is_refused_in_a_rehearsal(people: People) -> None:
    people.fill(OWNED).fill("UPDATE people SET mail = NULL")
    people.project(downgrade='op.drop_column("people", "mail")\nop.execute("DROP OWNED BY backout_test_owner")')
    try:
        assert codes(people) == ("high", {"IR101"})
    finally:
        with psycopg.connect(people.url) as connection:
            connection.execute("DROP OWNED BY backout_test_owner")
            connection.execute("DROP ROLE backout_test_owner")


def test_an_empty_target_is_no_target(people: People) -> None:
    done = people.project().assess("people", "--to", "")
    assert done.returncode == 2
    assert "--to is empty" in done.stderr


def test_values_that_nothing_turns_back_into_their_type_are_a_loss(people: People) -> None:
    # Its upgrade adds a column which is still there then.
    people.fill("UPDATE people SET mail = NULL").project(
        downgrade='op.execute("ALTER TABLE people ALTER id TYPE text")'
    )
    assert codes(people) == ("high", {"DL103"})
