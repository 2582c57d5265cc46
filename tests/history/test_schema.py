import subprocess
import sys
from pathlib import Path
from typing import Any

import procrastinate.schema
import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from actions.errors import ConfigurationError, UnavailableError
from actions.history import schema
from actions.history.database import History, conninfo_of, open_history
from actions.history.rows import SEALED_PLAIN, SEALED_RECORDS
from actions.history.schema import downgrade_history, history_revision, newest_revision, upgrade_history
from actions.history.tables import events, metadata, rollbacks

MIGRATIONS = Path(schema.__file__).parent / "migrations"


def catalog(url: str) -> dict[str, list[Any]]:
    """Everything in the schema, in words that do not depend on when it was made."""
    questions = {
        "relations": "SELECT relname, relkind::text, relacl::text FROM pg_class WHERE {here}(relnamespace)",
        "columns": """
            SELECT c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                   a.attgenerated, pg_get_expr(d.adbin, d.adrelid)
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE a.attnum > 0 AND NOT a.attisdropped AND {here}(c.relnamespace)""",
        "constraints": """
            SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
            FROM pg_constraint WHERE {here}(connamespace)""",
        "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "functions": "SELECT proname, prosrc FROM pg_proc WHERE {here}(pronamespace)",
        "triggers": "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal",
        "types": "SELECT typname, typtype::text FROM pg_type WHERE {here}(typnamespace)",
        "labels": "SELECT enumtypid::regtype::text, enumlabel, enumsortorder FROM pg_enum",
    }
    with psycopg.connect(url) as connection:
        return {
            what: sorted(connection.execute(question.replace("{here}", "'public'::regnamespace = ").encode()), key=str)
            for what, question in questions.items()
        }


def without(found: dict[str, list[Any]], *words: str) -> dict[str, list[Any]]:
    return {
        what: [row for row in rows if not any(str(row[0]).startswith(word) for word in words)]
        for what, rows in found.items()
    }


def stamp(url: str, revision: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE backout_version SET version_num = %s", (revision,))


def test_up_down_and_up_again_ends_where_it_began(database_url: str) -> None:
    upgrade_history(database_url)
    first = catalog(database_url)
    assert history_revision(database_url) == newest_revision()
    downgrade_history(database_url)
    assert history_revision(database_url) is None
    left = without(catalog(database_url), "backout_version", "_backout_version")
    assert all(rows == [] for rows in left.values()), left
    upgrade_history(database_url)
    assert catalog(database_url) == first


def test_each_migration_goes_down_to_exactly_what_was_before(database_url: str) -> None:
    upgrade_history(database_url, "0001")
    before = catalog(database_url)
    upgrade_history(database_url, "0002")
    assert catalog(database_url) != before
    downgrade_history(database_url, "0001")
    assert catalog(database_url) == before


def test_the_migrations_make_what_the_code_believes_in(history: History) -> None:
    with history.reading() as connection:
        options = {
            "version_table": schema.VERSION_TABLE,
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, kind, _: kind != "table" or not name.startswith("procrastinate_"),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_the_migrations_also_agree_in_what_alembic_does_not_compare(history_url: str, database_url: str) -> None:
    with History(conninfo_of(database_url)) as other, other.writing() as connection:
        metadata.create_all(connection)
    ours = without(
        catalog(history_url), "procrastinate_", "_procrastinate_", "idx_procrastinate", "backout_", "_backout_"
    )
    theirs = catalog(database_url)
    for part in ("columns", "constraints", "indexes"):
        assert ours[part] == theirs[part]


def test_the_queue_is_the_library_s_own_schema_unchanged() -> None:
    # Fails when a new procrastinate changes its schema: add a migration with the library's new files then.
    installed = procrastinate.schema.SchemaManager.get_schema()
    assert (MIGRATIONS / "sql" / "procrastinate_3_4_up.sql").read_text() == installed


def test_every_column_of_a_rollback_is_sealed() -> None:
    assert {column.name for column in rollbacks.columns} == {*SEALED_PLAIN, *SEALED_RECORDS}
    # The database writes them in this order, and canonical JSON has them sorted.
    assert list(SEALED_PLAIN) == sorted(SEALED_PLAIN)


def test_entries_hold_nothing_but_number_text_hash_and_what_the_database_takes_from_the_text() -> None:
    assert [column.name for column in events.columns if column.computed is None] == ["seq", "body", "hash"]


def test_an_empty_database_is_set_up_by_opening_it(database_url: str) -> None:
    open_history(database_url).close()
    assert history_revision(database_url) == newest_revision()


def test_an_older_schema_is_brought_up_by_opening_it(database_url: str) -> None:
    upgrade_history(database_url, "0001")
    open_history(database_url).close()
    assert history_revision(database_url) == newest_revision()


@pytest.mark.parametrize("revision", [None, "0001"])
def test_without_the_right_to_migrate_an_older_schema_says_what_to_do(database_url: str, revision: str | None) -> None:
    if revision:
        upgrade_history(database_url, revision)
    with pytest.raises(ConfigurationError) as error:
        open_history(database_url, migrate=False)
    assert (f"at schema {revision}" if revision else "not set up") in error.value.what
    assert f"needs schema {newest_revision()}" in error.value.what
    assert "Start backout once with a role that may create tables" in str(error.value)
    assert history_revision(database_url) == revision


@pytest.mark.parametrize("migrate", [True, False])
def test_a_newer_schema_is_refused_and_left_alone(history_url: str, migrate: bool) -> None:
    stamp(history_url, "9999")
    before = catalog(history_url)
    with pytest.raises(ConfigurationError, match="newer version of backout"):
        open_history(history_url, migrate=migrate)
    for change in (upgrade_history, downgrade_history):
        with pytest.raises(ConfigurationError, match="newer version of backout"):
            change(history_url)
    assert catalog(history_url) == before


def test_a_database_of_something_else_is_refused_and_left_alone(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('0001')"
        )
    before = catalog(database_url)
    for change in (open_history, upgrade_history, downgrade_history):
        with pytest.raises(ConfigurationError, match="tables that are not ours"):
            change(database_url)
    assert catalog(database_url) == before


@pytest.mark.slow
def test_processes_that_start_together_set_it_up_once(here: Path, database_url: str) -> None:
    command = [sys.executable, str(here / "upgrading.py"), database_url]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, wrong = process.communicate(timeout=60)
        assert (process.returncode, wrong) == (0, "")
    assert history_revision(database_url) == newest_revision()


@pytest.mark.slow
def test_a_migration_gives_up_rather_than_queue_behind_a_lock(history_url: str) -> None:
    with psycopg.connect(history_url) as other:
        other.execute("LOCK TABLE sightings IN ACCESS SHARE MODE")
        with pytest.raises(UnavailableError, match="took too long"):
            downgrade_history(history_url)
    # The queue went in its own transaction; the rest is whole.
    assert history_revision(history_url) == "0001"
    open_history(history_url).close()
