import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.restore.foreign_script import (
    CopyBegins,
    CopyEnds,
    CopyRows,
    CutOffError,
    ForPsql,
    Piece,
    Statement,
    cut,
    without_comments_before,
)


def pieces(script: bytes, *, size: int = 1 << 16) -> list[Piece]:
    """Rows that come in several parts are put together again."""
    found: list[Piece] = []
    for piece in cut(script[start : start + size] for start in range(0, len(script), size)):
        if isinstance(piece, CopyRows) and found and isinstance(found[-1], CopyRows):
            found[-1] = CopyRows(found[-1].text + piece.text)
        else:
            found.append(piece)
    return found


def statements(script: bytes) -> list[bytes]:
    return [without_comments_before(piece.text) for piece in pieces(script) if isinstance(piece, Statement)]


@pytest.mark.parametrize(
    "one",
    [
        b"SELECT 1;",
        b"SELECT ';', 'it''s; \\', \"odd;\"\"name\";",
        rb"SELECT E'\';\\', e'a\'\'; ' ;",
        b"SELECT $$ ; ' \\! $$, $x_1$ $$ ; $x_1$;",
        b"SELECT a$b$c;",
        b"SELECT $1;",
        b"CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); DELETE FROM v);",
        b"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;",
        b"CREATE OR REPLACE PROCEDURE p() LANGUAGE sql BEGIN ATOMIC SELECT 'end;'; SELECT \"end\" FROM weekend; END;",
        b"CREATE FUNCTION begins() RETURNS int AS $$BEGIN; END;$$ LANGUAGE plpgsql;",
        b"CREATE TABLE t (/* a ; /* nested ' */ ; */ a int);",
        b"SELECT 1 -- a ; and ' in a comment\n + 1;",
        "SELECT 'Straße; \u2028', \"é;\", é$x;".encode(),
        b"SELECT typE'x;y';",
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_a_statement_ends_where_psql_would_end_it(one: bytes, size: int) -> None:
    script = b"--\n-- Name: f; Type: FUNCTION\n--\n\n" + one + b"\nSELECT 'next';\n"
    found = [without_comments_before(piece.text) for piece in pieces(script, size=size) if isinstance(piece, Statement)]
    assert found == [one, b"SELECT 'next';"]


@pytest.mark.parametrize("size", [1, 3, 1 << 16])
def test_rows_are_told_from_statements(size: int) -> None:
    script = (
        b"COPY public.a (x, y) FROM stdin;\n1\t\\\\.\n\\.x\t;\n--\t\\N\n\\.\n"
        b"COPY public.empty (x) FROM stdin;\n\\.\nSELECT 1;\n"
    )
    assert [type(piece) for piece in pieces(script, size=size)] == [
        CopyBegins, CopyRows, CopyEnds, CopyBegins, CopyEnds, Statement,
    ]  # fmt: skip
    rows = [piece.text for piece in pieces(script, size=size) if isinstance(piece, CopyRows)]
    assert rows == [b"1\t\\\\.\n\\.x\t;\n--\t\\N\n"]


@pytest.mark.parametrize(
    ("script", "order"),
    [
        (b"\\restrict abc\nSELECT 1;\n", b"\\restrict abc"),
        (b"SELECT 1;\n\\! rm -r /\n", b"\\! rm -r /"),
        (b"SELECT 1; \\! rm -r /\n", b"\\! rm -r /"),
        (b"SELECT 1 \\g /etc/passwd\n", b"\\ in the middle of a statement"),
        (b"-- fine\n\\connect other", b"\\connect other"),
        (b"SELECT $x \\! ls\n", b"\\ in the middle of a statement"),
        (b"SELECT '\\'; \\! ls\n", b"\\! ls"),
    ],
)
def test_whatever_psql_would_take_for_an_order_is_shown_as_one(script: bytes, order: bytes) -> None:
    assert [piece.text for piece in pieces(script, size=5) if isinstance(piece, ForPsql)] == [order]


@pytest.mark.parametrize(
    "script",
    [
        b"SELECT 1", b"SELECT 'abc", b"SELECT $$abc", b"/* abc", b"COPY a (b) FROM stdin;\n1\n2", b"COPY a FROM stdin;",
        b"COPY a FROM stdin;\n", b'SELECT "a', b"SELECT E'\\'",
    ],
)  # fmt: skip
def test_a_script_that_is_cut_off_is_recognised(script: bytes) -> None:
    with pytest.raises(CutOffError):
        pieces(script)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_no_text_breaks_it_and_the_size_of_the_chunks_changes_nothing(script: bytes, size: int) -> None:
    def outcome(step: int) -> object:
        try:
            return pieces(script, size=step)
        except CutOffError as error:
            return error.what

    assert outcome(size) == outcome(1 << 16)


@given(
    st.lists(st.sampled_from([b"SELECT ';';", b"\n", b"-- ' x\n", b"COPY t FROM stdin;\n1\n\\.\n", b"SELECT $a$;$a$;"]))
)
def test_nothing_of_a_script_is_lost(parts: list[bytes]) -> None:
    script = b"".join(parts)
    assert len(statements(script)) == script.count(b"SELECT")
    assert sum(isinstance(piece, CopyRows) for piece in pieces(script)) == script.count(b"COPY")
