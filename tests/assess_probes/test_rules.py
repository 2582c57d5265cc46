"""Rows that break what comes back. The server itself says whether they do."""

import psycopg
import pytest

from actions.assess.probes.values import NONE, BrokenRule, Tally


def rule(live, setup: str, downgrade: str) -> BrokenRule:
    live.run(setup)
    (found,) = live.losses(downgrade).rules
    return found


def really_fails(live, downgrade: str) -> bool:
    try:
        with live.owner.transaction(force_rollback=True):
            live.run(downgrade)
    except psycopg.errors.IntegrityError:
        return True
    return False


T = "CREATE TABLE t (a int, b int, c text, d timestamptz); INSERT INTO t (a, b, c) VALUES "
REF = "CREATE TABLE r (x int, y int, PRIMARY KEY (x, y)); INSERT INTO r VALUES (1, 1), (2, 2);"
ADD = "ALTER TABLE t ADD CONSTRAINT k "


@pytest.mark.parametrize(
    ("setup", "downgrade", "rows"),
    [
        pytest.param(T + "(1,1,'x'), (NULL,1,'x')", ADD + "CHECK (a > 0)", 0, id="check kept, NULL passes"),
        pytest.param(T + "(1,1,'x'), (-1,1,'x'), (-2,1,'x')", ADD + "CHECK (a > 0)", 2, id="check broken"),
        pytest.param(T + "(1,1,'x'), (-1,1,'100%')", ADD + "CHECK (c <> '100%' AND c NOT LIKE '%{}')", 1, id="percent"),
        pytest.param(T + "(1,1,'x')", ADD + "CHECK (c IN ('y', 'z'))", 1, id="check of a list"),
        pytest.param(T + "(-1,1,'x')", ADD + "CHECK (a > 0) NOT VALID", 0, id="check not validated"),
        pytest.param(T + "(1,1,'x')", ADD + "CHECK (false)", 1, id="check of nothing"),
        pytest.param(T + "(1,2,'x'), (2,1,'x')", ADD + "CHECK (a < b)", 1, id="check of two columns"),
        pytest.param(T + "(-1,1,'x')", "ALTER TABLE t RENAME a TO z; ALTER TABLE t ADD CHECK (z > 0)", 1, id="renamed column"),
        pytest.param(T + "(1,2,'x')", "ALTER TABLE t RENAME a TO z; ALTER TABLE t RENAME b TO a; ALTER TABLE t ADD CHECK (z > a)",
            1, id="names exchanged"),
        pytest.param(T + "(1,1,'xyz')", "ALTER TABLE t ALTER a TYPE text; ALTER TABLE t ADD CHECK (length(a) > 1)", 1, id="another type"),
        pytest.param(T + "(1,1,'x'), (2,1,'x'), (NULL,1,'x'), (NULL,1,'x')", ADD + "UNIQUE (a)", 0, id="unique, NULLs differ"),
        pytest.param(T + "(1,1,'x'), (1,1,'x'), (1,2,'x'), (3,1,'x'), (3,3,'x')", ADD + "UNIQUE (a)", 3, id="repeated"),
        pytest.param(T + "(1,1,'x'), (1,2,'x')", ADD + "UNIQUE (a, b)", 0, id="unique in two columns"),
        pytest.param(T + "(1,1,'x'), (1,1,'y'), (1,NULL,'y'), (1,NULL,'y')", ADD + "UNIQUE (a, b)", 1, id="repeated in two columns"),
        pytest.param(T + "(NULL,1,'x'), (NULL,1,'x')", ADD + "UNIQUE NULLS NOT DISTINCT (a)", 1, id="NULLs are one value"),
        pytest.param(T + "(1,1,'x'), (1,1,'x')", ADD + "PRIMARY KEY (a)", 1, id="primary key repeated"),
        pytest.param(T + "(1,1,'x'), (1,1,'x')", "CREATE UNIQUE INDEX i ON t (a)", 1, id="unique index"),
        pytest.param(T + "(1,1,'x'), (2,1,'X')", "CREATE UNIQUE INDEX i ON t (lower(c))", 1, id="unique index on an expression"),
        pytest.param(T + "(1,1,'x'), (2,1,'X')", "CREATE UNIQUE INDEX i ON t ((c || 'y') DESC, b)", 0, id="unique expressions"),
        pytest.param(T + "(1,1,'x'), (1,2,'y'), (1,3,'y')", "CREATE UNIQUE INDEX i ON t (a) WHERE c = 'y'", 1, id="partial"),
        pytest.param(T + "(1,1,'x'), (1,2,'y')", "CREATE UNIQUE INDEX i ON t (a) WHERE c = 'y'", 0, id="partial, unique"),
        pytest.param(T + "(1,1,'x'), (1,2,'x')", "CREATE UNIQUE INDEX i ON t (a) INCLUDE (b)", 1, id="included columns do not count"),
        pytest.param(T + "(1,1,'x'), (1,2,'x')", 'CREATE UNIQUE INDEX i ON t (a, c COLLATE "C" text_pattern_ops DESC NULLS LAST)',
            1, id="sorted somehow"),
        pytest.param(REF + T + "(1,1,'x'), (2,NULL,'x')", ADD + "FOREIGN KEY (a, b) REFERENCES r", 0, id="foreign key kept"),
        pytest.param(REF + T + "(1,1,'x'), (1,2,'x'), (9,9,'x')", ADD + "FOREIGN KEY (a, b) REFERENCES r", 2, id="dangling"),
        pytest.param(REF + T + "(1,NULL,'x'), (NULL,NULL,'x'), (1,1,'x')", ADD + "FOREIGN KEY (a, b) REFERENCES r MATCH FULL",
            1, id="match full"),
        pytest.param(REF + T + "(9,9,'x')", ADD + "FOREIGN KEY (a, b) REFERENCES r NOT VALID", 0, id="foreign key not validated"),
        pytest.param(T + "(1,1,'x'), (NULL,1,'x')", "CREATE TABLE n (id int PRIMARY KEY);" + ADD + "FOREIGN KEY (a) REFERENCES n",
            1, id="points at a table that comes back empty"),
        pytest.param("CREATE TABLE t (id int PRIMARY KEY, up int); INSERT INTO t VALUES (1, NULL), (2, 1), (3, 7)",
            ADD + "FOREIGN KEY (up) REFERENCES t", 1, id="points at itself"),
    ],
)  # fmt: skip
def test_rows_that_break_a_rule_are_counted_as_the_server_would_refuse_them(live, setup, downgrade, rows) -> None:
    found = rule(live, setup, downgrade)

    assert found.rows == Tally.exactly(rows)
    assert really_fails(live, downgrade) is (rows > 0)


@pytest.mark.parametrize(
    ("setup", "downgrade", "why"),
    [
        pytest.param("(1,1,'x'), (1,2,'y')", ADD + "EXCLUDE USING btree (a WITH =)", "not tried out", id="exclusion"),
        pytest.param("(1,1,'x')", "ALTER TABLE t ADD n int; ALTER TABLE t ADD CHECK (n IS NOT NULL)", "comes back", id="new column"),
        pytest.param("(1,1,'x'), (1,1,'x')", "ALTER TABLE t ADD n int; CREATE UNIQUE INDEX i ON t (n)", "comes back", id="new key"),
        pytest.param("(1,1,'x')", "ALTER TABLE t RENAME c TO z; CREATE UNIQUE INDEX i ON t (lower(z))", "change", id="renamed"),
    ],
)  # fmt: skip
def test_what_is_not_tried_out_is_unknown_unless_the_table_is_empty(live, setup, downgrade, why) -> None:
    filled = rule(live, T + setup, downgrade)
    live.run("DELETE FROM t")
    (empty,) = live.losses(downgrade).rules

    assert filled.rows.some is None
    assert why in (filled.rows.why or "")
    assert empty.rows == NONE


def test_a_rule_that_stands_already_is_not_asked_about_again(live) -> None:
    live.run(REF + T + "(1,1,'x'); ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a, b) REFERENCES r ON DELETE CASCADE")
    live.run("CREATE UNIQUE INDEX u ON t (a)")

    found = live.losses(
        "ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a, b) REFERENCES r;"
        "ALTER TABLE t ADD CONSTRAINT w UNIQUE (a, b)"
    ).rules

    assert [(one.name, one.rows) for one in found] == [("k", NONE), ("w", NONE)]


def test_a_rule_with_a_function_of_the_application_is_tried_out_read_only(live) -> None:
    live.run(
        """CREATE FUNCTION good(x int) RETURNS boolean LANGUAGE plpgsql AS
             $$ BEGIN INSERT INTO public.log VALUES (x); RETURN true; END $$;
           CREATE TABLE log (x int); CREATE TABLE t (a int); INSERT INTO t VALUES (1)"""
    )

    (found,) = live.losses("ALTER TABLE t ADD CONSTRAINT k CHECK (public.good(a))").rules

    assert (found.rows.some, found.rows.why) == (None, "it would write")
    assert live.owner.execute("SELECT count(*) FROM log").fetchone() == (0,)
