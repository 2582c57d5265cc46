"""Which types hold all values of which others: checked against what the server really does with the extremes."""

import itertools
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.assess.schema.narrowing import Fit, fit

SAMPLES = {
    "smallint": ["-32768", "32767", "0"],
    "integer": ["-2147483648", "2147483647"],
    "bigint": ["-9223372036854775808", "9223372036854775807", "9007199254740993"],
    "numeric": ["NaN", "123456789012345678901234567890.123456789", "-0.1"],
    "numeric(5,0)": ["NaN", "99999", "-99999"],
    "numeric(10,2)": ["NaN", "99999999.99", "0.01"],
    "numeric(12,4)": ["99999999.9999", "0.0001"],
    "numeric(4,2)": ["99.99", "-0.01"],
    "numeric(19,0)": ["9999999999999999999"],
    "real": ["3.4e38", "1e-37", "0.1", "16777217"],
    "double precision": ["1.7e308", "0.1", "1e-300"],
    "text": ["", "a  ", "x" * 400, "12"],
    "character varying": ["", "a  ", "y" * 400],
    "character varying(10)": ["", "a  ", "z" * 10],
    "character varying(300)": ["", "z" * 300],
    "character(5)": ["abc", "abcde", ""],
    "character(10)": ["abcdefghij"],
    "boolean": ["true", "false"],
    "date": ["4713-01-01 BC", "2024-02-29", "294276-12-31"],
    "timestamp without time zone": ["2024-02-29 12:34:56.123456", "294276-12-31 23:59:59.999999"],
    "timestamp(3) without time zone": ["2024-02-29 12:34:56.123"],
    "timestamp(0) with time zone": ["2024-02-29 12:34:56+00"],
    "timestamp with time zone": ["2024-02-29 12:34:56.123456+00", "2024-03-31 02:30:00+02"],
    "time without time zone": ["23:59:59.999999"],
    "interval": ["1 mon 3 days 04:05:06.789"],
    "json": ['{"b": 1, "a": 2,  "a": 3}'],
    "jsonb": ['{"a": 2, "b": [1, null]}'],
    "uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
    "bytea": [r"\x00ff"],
    "integer[]": ["{1,NULL,2147483647}"],
    "bigint[]": ["{9223372036854775807}"],
    "text[]": ['{a,"b c",NULL}'],
    "character varying(3)[]": ["{abc}"],
    "inet": ["10.0.0.1/8"],
}


@pytest.fixture(scope="module")
def newest(postgres_url: str) -> Iterator[psycopg.Connection]:
    """Casts are the same in all versions, so one server will do."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


def _come_back(connection: psycopg.Connection, before: str, after: str) -> bool:
    """Whether all sample values go over into a column of the other type and come back the same."""
    with connection.transaction(force_rollback=True):
        connection.execute(f"CREATE TEMPORARY TABLE t (n serial, v {before})")
        connection.cursor().executemany("INSERT INTO t (v) VALUES (%s)", [[sample] for sample in SAMPLES[before]])
        originals = connection.execute("SELECT v::text FROM t ORDER BY n").fetchall()
        connection.execute(f"ALTER TABLE t ALTER v TYPE {after} USING v::{after}")
        connection.execute(f"ALTER TABLE t ALTER v TYPE {before} USING v::{before}")
        return connection.execute("SELECT v::text FROM t ORDER BY n").fetchall() == originals


def test_what_is_said_to_be_kept_is_kept(newest: psycopg.Connection) -> None:
    kept = [(a, b) for a, b in itertools.permutations(SAMPLES, 2) if fit(a, b) is Fit.KEEPS]
    assert len(kept) > 80
    assert [pair for pair in kept if not _come_back(newest, *pair)] == []


def _refused(connection: psycopg.Connection, sample: str, before: str, after: str) -> bool:
    try:
        connection.execute(f"SELECT %s::{before}::{after}", [sample])
    except psycopg.DataError:
        return True
    return False


def test_what_is_said_to_round_is_never_refused(newest: psycopg.Connection) -> None:
    rounding = [(a, b) for a, b in itertools.permutations(SAMPLES, 2) if fit(a, b) is Fit.ROUNDS]
    assert len(rounding) > 20
    assert [(a, b, one) for a, b in rounding for one in SAMPLES[a] if _refused(newest, one, a, b)] == []


@settings(deadline=None)
@given(st.text(), st.text())
def test_types_unheard_of_are_unknown_or_text(before: str, after: str) -> None:
    assert fit(before, after) in Fit
    assert fit(before, before) is Fit.KEEPS


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("character varying(255)", "character varying(100)", Fit.NARROWS),
        ("character varying(100)", "character varying(255)", Fit.KEEPS),
        ("text", "character varying(100)", Fit.NARROWS),
        ("character varying(100)", "text", Fit.KEEPS),
        ("character varying(3)", "character(5)", Fit.ROUNDS),
        ("text", "integer", Fit.NARROWS),
        ("text", "uuid", Fit.NARROWS),
        ("public.mood", "text", Fit.KEEPS),
        ("public.mood", "character varying(5)", Fit.NARROWS),
        ("text", "public.mood", Fit.NARROWS),
        ("public.mood", "billing.mood", Fit.UNKNOWN),
        ("public.citext", "text", Fit.KEEPS),
        ("text", "extensions.citext", Fit.KEEPS),
        ("bigint", "integer", Fit.NARROWS),
        ("integer", "bigint", Fit.KEEPS),
        ("integer", "numeric(9,0)", Fit.NARROWS),
        ("integer", "numeric(10,0)", Fit.KEEPS),
        ("numeric", "numeric(10,2)", Fit.NARROWS),
        ("numeric(12,4)", "numeric(10,2)", Fit.NARROWS),
        ("numeric(12,4)", "numeric(11,2)", Fit.ROUNDS),
        ("numeric(500,0)", "double precision", Fit.NARROWS),
        ("numeric(12,2)", "double precision", Fit.KEEPS),
        ("numeric(20,2)", "double precision", Fit.ROUNDS),
        ("integer", "numeric", Fit.KEEPS),
        ("numeric(12,2)", "numeric(10,2)", Fit.NARROWS),
        ("numeric(10,2)", "integer", Fit.NARROWS),
        ("bigint", "double precision", Fit.ROUNDS),
        ("integer", "double precision", Fit.KEEPS),
        ("double precision", "real", Fit.NARROWS),
        ("double precision", "integer", Fit.NARROWS),
        ("double precision", "numeric", Fit.ROUNDS),
        ("timestamp with time zone", "date", Fit.ROUNDS),
        ("timestamp with time zone", "timestamp without time zone", Fit.ROUNDS),
        ("timestamp without time zone", "timestamp(0) without time zone", Fit.ROUNDS),
        ("timestamp(3) without time zone", "timestamp without time zone", Fit.KEEPS),
        ("date", "timestamp without time zone", Fit.KEEPS),
        ("json", "jsonb", Fit.ROUNDS),
        ("jsonb", "json", Fit.KEEPS),
        ("boolean", "integer", Fit.UNKNOWN),
        ("integer[]", "bigint[]", Fit.KEEPS),
        ("text[]", "character varying(3)[]", Fit.NARROWS),
        ("text[]", "text", Fit.KEEPS),
        ("text", "text[]", Fit.UNKNOWN),
        ("integer", "integer", Fit.KEEPS),
    ],
)
def test_how_values_fare(before: str, after: str, expected: Fit) -> None:
    assert fit(before, after) is expected
