"""Which statements are compared, and how a difference between two schemas is told."""

import pytest

from actions.restore.comparing import comparable
from actions.restore.differences import schema_differences


@pytest.mark.parametrize(
    ("statement", "compared"),
    [
        pytest.param("ALTER TABLE ONLY public.t ALTER COLUMN a SET (pg_attver=48341376)", [], id="alone"),
        pytest.param(
            "ALTER TABLE ONLY public.t ALTER COLUMN a SET (n_distinct=5, pg_attver=1)",
            ["ALTER TABLE ONLY public.t ALTER COLUMN a SET (n_distinct=5)"], id="with another option",
        ),
        pytest.param("ALTER FOREIGN TABLE ONLY public.t ALTER COLUMN a SET (pg_attver=7)", [], id="foreign"),
        pytest.param("REFRESH MATERIALIZED VIEW public.v", [], id="what fills a view"),
        pytest.param("COMMENT ON TABLE t IS 'SET (pg_attver=1)'", ["COMMENT ON TABLE t IS 'SET (pg_attver=1)'"], id="a comment"),
        pytest.param("ALTER TABLE t SET (fillfactor=70)", ["ALTER TABLE t SET (fillfactor=70)"], id="a table's option"),
    ],
)  # fmt: skip
def test_a_servers_own_marks_are_no_part_of_a_schema(statement: str, compared: list[str]) -> None:
    assert list(comparable([statement])) == compared


def test_differences_name_what_and_where_but_quote_nothing() -> None:
    before = [
        "CREATE TABLE public.t (\n    a integer DEFAULT 1,\n    b text DEFAULT 'jane'::text,\n    c int\n)",
        "COMMENT ON TABLE public.t IS 'jane'",
        "CREATE INDEX i ON public.t USING btree (a)",
    ]
    after = [
        "CREATE TABLE public.t (\n    a integer DEFAULT 1,\n    b text DEFAULT 'joe'::text,\n    c int\n)",
        "COMMENT ON TABLE public.t IS 'joe'",
        "CREATE VIEW public.v AS\n SELECT 'jane'",
    ]
    assert [str(each) for each in schema_differences(before, after)] == [
        "schema COMMENT ON TABLE public.t: it is another one",
        "schema CREATE INDEX i ON public.t USING btree: it is missing in what came back",
        "schema CREATE TABLE public.t: it is another one (in `b`)",
        "schema CREATE VIEW public.v: it is only in what came back",
    ]


def test_many_differences_are_counted() -> None:
    found = list(schema_differences([f"CREATE TABLE t{number:02} ()" for number in range(50)], []))
    assert len(found) == 21
    assert str(found[-1]) == "schema 30 more statements: they differ too"
