"""What was taken, brought back by other means, is the same to the last byte that pg_dump sees."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from actions.backup.manifest import Manifest, read_manifest
from actions.backup.rows import RowReader, TableRows, tallied
from tests.backup.by_hand import NAME, another, backed_up, bring_back, files, major_of, programs_of, whole_dump
from tests.restore.servers import debian_server

EVERYTHING = r"""
CREATE SCHEMA "Odd ""schema"" é";
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s; fine');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE span AS RANGE (subtype = float8);
CREATE TABLE every_type (
  a smallint, b int, c bigint, d numeric, e real, f double precision, g money, h char(5), i varchar(9), j text, k bytea,
  l timestamp, m timestamptz, n date, o time, p timetz, q interval, r boolean, s mood, t point, u line, v lseg, w box,
  x path, y polygon, z circle, aa cidr, ab inet, ac macaddr, ad macaddr8, ae bit(3), af varbit, ag tsvector, ah tsquery,
  ai uuid, aj xml, ak json, al jsonb, am jsonpath, an int[], ao text[][], ap pair, aq int4range, ar nummultirange, at span,
  au positive, av pg_lsn, aw "char", ax name, ay oid, az regclass, ba pair[]);
INSERT INTO every_type VALUES (
  -32768, 2147483647, -9223372036854775808, 'NaN', 0.1, 1e-308, 12345.67, 'ab', 'é', E'tab\t back\\ new\nline\r quote'' \\. \\N',
  '\x00ff0a5c', 'infinity', '2026-01-01 00:00:00.123456+05', '0044-03-15 BC', '24:00', '12:00+03', '1 mon -2 days 03:04:05.6', true,
  'it''s; fine', '(1,2)', '{1,2,3}', '[(0,0),(1,1)]', '(1,1),(0,0)', '[(0,0),(1,1)]', '((0,0),(1,1),(1,0))', '<(0,0),1>',
  '10/8', '::1/64', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', '101', '1', 'a:1 fat:2A', 'fat & !rat',
  'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', NULL, '{"a":  1}', '{"a": 1e5}', '$.a[*] ? (@ > 1)', '{1,NULL}',
  '{{"a,b","c\"d"},{"",NULL}}', '(1,"x,y")', '[1,5)', '{[1,2),[5,)}', '[1.5,2.5]', 7, '16/B374D848', 'x', 'name', 42,
  'pg_class', '{"(1,\"a b\")"}');
INSERT INTO every_type DEFAULT VALUES;
INSERT INTO every_type (j, e, f, q) VALUES ('', 'NaN', '-Infinity', '-1 year -2 mons +3 days');
CREATE TABLE big (id int GENERATED ALWAYS AS IDENTITY (START 7 INCREMENT 3), body text, twice int GENERATED ALWAYS AS (length(body) * 2) STORED,
  gone int, kept int DEFAULT 5);
ALTER TABLE big DROP COLUMN gone;
INSERT INTO big (body) SELECT E'row\t' || n || E'\n\\' FROM generate_series(1, 8000) n;
UPDATE big SET kept = NULL WHERE id % 3 = 0;
CREATE TABLE "Odd ""schema"" é"."new
line; 'quote' |*?$ \ ünicode" ("Col ""x""
y" text, "select" int);
INSERT INTO "Odd ""schema"" é"."new
line; 'quote' |*?$ \ ünicode" SELECT repeat('ö', 100), n FROM generate_series(1, 3000) n;
CREATE TABLE "A|B" (x text); CREATE TABLE a (x int); INSERT INTO a VALUES (1); INSERT INTO "A|B" SELECT repeat('x', 1000) FROM generate_series(1, 500);
CREATE TABLE no_columns (); INSERT INTO no_columns DEFAULT VALUES; INSERT INTO no_columns DEFAULT VALUES;
CREATE TABLE many_without_columns ();
INSERT INTO many_without_columns SELECT FROM generate_series(1, 6000);
CREATE TABLE only_made (x int GENERATED ALWAYS AS (1) STORED); INSERT INTO only_made DEFAULT VALUES;
CREATE TABLE parts (k int, v text) PARTITION BY RANGE (k);
CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE TABLE parts_rest PARTITION OF parts DEFAULT PARTITION BY HASH (v);
CREATE TABLE parts_rest_0 PARTITION OF parts_rest FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO parts SELECT n % 40, repeat('v', 30) || n FROM generate_series(1, 6000) n;
CREATE TABLE parent (a int); CREATE TABLE child (b text) INHERITS (parent);
INSERT INTO parent VALUES (1); INSERT INTO child SELECT n, repeat('c', 50) FROM generate_series(1, 4000) n;
CREATE UNLOGGED TABLE unlogged (a int); INSERT INTO unlogged VALUES (1), (2);
CREATE TABLE versions (version_num varchar(32)); ALTER TABLE versions RENAME TO alembic_version;
INSERT INTO alembic_version VALUES ('b2'), ('a1');
CREATE SEQUENCE plain_sequence; SELECT setval('plain_sequence', 41, true); CREATE SEQUENCE unused_sequence START 100;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM big;
CREATE MATERIALIZED VIEW "Not yet" AS SELECT 1 AS x WITH NO DATA;
CREATE VIEW seen AS SELECT * FROM every_type WHERE j <> 'x';
CREATE FUNCTION said() RETURNS text LANGUAGE sql AS $$ SELECT 'CREATE USER MAPPING FOR x OPTIONS (y)'; $$;
CREATE FUNCTION on_change() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER watch_ddl ON ddl_command_end EXECUTE FUNCTION on_change();
CREATE PUBLICATION told FOR TABLE big; COMMENT ON TABLE big IS 'it''s -- big;'; COMMENT ON COLUMN big.body IS 'the body';
CREATE TABLE hidden (who text, what text); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; ALTER TABLE hidden FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON hidden USING (who = current_user); INSERT INTO hidden VALUES ('nobody', 'secret');
CREATE RULE quiet AS ON DELETE TO a DO INSTEAD NOTHING;
CREATE STATISTICS together ON k, v FROM parts_low;
CREATE INDEX ON big ((lower(body))); ALTER TABLE big ADD PRIMARY KEY (id); ALTER TABLE big ADD CHECK (kept < 10) NOT VALID;
SELECT lo_from_bytea(4711, '\x0001ff'); SELECT lo_from_bytea(4712, ''); COMMENT ON LARGE OBJECT 4711 IS 'an object';
SELECT lo_from_bytea(4713, convert_to(repeat('0123456789', 30000), 'UTF8')); SELECT lo_put(4712, 5000, '\xab');
"""
EIGHTEEN = """
CREATE EXTENSION vector;
CREATE TABLE virtual (a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL, e vector(3));
INSERT INTO virtual (a, e) SELECT n, ARRAY[n, 0.1, -2]::vector FROM generate_series(1, 8000) n;
CREATE INDEX ON virtual USING hnsw (e vector_l2_ops) WITH (m = 4, ef_construction = 8);
"""


@pytest.fixture(params=["embedded 18", "Debian's 15"])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of its `postgres` database."""
    if request.param.startswith("embedded"):
        yield request.getfixturevalue("postgres_url")
    else:
        with debian_server("-c", "lc_monetary=C") as url:
            yield url


@pytest.fixture
def full(server: str) -> Iterator[str]:
    """A database with some of everything, and grants to a role of its own."""
    role = f"reader_{secrets.token_hex(4)}"
    with another(server) as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute(EVERYTHING.encode())
        if major_of(url) >= 18:
            connection.execute(EIGHTEEN)
        else:
            connection.execute("UPDATE every_type SET aj = '<a>&amp;</a>' WHERE a IS NOT NULL")  # built with libxml
        connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
        try:
            connection.execute(
                sql.SQL(
                    "GRANT SELECT (id), UPDATE ON big TO {0}; ALTER TABLE a OWNER TO {0}; GRANT SELECT ON LARGE OBJECT 4711 TO {0};"
                    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {0}; REVOKE ALL ON SCHEMA public FROM PUBLIC"
                ).format(sql.Identifier(role))
            )
            yield url
        finally:
            connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role)))


@pytest.mark.parametrize("form", ["parallel", "plain"])
@pytest.mark.by_day(2)
def test_everything_comes_back_exactly(full: str, form: str, tmp_path: Path) -> None:
    expected = whole_dump(full)
    taken = backed_up(full, tmp_path, form=form)
    with another(full) as target:
        bring_back(taken.manifest, tmp_path, target)
        assert whole_dump(target) == expected
        _assert_the_manifest_is_true(taken.manifest, target)
    assert taken.warnings == ()


def _assert_the_manifest_is_true(manifest: Manifest, url: str) -> None:
    """Held against what came back, asked in other words where there are others."""
    with psycopg.connect(url) as connection:

        def ask(query: str) -> Any:
            return connection.execute(query.encode()).fetchall()

        for table in manifest.tables:
            name = sql.Identifier(table.schema_name, table.name).as_string(connection)
            assert ask(f"SELECT count(*) FROM ONLY {name}") == [(table.rows,)], name
        assert {(each.schema_name, each.name): (each.last_value, each.is_called) for each in manifest.sequences} == {
            (schema, name): tuple(ask(f'SELECT last_value, is_called FROM "{schema}"."{name}"')[0])
            for schema, name in ask("SELECT schemaname, sequencename FROM pg_sequences")
        }
        assert manifest.materialised_views == {"public.counted": 1, 'public."Not yet"': None}
        assert manifest.large_objects.count == 3
    assert manifest.revisions == ("a1", "b2")
    assert "parts" not in {table.name for table in manifest.tables}
    assert {"child", "parent", "parts_low", "parts_rest_0", "no_columns"} <= {table.name for table in manifest.tables}
    (big,) = [table for table in manifest.tables if table.name == "big"]
    assert big.columns == ("id", "body", "kept")
    programs = programs_of(url)
    with RowReader(url, programs, encoding=manifest.database.encoding) as reader:
        for table in manifest.tables:
            rows = TableRows(schema_name=table.schema_name, name=table.name, columns=table.columns)
            tally = tallied(reader.read(rows))
            assert (tally.rows, tally.bytes, tally.hash) == (table.rows, table.bytes, table.hash), table.name


def test_big_tables_get_files_and_little_ones_stay_in_the_archive(database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE little AS SELECT 1 AS a")
        connection.execute("CREATE TABLE large AS SELECT n, repeat('x', 100) AS t FROM generate_series(1, 5000) n")
    manifest = backed_up(database_url, tmp_path).manifest
    by_name = {table.name: table for table in manifest.tables}
    assert by_name["little"].file is None
    large = by_name["large"].file
    assert large is not None
    assert files(tmp_path) == sorted([f"{NAME}/archive.pgdump.zst", f"{NAME}/manifest.json", large.key])
    stored = read_manifest((tmp_path / NAME / "manifest.json").read_bytes(), where=NAME)
    assert stored == manifest
    assert stored.stored_bytes == sum((tmp_path / file.key).stat().st_size for file in (large, *manifest.files))


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("LATIN1", b"caf\xe9 \xa3"), ("SQL_ASCII", b"\xff\xfe no text at all \x80"), ("EUC_JP", b"\xa4\xa2\x8f\xb0\xa1")],
)
def test_text_of_other_encodings_is_kept_byte_by_byte(
    postgres_url: str, encoding: str, text: bytes, tmp_path: Path
) -> None:
    options = f"ENCODING '{encoding}' LOCALE_PROVIDER libc LOCALE 'C'"
    with another(postgres_url, options) as source, another(postgres_url, options) as target:
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute(sql.SQL("SET client_encoding = {}").format(sql.Literal(encoding)))
            connection.execute("CREATE TABLE small (t text); CREATE TABLE large (t text)")
            connection.execute(b"COMMENT ON TABLE small IS '" + text + b"'")
            connection.execute(b"INSERT INTO small VALUES ('" + text + b"')")
            connection.execute(b"INSERT INTO large SELECT '" + text + b"' || n FROM generate_series(1, 5000) n")
        manifest = backed_up(source, tmp_path).manifest
        assert manifest.database.encoding == encoding
        bring_back(manifest, tmp_path, target)
        assert whole_dump(target, f"--encoding={encoding}") == whole_dump(source, f"--encoding={encoding}")
