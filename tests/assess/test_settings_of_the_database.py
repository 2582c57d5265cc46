"""What `ALTER DATABASE` or `ALTER ROLE` set for every session holds in a rehearsal too: it decides where scripts look."""

import json

import psycopg
import pytest
from psycopg import sql

from tests.assess.service import People

pytestmark = pytest.mark.slow

MOVED = """
CREATE SCHEMA app;
ALTER TABLE people SET SCHEMA app;
ALTER TABLE alembic_version SET SCHEMA app;
"""
#: Goes wrong where a session has not the setting.
LOOKS = """
assert op.get_bind().exec_driver_sql("SHOW app.tenant").scalar() == "blue, of 7"
op.drop_column("people", "mail")
""".strip()


def test_tables_in_another_schema_that_the_search_path_of_the_database_names(people: People) -> None:
    people.fill(MOVED).project(downgrade=LOOKS)
    with psycopg.connect(people.url) as connection:
        database = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET search_path = app, public").format(database))
        connection.execute(
            sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {} SET app.tenant = 'blue, of 7'").format(database)
        )
    done = people.assess("people", "--data", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["rehearsal"]["succeeds"], said
    assert [(each["code"], each["object"]) for each in said["findings"] if each["severity"] == "high"] == [
        ("DL104", "app.people.mail")
    ]
