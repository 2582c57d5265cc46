"""A rehearsal with the data of a backup: it says what it was made of, and settles no more than it can."""

import json

import psycopg
import pytest

from actions.backup.scratch import PREFIX
from tests.assess.service import People

#: Loses the mails of people who came late, and gives them back to nobody.
TIDIES = 'op.execute("UPDATE people SET mail = NULL WHERE id > 500")'


def backed_up(people: People) -> str:
    done = people.backout("backup", "people", "--json")
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["name"])


def test_what_was_written_since_the_backup_is_still_counted(people: People) -> None:
    people.project()
    name = backed_up(people)
    with psycopg.connect(people.url) as connection:
        connection.execute("INSERT INTO people SELECT n, 'late', 'late@example.com' FROM generate_series(501, 600) n")
    done = people.assess("people", "--backup", "latest", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["rehearsal"]["kind"] == "data"
    assert said["rehearsal"]["succeeds"]
    assert said["rehearsal"]["backup"]["name"] == name
    assert {"code": "BK103", "object": name}.items() <= next(
        each for each in said["findings"] if each["code"] == "BK103"
    ).items()
    (entry,) = said["ledger"]
    assert (entry["table"], entry["column"], entry["rows"], entry["exact"]) == ("people", "mail", 350, True)
    assert scratch_databases(people) == []


@pytest.mark.slow
def test_a_migration_of_rows_that_the_backup_does_not_have_stays_high(people: People) -> None:
    people.project(downgrade=TIDIES)
    backed_up(people)
    with psycopg.connect(people.url) as connection:
        connection.execute("INSERT INTO people VALUES (501, 'late', 'late@example.com')")
    said = json.loads(people.assess("people", "--backup", "latest", "--json").stdout)
    assert said["risk"] == "high"
    assert "DM101" in {each["code"] for each in said["findings"] if each["severity"] == "high"}


@pytest.mark.slow
def test_a_backup_of_another_revision_is_refused_and_the_two_are_named(people: People) -> None:
    people.project()
    name = backed_up(people)
    with psycopg.connect(people.url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'a1'")
        connection.execute("ALTER TABLE people DROP COLUMN mail")
    done = people.assess("people", "--to", "base", "--backup", name)
    assert done.returncode == 3
    assert f"Backup {name} holds revision b2; the database is at a1" in done.stderr
    assert "Traceback" not in done.stderr
    assert scratch_databases(people) == []


@pytest.mark.slow
def test_a_backup_that_is_not_there_is_said_at_once(people: People) -> None:
    done = people.project().assess("people", "--backup", "people_20200101_000000")
    assert done.returncode == 2
    assert "There is no backup people_20200101_000000 of people" in done.stderr


def scratch_databases(people: People) -> list[str]:
    with psycopg.connect(people.url) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        return [str(row[0]) for row in rows]
