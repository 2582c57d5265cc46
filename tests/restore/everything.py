"""A database with everything that PostgreSQL can hold: every type, every kind of object, and names that hurt."""

from collections.abc import Mapping, Sequence

import psycopg
from psycopg import sql

#: Types that cannot be stored by users, or have no way in.
NO_WAY_IN = {
    "gtsvector", "pg_node_tree", "pg_ndistinct", "pg_dependencies", "pg_mcv_list", "pg_brin_bloom_summary",
    "pg_brin_minmax_multi_summary", "refcursor_", "cstring", "pg_ddl_command", "pg_oid8",
}  # fmt: skip
TEXTS = (
    "",
    " ",
    "plain",
    "tab\there",
    "line\nbreak",
    "cr\rlf\r\n",
    "\\",
    "\\N",
    "\\.",
    "a\\tb",
    "quote'\"",
    "Grüße, 世界 🎈",
    "x" * 9000,
)
#: A few values of each type, as literals; NULL is added to all.
VALUES: Mapping[str, Sequence[str]] = {
    "bool": ("t", "f"),
    "bytea": ("", "\\x00", "\\x" + bytes(range(256)).hex(), "\\x5c2e0a5c4e09"),
    "char": ("a", "\\", "", "\t"),
    "name": ("a_name", 'odd "name"'),
    "int8": ("9223372036854775807", "-9223372036854775808", "0"),
    "int4": ("2147483647", "-2147483648"),
    "int2": ("32767", "-32768"),
    "int2vector": ("1 2 3", ""),
    "oidvector": ("1 2 4294967295", ""),
    "text": TEXTS,
    "varchar": TEXTS,
    "bpchar": ("a", "trailing   "),
    "oid": ("0", "4294967295"),
    "tid": ("(0,1)", "(4294967295,65535)"),
    "xid": ("3", "4294967295"),
    "xid8": ("3", "18446744073709551615"),
    "cid": ("0", "4294967295"),
    "regproc": ("pg_catalog.now",),
    "regprocedure": ("pg_catalog.abs(integer)",),
    "regoper": ("pg_catalog.||/",),
    "regoperator": ("pg_catalog.+(integer,integer)",),
    "regclass": ("pg_catalog.pg_class",),
    "regtype": ("integer", "pg_catalog.timestamptz"),
    "regrole": ("pg_monitor",),
    "regnamespace": ("pg_catalog",),
    "regcollation": ('pg_catalog."C"',),
    "regconfig": ("pg_catalog.english",),
    "regdictionary": ("pg_catalog.simple",),
    "regdatabase": ("template1",),
    "json": ('{"b": 1,   "a": [null, "x\\u00e9"], "a": 2}', '"\\\\n"', "null"),
    "jsonb": ('{"b": 1, "a": [null, 1.50, "\\n\\t\\\\"]}', "[]", "1e100"),
    "jsonpath": ("$.a[*] ? (@ > 1)",),
    "xml": ("<a b='1'>x &amp; y</a>", "text only"),
    "point": ("(1,2)", "(NaN,-Infinity)", "(0.1,1e-300)"),
    "lseg": ("[(0,0),(1,1.5)]",),
    "path": ("[(0,0),(1,1)]", "((0,0),(1,1),(2,0))"),
    "box": ("(2,2),(0,0)",),
    "polygon": ("((0,0),(1,1),(2,0))",),
    "line": ("{1,2,3}",),
    "circle": ("<(0,0),1.5>",),
    "float4": ("NaN", "Infinity", "-0", "1.17549435e-38", "0.1"),
    "float8": ("NaN", "-Infinity", "-0", "5e-324", "0.1", "1.7976931348623157e308"),
    "numeric": ("NaN", "0.00", "-12345678901234567890.123456789000", "1e-40", "Infinity"),
    "money": ("-12.34", "92233720368547758.07"),
    "macaddr": ("08:00:2b:01:02:03",),
    "macaddr8": ("08:00:2b:01:02:03:04:05",),
    "inet": ("192.168.0.1/24", "::1", "10.0.0.1"),
    "cidr": ("10.0.0.0/8", "2001:db8::/32"),
    "aclitem": ("pg_monitor=r/pg_monitor",),
    "date": ("2026-02-03", "infinity", "0044-03-15 BC", "5874897-12-31"),
    "time": ("23:59:59.999999", "24:00:00"),
    "timetz": ("12:00:00+05:30", "00:00:00-15:59"),
    "timestamp": ("2026-02-03 04:05:06.000001", "-infinity", "4713-01-01 00:00:00 BC"),
    "timestamptz": ("2026-03-29 02:30:00+01", "infinity", "1900-01-01 00:00:00+00"),
    "interval": ("1 year -2 mons +3 days -04:05:06.789", "-178000000 years", "00:00:00"),
    "bit": ("1",),
    "varbit": ("", "1010101"),
    "refcursor": ("a cursor",),
    "uuid": ("123e4567-e89b-12d3-a456-426614174000",),
    "txid_snapshot": ("10:20:10,14,15",),
    "pg_snapshot": ("10:20:10,14,15",),
    "pg_lsn": ("16/B374D848",),
    "tsvector": ("'a':1A 'fat cat':2,3B", ""),
    "tsquery": ("'fat' & ( 'rat' | !'c':*A )", ""),
    "int4range": ("[1,10)", "empty", "(,)"),
    "int8range": ("[1,10)",),
    "numrange": ("(1.5,2.5]",),
    "tsrange": ("[2026-01-01 00:00:00,infinity)",),
    "tstzrange": ("[2026-01-01 00:00:00+00,)",),
    "daterange": ("[2026-01-01,2026-02-01)",),
    "int4multirange": ("{[1,3),[5,7)}", "{}"),
    "int8multirange": ("{[1,3)}",),
    "nummultirange": ("{(1.5,2.5]}",),
    "tsmultirange": ("{[2026-01-01 00:00:00,)}",),
    "tstzmultirange": ("{[2026-01-01 00:00:00+00,)}",),
    "datemultirange": ("{[2026-01-01,2026-02-01)}",),
}


def storable_types(connection: psycopg.Connection) -> list[str]:
    """All that PostgreSQL itself brings, but the ones that no column can be filled with."""
    rows = connection.execute(
        "SELECT typname::text FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace "
        "AND typtype IN ('b', 'r', 'm') AND (typcategory <> 'A' OR typname IN ('int2vector', 'oidvector')) ORDER BY 1"
    ).fetchall()
    return [name for (name,) in rows if name not in NO_WAY_IN and not name.startswith("_")]


def reads_xml(connection: psycopg.Connection) -> bool:
    """The embedded server is built without libxml."""
    try:
        connection.execute("SELECT '<a/>'::xml")
    except psycopg.errors.FeatureNotSupported:
        return False
    return True


def make_every_type(connection: psycopg.Connection, types: Sequence[str]) -> None:
    """One row for every value, alone and in arrays."""
    columns = [sql.SQL("{} pg_catalog.{}").format(sql.Identifier(f"a {name}"), sql.Identifier(name)) for name in types]
    columns += [
        sql.SQL("{} pg_catalog.{}[]").format(sql.Identifier(f"{name}s"), sql.Identifier(name)) for name in types
    ]
    connection.execute(sql.SQL("CREATE TABLE every_type (id int PRIMARY KEY, {})").format(sql.SQL(", ").join(columns)))
    connection.execute("INSERT INTO every_type (id) VALUES (0)")
    number = 0
    for name in types:
        for value in VALUES[name] if name != "xml" or reads_xml(connection) else ():
            number += 1
            statement = sql.SQL(
                "INSERT INTO every_type (id, {one}, {many}) VALUES "
                "({id}, {value}::pg_catalog.{type}, ARRAY[{value}::pg_catalog.{type}, NULL]::pg_catalog.{type}[])"
            )
            connection.execute(
                statement.format(
                    one=sql.Identifier(f"a {name}"), many=sql.Identifier(f"{name}s"), id=sql.Literal(number),
                    value=sql.Literal(value), type=sql.Identifier(name),
                )
            )  # fmt: skip


#: `{owner}`, `{reader}` and `{writer}` are roles.
OBJECTS = r"""
CREATE EXTENSION IF NOT EXISTS vector;
CREATE SCHEMA "Odd ""Schema"" ünd more" AUTHORIZATION {owner};
CREATE SCHEMA inner_things;
COMMENT ON SCHEMA inner_things IS 'it''s; a comment -- with $$ marks';
CREATE DOMAIN inner_things.positive AS int CHECK (VALUE > 0) DEFAULT 7;
CREATE DOMAIN email AS text COLLATE "C" CONSTRAINT has_at CHECK (VALUE ~ '@') NOT NULL;
CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'Happy Day');
ALTER TYPE mood ADD VALUE 'late' BEFORE 'Happy Day';
CREATE TYPE pair AS (a int, "B b" text);
CREATE TYPE textrange AS RANGE (subtype = text, collation = "C");
CREATE COLLATION german (provider = libc, locale = 'C');
CREATE SEQUENCE counted INCREMENT -3 MINVALUE -1000 MAXVALUE 50 START 50 CYCLE CACHE 5;
SELECT setval('counted', -200, false);
CREATE SEQUENCE untouched START 42;
CREATE SEQUENCE big AS bigint;
SELECT setval('big', 9223372036854775806);
CREATE FUNCTION inner_things.twice(x int) RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT x * 2; END;
CREATE FUNCTION shout(t text) RETURNS text LANGUAGE plpgsql AS $f$ BEGIN RETURN upper(t) || ';'; END $f$;
CREATE PROCEDURE nothing() LANGUAGE sql AS $$ SELECT 1; $$;
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE FUNCTION same(pair, pair) RETURNS bool LANGUAGE sql AS 'SELECT $1 IS NOT DISTINCT FROM $2';
CREATE OPERATOR === (LEFTARG = pair, RIGHTARG = pair, FUNCTION = same, COMMUTATOR = ===);
CREATE TABLE people (
  id bigint GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 10) PRIMARY KEY,
  other int GENERATED BY DEFAULT AS IDENTITY,
  name text NOT NULL, kind varchar(10) DEFAULT 'a' CHECK (kind IN ('a', 'b', 'it''s')),
  age inner_things.positive, mail email DEFAULT 'a@b', feeling mood, both_of pair, span textrange,
  twice_age int GENERATED ALWAYS AS (inner_things.twice(age::int)) STORED,
  embedding vector(3), dropped int, notes text COMPRESSION pglz
) WITH (fillfactor = 70, autovacuum_enabled = false);
ALTER TABLE people DROP COLUMN dropped;
ALTER TABLE people ALTER COLUMN notes SET STORAGE EXTERNAL;
INSERT INTO people (name, age, feeling, both_of, span, embedding, notes)
SELECT 'person ' || n, n, 'it''s ok', ROW(n, E'tab\t' || n)::pair, textrange('a', 'b' || n),
  ARRAY[n, 0.1, -n]::vector, repeat(md5(n::text), 40) FROM generate_series(1, 3000) n;
UPDATE people SET name = name || ' changed' WHERE id % 7 = 0;
DELETE FROM people WHERE id % 11 = 0;
COMMENT ON COLUMN people.name IS E'a\ttab and a\nline';
CREATE INDEX people_lower ON people (lower(name) text_pattern_ops DESC NULLS LAST) WHERE age > 3;
CREATE UNIQUE INDEX people_including ON people (id) INCLUDE (name);
CREATE INDEX people_near ON people USING hnsw (embedding vector_l2_ops);
ALTER TABLE people CLUSTER ON people_pkey;
ALTER TABLE people REPLICA IDENTITY USING INDEX people_including;
CREATE STATISTICS people_together (ndistinct, dependencies) ON name, kind FROM people;
CREATE TABLE "Odd ""Schema"" ünd more"."Täble; with 'quotes' \ and $1" (
  "select" int PRIMARY KEY, "a ""quoted"" column" text, "UPPER" text, " " int, "naïve" text
);
INSERT INTO "Odd ""Schema"" ünd more"."Täble; with 'quotes' \ and $1" SELECT n, 'x', E'\\.', n, 'ü' FROM generate_series(1, 5000) n;
CREATE TABLE no_columns ();
INSERT INTO no_columns DEFAULT VALUES; INSERT INTO no_columns DEFAULT VALUES;
CREATE UNLOGGED TABLE unlogged_ones AS SELECT 1 AS one;
CREATE TABLE measured (at date NOT NULL, place int NOT NULL, value float8) PARTITION BY RANGE (at);
CREATE TABLE measured_2025 PARTITION OF measured FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE measured_2026 PARTITION OF measured FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY HASH (place);
CREATE TABLE measured_2026_0 PARTITION OF measured_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE measured_2026_1 PARTITION OF measured_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE measured_else PARTITION OF measured DEFAULT;
INSERT INTO measured SELECT '2025-06-01'::date + n, n, n / 3.0 FROM generate_series(1, 4000) n;
CREATE INDEX ON measured (place);
ALTER TABLE measured ADD PRIMARY KEY (at, place);
CREATE TABLE base (id int PRIMARY KEY, what text CHECK (what <> '') NO INHERIT);
CREATE TABLE other_base (extra text);
CREATE TABLE child (more int) INHERITS (base, other_base);
INSERT INTO base SELECT n, 'base' FROM generate_series(1, 10) n;
INSERT INTO child SELECT n, 'child', 'e', n FROM generate_series(11, 30) n;
CREATE TABLE egg (id int PRIMARY KEY, hen int);
CREATE TABLE hen (id int PRIMARY KEY, egg int REFERENCES egg DEFERRABLE INITIALLY DEFERRED);
INSERT INTO egg VALUES (1, 1); INSERT INTO hen VALUES (1, 1);
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE egg ADD FOREIGN KEY (hen) REFERENCES hen ON DELETE SET NULL;
ALTER TABLE hen ADD CONSTRAINT unchecked CHECK (id > 1) NOT VALID;
CREATE TABLE booked (room int, during tsrange, EXCLUDE USING gist (during WITH &&));
INSERT INTO booked VALUES (1, '[2026-01-01,2026-01-02)');
CREATE VIEW named WITH (security_barrier) AS SELECT id, name FROM people WHERE kind IN ('a', 'b') WITH LOCAL CHECK OPTION;
CREATE RECURSIVE VIEW numbers (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 5;
CREATE MATERIALIZED VIEW by_kind AS SELECT kind, count(*) AS people FROM people GROUP BY kind;
CREATE UNIQUE INDEX by_kind_kind ON by_kind (kind);
CREATE MATERIALIZED VIEW by_kind_twice AS SELECT kind, people * 2 AS twice FROM by_kind;
CREATE MATERIALIZED VIEW not_filled AS SELECT * FROM people WITH NO DATA;
CREATE RULE quiet AS ON DELETE TO base WHERE old.id = 1 DO INSTEAD NOTHING;
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no writes'; END $$;
CREATE TRIGGER no_writes BEFORE INSERT OR UPDATE OF name ON people FOR EACH ROW WHEN (new.name <> 'x') EXECUTE FUNCTION touched();
CREATE TRIGGER disabled_one AFTER DELETE ON people FOR EACH STATEMENT EXECUTE FUNCTION touched();
ALTER TABLE people DISABLE TRIGGER disabled_one;
CREATE FUNCTION watched() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE EVENT TRIGGER watches ON ddl_command_start WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION watched();
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON people AS RESTRICTIVE FOR SELECT TO {reader}, {writer} USING (kind = 'a');
CREATE POLICY everybody ON people WITH CHECK (age > 0);
CREATE TEXT SEARCH DICTIONARY plain_words (TEMPLATE = simple, STOPWORDS = english);
CREATE TEXT SEARCH CONFIGURATION searching (COPY = simple);
CREATE PUBLICATION told FOR TABLE people (id, name) WHERE (id > 5);
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER far FOREIGN DATA WRAPPER nowhere OPTIONS (host 'x');
CREATE FOREIGN TABLE far_away (id int) SERVER far;
CREATE CAST (pair AS text) WITH INOUT;
GRANT USAGE ON SCHEMA inner_things TO {reader} WITH GRANT OPTION;
GRANT SELECT ON people TO {reader} WITH GRANT OPTION;
GRANT SELECT (name), UPDATE (kind) ON people TO {writer};
SET ROLE {reader}; GRANT SELECT ON people TO {writer}; RESET ROLE;
REVOKE EXECUTE ON FUNCTION shout(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shout(text) TO {writer};
GRANT USAGE ON SEQUENCE counted TO {writer};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA inner_things GRANT SELECT ON TABLES TO {reader};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER TABLE base OWNER TO {owner};
ALTER TYPE mood OWNER TO {owner};
ALTER VIEW numbers OWNER TO {owner};
ALTER FUNCTION inner_things.twice(int) OWNER TO {owner};
SELECT lo_from_bytea(777001, '\x00ff10'); SELECT lo_from_bytea(777002, decode(repeat('ab', 300000), 'hex')); SELECT lo_create(777003);
ALTER LARGE OBJECT 777001 OWNER TO {owner};
GRANT SELECT ON LARGE OBJECT 777002 TO {reader};
COMMENT ON LARGE OBJECT 777001 IS 'a large one';
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('abc123');
"""


#: Not every server has it; Debian's has others.
WITHOUT_VECTOR = (
    ("CREATE EXTENSION IF NOT EXISTS vector;", "CREATE EXTENSION citext SCHEMA public; CREATE EXTENSION hstore;"),
    ("embedding vector(3)", "embedding hstore"),
    ("ARRAY[n, 0.1, -n]::vector", "hstore('a', n::text)"),
    ("USING hnsw (embedding vector_l2_ops)", "USING gin (embedding)"),
)


def make_everything(url: str, roles: Mapping[str, str]) -> None:
    """In an empty database; the roles are there."""
    with psycopg.connect(url, autocommit=True) as connection:
        script = OBJECTS
        row = connection.execute("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')").fetchone()
        if row == (False,):
            for with_it, without in WITHOUT_VECTOR:
                script = script.replace(with_it, without)
        for word, role in roles.items():
            script = script.replace("{" + word + "}", sql.Identifier(role).as_string(connection))
        connection.execute(script.encode())
        make_every_type(connection, storable_types(connection))
