import os
from pathlib import Path

import psycopg
import pytest

from actions.assess.data_rehearsal import copy_of_live
from actions.assess.rehearsal import Stage
from actions.backup.programs import find_programs
from actions.backup.scratch import ScratchServer
from actions.catalog import load_catalog
from actions.errors import BackoutError
from actions.platforms.local import LocalCommands

CATALOG = Path(__file__).parent / "orders.yml"


def stage(url: str, server: ScratchServer) -> Stage:
    service = load_catalog(CATALOG, {}).services["orders"]
    return Stage(
        service=service, environ={}, live_url=url, live_revisions=(), target="-1", server=server, beside=True,
        programs=find_programs(os.environ)[0], commands=LocalCommands(),
    )  # fmt: skip


def break_a_foreign_key(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int REFERENCES a)")
        connection.execute("SET session_replication_role = replica; INSERT INTO b VALUES (42)")


def test_rows_that_break_their_own_foreign_keys_are_copied_too(database_url: str, postgres_url: str) -> None:
    break_a_foreign_key(database_url)
    with ScratchServer(postgres_url) as server, copy_of_live(stage(database_url, server)) as copy:
        with psycopg.connect(copy.url) as connection:
            assert connection.execute("SELECT a FROM b").fetchall() == [(42,)]
        assert copy.name in copy.url


def test_while_somebody_is_connected_the_reason_is_said_instead(database_url: str, postgres_url: str) -> None:
    break_a_foreign_key(database_url)
    with psycopg.connect(database_url), ScratchServer(postgres_url) as server:
        opened = copy_of_live(stage(database_url, server))
        with pytest.raises(BackoutError, match="foreign key"):
            opened.__enter__()


def test_a_copy_of_the_files_has_no_way_into_other_servers_either(database_url: str, postgres_url: str) -> None:
    break_a_foreign_key(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE FOREIGN DATA WRAPPER f; CREATE SERVER s FOREIGN DATA WRAPPER f")
        connection.execute("CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'x')")
    with ScratchServer(postgres_url) as server, copy_of_live(stage(database_url, server)) as copy:
        with psycopg.connect(copy.url) as connection:
            assert connection.execute("SELECT count(*) FROM b").fetchone() == (1,)
            assert connection.execute("SELECT count(*) FROM pg_user_mappings").fetchone() == (0,)
        with psycopg.connect(database_url) as live:
            assert live.execute("SELECT count(*) FROM pg_user_mappings").fetchone() == (1,)
