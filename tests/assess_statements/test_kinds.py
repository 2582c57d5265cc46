"""What a statement does, told from its text."""

import pytest

from actions.assess.statements.reading import statements_in
from actions.assess.statements.values import Kind

LOOK, SESSION, DDL, READS, MEASURES, DATA, CODE, OUTSIDE = Kind

PLAIN_DDL = [
    "CREATE TABLE a (id integer PRIMARY KEY, name varchar(10) DEFAULT 'x' REFERENCES b (id))",
    "CREATE TABLE a (b int GENERATED ALWAYS AS (c * 2) STORED)",
    "CREATE UNLOGGED TABLE IF NOT EXISTS a PARTITION OF b FOR VALUES FROM (1) TO (2)",
    "DROP TABLE a",
    "ALTER TABLE a ADD COLUMN b text DEFAULT 'x' NOT NULL",
    "ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0) NOT VALID",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON a USING btree (lower(b)) WHERE c IS NULL",
    "CREATE OR REPLACE VIEW v AS SELECT * FROM a",
    "CREATE MATERIALIZED VIEW v AS SELECT count(*) FROM a",
    "CREATE TYPE mood AS ENUM ('a', 'b')",
    "ALTER TYPE mood ADD VALUE 'c'",
    "CREATE OR REPLACE FUNCTION f() RETURNS trigger AS $$ BEGIN DELETE FROM a; END $$ LANGUAGE plpgsql",
    "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()",
    "CREATE EXTENSION IF NOT EXISTS vector",
    "COMMENT ON COLUMN a.b IS 'x'",
    "GRANT SELECT, UPDATE ON TABLE a TO b",
    "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM b",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO b",
    "REFRESH MATERIALIZED VIEW v",
    "REINDEX TABLE a",
    "ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH simple",
    "DROP FOREIGN TABLE f",
]


@pytest.mark.parametrize("text", PLAIN_DDL)
def test_definitions_are_ddl_and_nothing_else(text: str) -> None:
    (statement,) = statements_in(text)

    assert statement.kinds == {DDL}, statement.reasons
    assert statement.plain


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("SELECT 1", {LOOK}),
        ("(SELECT 1)", {LOOK}),
        ("VALUES (1, 2)", {LOOK}),
        ("SHOW server_version", {LOOK}),
        ("show standard_conforming_strings", {LOOK}),
        ("SELECT to_regclass('users') IS NOT NULL", {LOOK}),
        ("SELECT EXISTS (SELECT 1 FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace)", {LOOK}),
        ("SELECT column_name FROM information_schema.columns WHERE table_name = 'a'", {LOOK}),
        ("SELECT pg_catalog.pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint", {LOOK}),
        ("SELECT extract(year FROM now())", {LOOK}),
        ("SELECT a IS DISTINCT FROM b FROM pg_class", {LOOK}),
        ("WITH x (a, b) AS (SELECT 1, 2) SELECT * FROM x", {LOOK}),
        ("EXPLAIN SELECT relname FROM pg_class", {LOOK}),
        ("SELECT pg_relation_filenode('users'), pg_size_pretty(10::bigint)", {LOOK}),
        ("SELECT relname FROM pg_class", {LOOK}),
        ("SELECT pid FROM pg_stat_activity WHERE datname = current_database()", {LOOK}),
        ("SELECT version_num FROM alembic_version", {LOOK}),
        ("UPDATE alembic_version SET version_num='?' WHERE alembic_version.version_num = '?'", {LOOK}),
        ("INSERT INTO alembic_version (version_num) VALUES ('?')", {LOOK}),
        ("DELETE FROM public.alembic_version WHERE alembic_version.version_num = '?'", {LOOK}),
        ("SET lock_timeout = '5s'", {SESSION}),
        ("SAVEPOINT sa_savepoint_1", {SESSION}),
        ("ROLLBACK TO SAVEPOINT sa_savepoint_1", {SESSION}),
        ("COMMIT", {SESSION}),
        ("LOCK TABLE a IN EXCLUSIVE MODE", {SESSION}),
        ("SELECT pg_advisory_xact_lock(1)", {SESSION}),
        ("SELECT set_config('search_path', '', false)", {SESSION}),
    ],
)
def test_looks_into_catalogs_and_session_statements_are_plain(text: str, kinds: set[Kind]) -> None:
    (statement,) = statements_in(text)

    assert statement.kinds == kinds, statement.reasons
    assert statement.plain


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("SELECT * FROM users", READS),
        ("SELECT * FROM pg_class, users", READS),
        ("SELECT * FROM pg_class c JOIN pg_type t ON f(c.oid, 1), users", READS),
        ("SELECT * FROM pg_class, (users)", READS),
        ("SELECT * FROM (pg_class CROSS JOIN users)", READS),
        ("SELECT (SELECT max(id) FROM ONLY users)", READS),
        ("SELECT 1 WHERE EXISTS (TABLE users)", READS),
        ("TABLE users", READS),
        ("WITH x AS (SELECT * FROM users) SELECT * FROM x", READS),
        ("WITH pg_class AS (SELECT 1) SELECT * FROM public.pg_class", READS),
        ("SELECT * FROM users FOR UPDATE", READS),
        ("DECLARE c CURSOR FOR SELECT * FROM users", READS),
        ("FETCH ALL FROM c", READS),
        ("EXPLAIN SELECT * FROM users", MEASURES),
        ("EXPLAIN DELETE FROM users", MEASURES),
        ("SELECT pg_relation_size('users')", MEASURES),
        ("SELECT pg_catalog.pg_total_relation_size(oid) FROM pg_class", MEASURES),
        ("SELECT pg_table_size('users') + pg_indexes_size('users')", MEASURES),
        ("SELECT pg_database_size(current_database())", MEASURES),
        ("SELECT pg_stat_get_live_tuples(oid) FROM pg_class", MEASURES),
        ("SELECT n_live_tup FROM pg_stat_user_tables", MEASURES),
        ("SELECT heap_blks_read FROM pg_catalog.pg_statio_user_tables", MEASURES),
        ("SELECT null_frac FROM pg_stats", MEASURES),
        ("SELECT stanullfrac FROM pg_statistic", MEASURES),
        ("SELECT reltuples FROM pg_class", MEASURES),
        ("SELECT c.relpages FROM pg_catalog.pg_class c", MEASURES),
        ("SELECT * FROM pg_class", MEASURES),
        ("SELECT last_value FROM pg_sequences", READS),
        ("SELECT count(*) FROM pg_largeobject_metadata", READS),
        ("COPY users TO STDOUT", READS),
        ("COPY (SELECT * FROM users) TO STDOUT", READS),
        ("INSERT INTO a VALUES (1)", DATA),
        ("INSERT INTO a (b) SELECT c FROM d ON CONFLICT (b) DO UPDATE SET b = 1", DATA),
        ("UPDATE ONLY a SET b = 1", DATA),
        ("DELETE FROM a USING b", DATA),
        ("MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE", DATA),
        ("TRUNCATE a", DATA),
        ("COPY a (b) FROM STDIN", DATA),
        ("CREATE TABLE a AS SELECT 1 AS b", DATA),
        ("CREATE TEMP TABLE a AS TABLE b", DATA),
        ("SELECT 1 AS a INTO b", DATA),
        ("SELECT * INTO TEMP b FROM c", DATA),
        ("WITH x AS (DELETE FROM a RETURNING *) SELECT * FROM x", DATA),
        ("WITH x AS MATERIALIZED (SELECT 1) UPDATE a SET b = 1", DATA),
        ("WITH RECURSIVE x AS (SELECT 1) SEARCH DEPTH FIRST BY a SET b DELETE FROM a", DATA),
        ("EXPLAIN (ANALYZE, VERBOSE) DELETE FROM a", DATA),
        ("EXPLAIN ANALYZE VERBOSE DELETE FROM a", DATA),
        ("PREPARE x AS DELETE FROM a", DATA),
        ("SELECT setval('a_id_seq', 1)", DATA),
        ("UPDATE alembic_version SET version_num = (SELECT x FROM users)", DATA),
        ("DELETE FROM alembic_version USING users", DATA),
        ("DO $$ BEGIN DROP TABLE a; END $$", CODE),
        ("CALL fix()", CODE),
        ("EXECUTE x", CODE),
        ("SELECT fix_rows()", CODE),
        ("SELECT * FROM app.now()", CODE),
        ('SELECT "count"(1), "Fix"()', CODE),
        ("SELECT query_to_xml('DELETE FROM a', true, true, '')", CODE),
        ("LOAD 'x'", CODE),
        ("FROBNICATE TABLE a", CODE),
        ("CREATE FROBNICATION a", CODE),
        ('"select" 1', CODE),
        ("\\copy a from b", CODE),
        ("'just a string'", CODE),
        ("CREATE MATERIALIZED VIEW v AS SELECT fix_rows()", CODE),
        ("CREATE ROLE a", OUTSIDE),
        ("DROP DATABASE a", OUTSIDE),
        ("ALTER USER a PASSWORD 'x'", OUTSIDE),
        ("ALTER SYSTEM SET a = 1", OUTSIDE),
        ("CREATE TABLESPACE a LOCATION '/x'", OUTSIDE),
        ("CREATE USER MAPPING FOR a SERVER b", OUTSIDE),
        ("CREATE SERVER a FOREIGN DATA WRAPPER postgres_fdw", OUTSIDE),
        ("CREATE SUBSCRIPTION a CONNECTION 'x' PUBLICATION b", OUTSIDE),
        ("IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c", OUTSIDE),
        ("GRANT admin TO joe", OUTSIDE),
        ("GRANT CONNECT ON DATABASE a TO b", OUTSIDE),
        ("COMMENT ON DATABASE a IS 'x'", OUTSIDE),
        ("DROP OWNED BY a", OUTSIDE),
        ("REASSIGN OWNED BY a TO b", OUTSIDE),
        ("COPY a TO PROGRAM 'x'", OUTSIDE),
        ("COPY a FROM '/etc/x'", OUTSIDE),
        ("COPY (SELECT 1) TO '/tmp/x'", OUTSIDE),
        ("SELECT dblink_exec('x', 'y')", OUTSIDE),
        ("INSERT INTO a SELECT * FROM dblink('x', 'y') AS t(b int)", OUTSIDE),
        ("NOTIFY a", OUTSIDE),
        ("SELECT pg_notify('a', 'b')", OUTSIDE),
        ("SELECT net.http_post('x')", OUTSIDE),
        ("SELECT pg_terminate_backend(1)", OUTSIDE),
        ("PREPARE TRANSACTION 'x'", OUTSIDE),
        ("COMMIT PREPARED 'x'", OUTSIDE),
    ],
)
def test_what_an_empty_copy_does_not_show_is_not_plain(text: str, kind: Kind) -> None:
    (statement,) = statements_in(text)

    assert kind in statement.kinds, statement
    assert not statement.plain
    assert statement.reasons


def test_another_version_table_can_be_named() -> None:
    text = "DELETE FROM ops.versions; DELETE FROM alembic_version"

    assert [s.plain for s in statements_in(text, version_table="ops.versions")] == [True, False]


def test_a_table_called_update_or_a_column_called_delete_is_no_verb() -> None:
    (statement,) = statements_in("SELECT delete, p.insert FROM pg_class p")

    assert statement.kinds == {LOOK}
